import Document
import Installation
import Testing
import Transports

@testable import Connector

/// What shows only when the batch is committed, or the row read back, refuses the write that it is about, and no other.
@Suite struct GuiltyWriteTests {
    private let folder: TemporaryFolder
    private let database: SQLiteDatabase

    init() throws {
        folder = try TemporaryFolder()
        database = try SQLiteDatabase("\(folder.path)/till.db", mode: .create)
    }

    /// - Parameter with: what is looked up for the rows that are read.
    private func writer(isRead: Bool = true, with: String = "{}") throws -> TableWriter {
        let place = try DryInstallation([
            "connector.yaml": """
            system: till
            connections: { db: { sqlite: "\(folder.path)/till.db" } }
            sources:
              items: { from: { db: { outbox: item, key: [id], with: \(with) } }, map: a.jsonata }
            sinks:
              items: { of: product, map: a.jsonata, to: { db: { upsert: item, key: [id] } }, seen-by: items }
            """,
            "a.jsonata": "[]",
        ])
        let settings = try place.installation.connector("test")
        guard case .outbox(let reading) = settings.sources[0].from.transport,
            case .table(let writing) = settings.sinks[0].to.transport,
            case .sqlite(let connection) = settings.connections[0].kind
        else { throw SystemFailure("no till") }
        return try TableWriter(writing, .remove, connection, seenBy: isRead ? reading : nil, by: .one)
    }

    private func put(_ id: Int, _ more: JSON.Member...) -> Write {
        let document = JSON.object([JSON.Member("id", .number(Number(id)))] + more)
        return Write(
            key: "\(id)", revision: 1, own: nil, document: document, action: .put, idempotency: "")
    }

    private func items() throws -> [Int64] {
        var items: [Int64] = []
        try database.query("SELECT id FROM item ORDER BY id") { items.append($0.integer(at: 0) ?? 0) }
        return items
    }

    @Test(arguments: [true, false])
    func aReferenceThatIsCheckedAtTheEndRefusesTheWriteThatBreaksIt(isRead: Bool) throws {
        try database.execute(
            """
            CREATE TABLE category (id INTEGER PRIMARY KEY);
            INSERT INTO category VALUES (1);
            CREATE TABLE item (
                id INTEGER PRIMARY KEY, category INTEGER REFERENCES category (id) DEFERRABLE INITIALLY DEFERRED);
            """)
        var writer = try writer(isRead: isRead)
        let writes = [1, 9, 1].enumerated().map { index, category in
            put(index + 1, JSON.Member("category", .number(Number(category))))
        }
        let refused = Written.Status.refused("FOREIGN KEY constraint failed")
        #expect(try writer.write(writes).map(\.status) == [.written, refused, .written])
        #expect(try items() == [1, 3])
        // What was refused left nothing behind: with its category it goes in.
        try database.execute("INSERT INTO category VALUES (9)")
        #expect(try writer.write([writes[1]]).map(\.status) == [.written])
        #expect(try items() == [1, 2, 3])
    }

    @Test func referencesThatNobodyCanCheckAreLeftAlone() throws {
        try database.execute(
            """
            PRAGMA foreign_keys = OFF;
            CREATE TABLE category (id INTEGER PRIMARY KEY, code TEXT);
            CREATE TABLE item (id INTEGER PRIMARY KEY, category TEXT REFERENCES category (code));
            """)
        var writer = try writer()
        #expect(try writer.write([put(1, JSON.Member("category", "x"))]).map(\.status) == [.written])
        #expect(try writer.write([put(2)]).map(\.status) == [.written])
        #expect(try items() == [1, 2])
    }

    @Test func aRowThatCantBeReadBackRefusesThatWrite() throws {
        try database.execute(
            "CREATE TABLE item (id INTEGER PRIMARY KEY, price INTEGER); INSERT INTO item VALUES (1, NULL)")
        // As hexadecimal digits the picture is more than a document may have.
        var writer = try writer(with: #"{ picture: "SELECT hex(zeroblob(34000000)) WHERE :id = 1" }"#)
        let price = JSON.Member("price", 5)
        let written = try writer.write([put(1, price), put(2, price)]).map(\.status)
        guard case .refused(let reason) = written[0] else {
            Issue.record("\(written)")
            return
        }
        #expect(reason.hasPrefix("the row can't be read back"))
        #expect(written[1] == .written)
        #expect(try database.first("SELECT price FROM item WHERE id = 1", [], { $0.isNull(at: 0) }) == true)
    }
}
