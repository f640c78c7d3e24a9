import Document
import Installation
import Testing
import Transports

@testable import Connector

/// Rows that JSON can't hold as they are: each is a record all the same (I2).
@Suite struct OddRowTests {
    private let folder: TemporaryFolder
    private let database: SQLiteDatabase
    private let settings: ConnectorSettings

    init() throws {
        folder = try TemporaryFolder()
        database = try SQLiteDatabase("\(folder.path)/till.db", mode: .create)
        try database.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, margin REAL)")
        let place = try DryInstallation([
            "connector.yaml": """
            system: till
            connections: { db: { sqlite: "\(folder.path)/till.db" } }
            sources:
              items: { from: { db: { outbox: item, key: [id] } }, map: a.jsonata }
            sinks:
              items: { of: product, map: a.jsonata, to: { db: { upsert: item, key: [id], own: id } }, seen-by: items }
            """,
            "a.jsonata": "[]",
        ])
        settings = try place.installation.connector("test")
    }

    private func opened() throws -> (OutboxReading, SQLiteConnection) {
        guard case .outbox(let reading) = settings.sources[0].from.transport,
            case .sqlite(let connection) = settings.connections[0].kind
        else { throw SystemFailure("no till") }
        return (reading, connection)
    }

    private struct Record: Equatable {
        let row: JSON?
        var reason: String?
        var raw: String?
    }

    private func read(_ position: inout JSON?) throws -> [Record] {
        let (reading, connection) = try opened()
        var source = try OutboxSource(settings.sources[0], reading, connection, by: .one)
        var records: [Record] = []
        let end = try source.read(from: position) { record, tape in
            guard case .unreadable(let reason) = record.content else {
                return records.append(Record(row: tape.root["new"].map { JSON($0) }))
            }
            let raw = record.raw.map { String(decoding: $0, as: UTF8.self) }
            records.append(Record(row: nil, reason: reason, raw: raw))
        }
        try source.acknowledge()
        position = end.position ?? position
        return records
    }

    @Test func anInfiniteNumberIsATextWhereverARowIsRead() throws {
        var position: JSON?
        try database.execute("INSERT INTO item VALUES (1, 'Sofa', 9e999), (2, 'Chair', 2)")
        #expect(
            try read(&position).map(\.row) == [
                ["id": 1, "name": "Sofa", "margin": "Inf"], ["id": 2, "name": "Chair", "margin": 2],
            ])
        try database.execute("UPDATE item SET margin = -9e999 WHERE id = 2")
        #expect(try read(&position).map(\.row) == [["id": 2, "name": "Chair", "margin": "-Inf"]])
        let (reading, connection) = try opened()
        guard case .table(let writing) = settings.sinks[0].to.transport else { return }
        var writer = try TableWriter(writing, .keep, connection, seenBy: reading, by: .one)
        let written = try writer.write([
            Write(key: "1", revision: 1, own: "1", document: ["name": "Bed"], action: .put, idempotency: "")
        ])
        #expect(written.map(\.status) == [.written])
        #expect(written[0].readBack?["new"] == ["id": 1, "name": "Bed", "margin": "Inf"])
    }

    /// A program in PHP or C may store what bytes it has.
    @Test func aTextThatIsntUTF8IsADeadLetterAndKeepsNoRowFromBeingWritten() throws {
        var position: JSON?
        try database.execute("INSERT INTO item VALUES (1, CAST(x'4DFC6C6C6572' AS TEXT), 1), (2, 'Müller', 1)")
        let snapshot = try read(&position)
        #expect(snapshot.count == 2 && snapshot[0].reason?.hasPrefix("the row is no JSON: ") == true)
        #expect(snapshot[1].row?["name"] == "Müller")
        try database.execute("UPDATE item SET margin = 2")
        let changes = try read(&position)
        #expect(changes.count == 2 && changes[0].reason != nil && changes[1].row?["margin"] == 2)
        let (reading, connection) = try opened()
        guard case .table(let writing) = settings.sinks[0].to.transport else { return }
        var writer = try TableWriter(writing, .keep, connection, seenBy: reading, by: .one)
        let written = try writer.write([
            Write(key: "1", revision: 1, own: "1", document: ["margin": 3], action: .put, idempotency: "")
        ])
        #expect(written.map(\.status) == [.written] && written[0].readBack?["new"]?["margin"] == 3)
    }

    @Test func aRowThatIsNoJSONIsADeadLetterWithItsBytes() throws {
        var position: JSON?
        #expect(try read(&position) == [])
        try database.execute(
            """
            INSERT INTO omni_outbox ("table", op, key, new) VALUES ('item', 'insert', '{"id":1}', '{"margin":Inf}');
            INSERT INTO item VALUES (2, 'Chair', 0.5)
            """)
        let records = try read(&position)
        #expect(records.count == 2)
        #expect(records[0].reason?.hasPrefix("the row is no JSON: ") == true)
        #expect(records[0].raw?.contains("\"margin\":Inf") == true)
        #expect(records[1].row?["id"] == 2)
    }
}
