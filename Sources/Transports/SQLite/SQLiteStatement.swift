import CSQLite

/// A prepared statement, lent by `SQLiteDatabase.withStatement` for the time of a closure: bind, run, bind, run.
public struct SQLiteStatement: ~Copyable {
    private let handle: OpaquePointer
    private let database: SQLiteDatabase
    private let sql: String

    init(_ handle: OpaquePointer, of database: SQLiteDatabase, sql: String) {
        self.handle = handle
        self.database = database
        self.sql = sql
    }

    /// Sets the placeholder `?index`; the first is 1. Bytes are copied.
    public func bind(_ value: SQLiteValue, at index: Int) throws(SQLiteError) {
        switch value {
        case .null:
            try check(sqlite3_bind_null(handle, Int32(index)))
        case .integer(let number):
            try check(sqlite3_bind_int64(handle, Int32(index), number))
        case .real(let number):
            // SQLite would silently store NULL.
            guard !number.isNaN else { throw misuse("not a number can't be stored") }
            try check(sqlite3_bind_double(handle, Int32(index), number))
        case .text(let text):
            try bind(text: text.utf8.span, at: index)
        case .blob(let bytes):
            try bind(blob: bytes.span, at: index)
        }
    }

    /// Sets the placeholder `?index` to a TEXT of these UTF-8 bytes, which are copied.
    public func bind(text bytes: Span<UInt8>, at index: Int) throws(SQLiteError) {
        try check(
            bytes.withUnsafeBytes { bytes in
                // An empty span has no address, which SQLite would take for NULL.
                let start = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
                return withUnsafePointer(to: CChar(0)) { empty in
                    sqlite3_bind_text64(
                        handle, Int32(index), start ?? empty, UInt64(bytes.count), Self.copied, UInt8(SQLITE_UTF8))
                }
            })
    }

    /// Sets the placeholder `?index` to a TEXT of these UTF-8 bytes, which are not copied: they must stay until the
    /// statement is no longer lent.
    public func bind(lent text: UnsafeBufferPointer<UInt8>, at index: Int) throws(SQLiteError) {
        guard let start = text.baseAddress, !text.isEmpty else {
            let nothing = [UInt8]()
            return try bind(text: nothing.span, at: index)
        }
        try check(
            start.withMemoryRebound(to: CChar.self, capacity: text.count) {
                sqlite3_bind_text64(handle, Int32(index), $0, UInt64(text.count), nil, UInt8(SQLITE_UTF8))
            })
    }

    /// Sets the placeholder `?index` to an INTEGER.
    public func bind(_ number: Int64, at index: Int) throws(SQLiteError) {
        try check(sqlite3_bind_int64(handle, Int32(index), number))
    }

    /// Sets the placeholder `?index` to a BLOB of these bytes, which are copied.
    public func bind(blob bytes: Span<UInt8>, at index: Int) throws(SQLiteError) {
        try check(
            bytes.withUnsafeBytes { bytes in
                bytes.isEmpty
                    ? sqlite3_bind_zeroblob(handle, Int32(index), 0)
                    : sqlite3_bind_blob64(handle, Int32(index), bytes.baseAddress, UInt64(bytes.count), Self.copied)
            })
    }

    /// Sets all placeholders, in order.
    public func bind(_ values: [SQLiteValue]) throws(SQLiteError) {
        let expected = Int(sqlite3_bind_parameter_count(handle))
        guard values.count == expected else {
            throw misuse("\(values.count) values for \(expected) placeholders")
        }
        for index in values.indices { try bind(values[index], at: index + 1) }
    }

    /// Runs the statement to its end, and makes it ready for new values (the old ones stay bound until replaced).
    /// - Returns: The number of rows an INSERT, UPDATE or DELETE changed.
    @discardableResult
    public func run() throws(SQLiteError) -> Int {
        defer { sqlite3_reset(handle) }
        while try step() {}
        return database.changes
    }

    /// Runs the statement and lends each row.
    public func forEachRow(_ body: (borrowing SQLiteRow) throws -> Void) throws {
        defer { sqlite3_reset(handle) }
        let row = SQLiteRow(handle)
        while try step() { try body(row) }
    }

    /// Runs the statement as far as its first row, which it lends; nil when there is none.
    public func firstRow<Result>(_ body: (borrowing SQLiteRow) throws -> Result) throws -> Result? {
        defer { sqlite3_reset(handle) }
        return try step() ? try body(SQLiteRow(handle)) : nil
    }

    private func step() throws(SQLiteError) -> Bool {
        let code = sqlite3_step(handle)
        switch code {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw database.error(code, sql: sql)
        }
    }

    private func check(_ code: Int32) throws(SQLiteError) {
        if code != SQLITE_OK { throw database.error(code, sql: sql) }
    }

    private func misuse(_ message: String) -> SQLiteError {
        SQLiteError(misuse: message, database: database.path, sql: sql)
    }

    // SQLITE_TRANSIENT: a macro that casts -1, which Swift does not import. A computed property, as C functions are not
    // Sendable.
    private static var copied: sqlite3_destructor_type? { unsafeBitCast(-1, to: sqlite3_destructor_type?.self) }
}
