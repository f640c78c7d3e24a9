import Document
import Glibc
import Installation
import Logging
import Testing
import Transports

@testable import Connector

/// A system may rebuild its table, which takes our triggers away, or lay another file in the database's place (I2, I9).
@Suite struct RebuiltTableTests {
    private let folder: TemporaryFolder
    private let database: SQLiteDatabase
    private let heard = HeardLog()

    init() throws {
        folder = try TemporaryFolder()
        database = try SQLiteDatabase("\(folder.path)/till.db", mode: .create)
        try database.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, n INTEGER); INSERT INTO item VALUES (1, 1)")
    }

    private func settings(_ more: String) throws -> (ConnectorSettings, OutboxReading, SQLiteConnection) {
        let place = try DryInstallation([
            "connector.yaml": """
            system: till
            connections: { db: { sqlite: "\(folder.path)/till.db" } }
            sources:
              items: { from: { db: { outbox: item, key: [id] } }, map: a.jsonata\(more) }
            sinks:
              items: { of: product, map: a.jsonata, to: { db: { upsert: item, key: [id] } } }
            """,
            "a.jsonata": "[]",
        ])
        let settings = try place.installation.connector("test")
        guard case .outbox(let reading) = settings.sources[0].from.transport,
            case .sqlite(let connection) = settings.connections[0].kind
        else { throw SystemFailure("no till") }
        return (settings, reading, connection)
    }

    private func source(_ more: String = ", of: product") throws -> OutboxSource {
        let (settings, reading, connection) = try settings(more)
        return try OutboxSource(settings.sources[0], reading, connection, by: .one, log: heard.logger)
    }

    private func writer(seenBySource: Bool) throws -> TableWriter {
        let (settings, reading, connection) = try settings("")
        guard case .table(let writing) = settings.sinks[0].to.transport else { throw SystemFailure("no till") }
        return try TableWriter(writing, .keep, connection, seenBy: seenBySource ? reading : nil, by: .one)
    }

    /// Reads until there is nothing more.
    private func read(_ source: inout OutboxSource, _ position: inout JSON?) throws -> [String] {
        var seen: [String] = []
        var end = PageEnd()
        repeat {
            end = try source.read(from: position) { _, tape in
                let row = tape.root["new"]
                seen.append(
                    "\(tape.root["op"]?.string ?? "") \(row?["id"]?.integer ?? 0) \(row?["n"]?.integer ?? 0)")
            }
            try source.acknowledge()
            position = end.position ?? position
        } while !end.isIdle
        return seen
    }

    /// As SQLite's manual says, and one change that nobody notes.
    private func rebuild() throws {
        try database.execute(
            """
            BEGIN;
            CREATE TABLE new_item (id INTEGER PRIMARY KEY, n INTEGER, tax INTEGER);
            INSERT INTO new_item SELECT id, n, 24 FROM item;
            DROP TABLE item;
            ALTER TABLE new_item RENAME TO item;
            COMMIT;
            UPDATE item SET n = 2;
            """)
    }

    @Test func whatIsChangedWhileTheTriggersAreGoneIsReadOnce() throws {
        var source = try source()
        var position: JSON?
        #expect(try read(&source, &position) == ["snapshot 1 1"])
        try database.execute("INSERT INTO item VALUES (2, 1)")
        try rebuild()
        #expect(try read(&source, &position) == ["insert 2 1", "snapshot 1 2", "snapshot 2 2"])
        #expect(heard.says("error", "the outbox's triggers were gone", "item", "read once"))
        try database.execute("UPDATE item SET n = 3 WHERE id = 2")
        #expect(try read(&source, &position) == ["update 2 3"])
        #expect(try read(&source, &position) == [])
    }

    @Test func whatWasRebuiltWhileNobodyReadIsReadOnceToo() throws {
        var position: JSON?
        var before = try source()
        _ = try read(&before, &position)
        try rebuild()
        // It may be the sink that makes the triggers anew.
        _ = try writer(seenBySource: true)
        var after = try source()
        #expect(try read(&after, &position) == ["snapshot 1 2"])
        #expect(try read(&after, &position) == [])
    }

    /// Read once more, sales would be booked twice.
    @Test func movementsAreNotReadAgainAndTheLogSaysSo() throws {
        var source = try source("")
        var position: JSON?
        _ = try read(&source, &position)
        try rebuild()
        #expect(try read(&source, &position) == [])
        #expect(heard.says("error", "the outbox's triggers were gone", "it is not read"))
        try database.execute("INSERT INTO item VALUES (2, 5, 24)")
        #expect(try read(&source, &position) == ["insert 2 5"])
    }

    @Test func aFileInTheDatabasesPlaceEndsTheConnectorWhichOpensIt() throws {
        var source = try source()
        var position: JSON?
        _ = try read(&source, &position)
        var writer = try writer(seenBySource: false)
        let path = "\(folder.path)/till.db"
        try database.execute("VACUUM INTO '\(path).backup'")
        #expect(rename("\(path).backup", path) == 0)
        #expect(throws: DatabaseReplaced.self) { try read(&source, &position) }
        let write = Write(key: "1", revision: 1, own: nil, document: ["id": 1], action: .put, idempotency: "")
        #expect(throws: DatabaseReplaced.self) { try writer.write([write]) }
    }
}
