import Document
import Synchronization
import Transports

/// A web system's database: one connection, used by one thread at a time.
final class Store: Sendable {
    private let database: Mutex<SQLiteDatabase>

    /// Opens the file. The first time, `script` makes the tables and `firstDay` fills them; then `user_version` is set,
    /// so that a restart finds everything as it was.
    init(_ path: String, script: String, firstDay: (SQLiteDatabase) throws -> Void) throws {
        try Self.prepare(path, script, firstDay)
        database = Mutex(try SQLiteDatabase(path, mode: .create))
    }

    private static func prepare(_ path: String, _ script: String, _ firstDay: (SQLiteDatabase) throws -> Void) throws {
        let database = try SQLiteDatabase(path, mode: .create)
        try database.transaction {
            guard try database.first("PRAGMA user_version", [], { $0.integer(at: 0) ?? 0 }) == 0 else { return }
            try database.execute(script)
            try firstDay(database)
            try database.execute("PRAGMA user_version = 1")
        }
    }

    /// Reads.
    func read<Result: Sendable>(_ body: @Sendable (SQLiteDatabase) throws -> Result) throws -> Result {
        try database.withLock { try body($0) }
    }

    /// Reads and writes in one transaction: all of it or nothing.
    func write<Result: Sendable>(_ body: @Sendable (SQLiteDatabase) throws -> Result) throws -> Result {
        try database.withLock { database in try database.transaction { try body(database) } }
    }
}

extension SQLiteDatabase {
    /// All rows of an answer, as `body` makes them.
    func all<Element>(
        _ sql: String, _ values: [SQLiteValue] = [], _ body: (borrowing SQLiteRow) throws -> Element
    ) throws -> [Element] {
        var rows: [Element] = []
        try query(sql, values) { row in rows.append(try body(row)) }
        return rows
    }

    /// The integer that a question has for an answer; nil for NULL and for no row.
    func integer(_ sql: String, _ values: [SQLiteValue] = []) throws -> Int64? {
        try first(sql, values) { $0.integer(at: 0) } ?? nil
    }

    /// Milliseconds since 1970 of a time written as RFC 3339 (or a date); nil when it isn't one.
    func milliseconds(of time: String) throws -> Int64? {
        try integer("SELECT CAST(round((julianday(?) - 2440587.5) * 86400000) AS INTEGER)", [.text(time)])
    }
}

extension SQLiteRow {
    /// The column as JSON: text as a string, an integer as a number, NULL as null.
    borrowing func json(at column: Int) -> JSON {
        switch type(at: column) {
        case .null, .blob: .null
        case .text: .string(text(at: column) ?? "")
        case .integer: .number(Number(Int(integer(at: column) ?? 0)))
        case .real: real(at: column).flatMap { Number($0) }.map { .number($0) } ?? .null
        }
    }

    /// A column that holds a decimal's digits as text, as a JSON number.
    borrowing func decimal(at column: Int) -> JSON {
        text(at: column).flatMap { Number($0) }.map { .number($0) } ?? .null
    }

    /// A column that holds milliseconds since 1970, as RFC 3339.
    borrowing func time(at column: Int) -> JSON {
        integer(at: column).map { .string(Clock.rfc3339($0)) } ?? .null
    }
}
