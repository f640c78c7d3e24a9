import Document
import Glibc
import Installation
import Testing
import Transports

@testable import Connector

/// A till sells while we translate and publish what it says, however long that takes.
@Suite struct FreeTillTests {
    private let folder: TemporaryFolder
    private let till: SQLiteDatabase

    init() throws {
        folder = try TemporaryFolder()
        till = try SQLiteDatabase("\(folder.path)/till.db", mode: .create, busyTimeout: .zero)
        // SQLite's own default, in which whoever reads keeps others from writing.
        try till.execute("PRAGMA journal_mode = DELETE; CREATE TABLE sale (id INTEGER PRIMARY KEY, note TEXT)")
    }

    private func source() throws -> OutboxSource {
        let place = try DryInstallation([
            "connector.yaml": """
            system: till
            connections: { db: { sqlite: "\(folder.path)/till.db" } }
            sources: { sales: { from: { db: { outbox: sale, key: [id] } }, map: a.jsonata } }
            """,
            "a.jsonata": "[]",
        ])
        let settings = try place.installation.connector("test")
        guard case .outbox(let reading) = settings.sources[0].from.transport,
            case .sqlite(let connection) = settings.connections[0].kind
        else { throw SystemFailure("no till") }
        return try OutboxSource(
            settings.sources[0], reading, connection, scratch: "\(folder.path)/scratch", by: .one)
    }

    private func sell(_ id: Int, _ letters: Int) throws {
        let note = String(repeating: "ä", count: letters)
        try till.run("INSERT INTO sale VALUES (?, ?)", [.integer(Int64(id)), .text(note)])
    }

    /// Letters of a note: one row in memory, some MB of rows, one row larger than what is read at once.
    @Test(arguments: [[1], Array(repeating: 150_000, count: 20), [5, 2_000_000, 7], []])
    func theTillSellsWhileItsRowsAreHandedOver(notes: [Int]) throws {
        for (id, letters) in notes.enumerated() { try sell(id, letters) }
        var source = try source()
        var position: JSON?
        var next = 1000
        for round in ["snapshot", "insert"] {
            var seen: [Int] = []
            let end = try source.read(from: position) { record, tape in
                #expect(tape.root["op"]?.string == round)
                let row = try #require(tape.root["new"])
                seen.append(row["note"]?.string?.count ?? 0)
                try sell(next, 0)
                next += 1
            }
            #expect(seen == (round == "snapshot" ? notes : notes.map { _ in 0 }) && end.records == notes.count)
            try source.acknowledge()
            position = end.position
        }
        #expect(Folders.names(in: "\(folder.path)/scratch", hidden: true) == [])
    }
}
