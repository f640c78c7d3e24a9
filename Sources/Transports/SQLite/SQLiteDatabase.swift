import CSQLite

/// A connection to an SQLite database. One thread at a time: not Sendable, so that the compiler sees to it; keep it
/// in a `Monitor`, or move it into the thread that works with it.
///
///     let till = try SQLiteDatabase("till.db", mode: .readWrite)
///     try till.transaction {
///         try till.run("UPDATE article SET price = ? WHERE ean = ?", [.text("79.90"), .text(ean)])
///     }
///     try till.query("SELECT ean, price FROM article") { row in print(row.text(at: 0) ?? "") }
///
/// Statements are prepared once and kept. Numbers keep their digits only as TEXT or INTEGER: a REAL is a binary float.
public final class SQLiteDatabase {
    /// How a file is opened.
    public enum Mode: Sendable {
        /// Creates the file if need be, and turns on the write-ahead log, so that readers never wait for a writer.
        /// For databases of our own.
        case create
        /// Reads and writes a database that exists, and leaves its settings alone: it may be somebody else's.
        case readWrite
        /// Reads a database that exists.
        case readOnly
    }

    /// The file's path, or `:memory:`.
    public let path: String
    let handle: OpaquePointer
    private var statements: [String: CachedStatement] = [:]
    private var clock: UInt64 = 0
    private static let cachedStatements = 64

    /// Opens a database.
    /// - Parameters:
    ///   - path: A file, or `:memory:`.
    ///   - mode: How; see `Mode`.
    ///   - busyTimeout: How long to wait for another connection's lock before failing with `.busy`.
    public init(_ path: String, mode: Mode, busyTimeout: Duration = .seconds(5)) throws(SQLiteError) {
        let access =
            switch mode {
            case .create: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
            case .readWrite: SQLITE_OPEN_READWRITE
            case .readOnly: SQLITE_OPEN_READONLY
            }
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(path, &opened, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        guard code == SQLITE_OK, let opened else {
            let message = opened.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            sqlite3_close_v2(opened)
            throw SQLiteError(code: code, message: message, database: path, sql: nil)
        }
        self.path = path
        handle = opened
        let milliseconds = busyTimeout / .milliseconds(1)
        sqlite3_busy_timeout(handle, Int32(min(max(milliseconds, 0), Double(Int32.max))))
        try execute("PRAGMA foreign_keys = ON")
        if mode == .create { try execute("PRAGMA journal_mode = WAL") }
    }

    deinit {
        for statement in statements.values { sqlite3_finalize(statement.handle) }
        sqlite3_close_v2(handle)
    }

    /// Runs a script of any number of statements, which take no values: tables, indexes, triggers.
    public func execute(_ script: String) throws(SQLiteError) {
        let code = sqlite3_exec(handle, script, nil, nil, nil)
        if code != SQLITE_OK { throw error(code, sql: script) }
    }

    /// Runs one statement with values for its placeholders.
    /// - Returns: The number of rows an INSERT, UPDATE or DELETE changed.
    @discardableResult
    public func run(_ sql: String, _ values: [SQLiteValue] = []) throws -> Int {
        try withStatement(sql) { statement in
            try statement.bind(values)
            return try statement.run()
        }
    }

    /// Asks a question and lends each row of the answer.
    public func query(_ sql: String, _ values: [SQLiteValue] = [], _ row: (borrowing SQLiteRow) throws -> Void) throws {
        try withStatement(sql) { statement in
            try statement.bind(values)
            try statement.forEachRow(row)
        }
    }

    /// Asks a question and lends the answer's first row; nil when there is none.
    public func first<Result>(
        _ sql: String, _ values: [SQLiteValue] = [], _ row: (borrowing SQLiteRow) throws -> Result
    ) throws -> Result? {
        try withStatement(sql) { statement in
            try statement.bind(values)
            return try statement.firstRow(row)
        }
    }

    /// Lends a prepared statement, for batches and for bytes that should not become a `String` first.
    public func withStatement<Result>(
        _ sql: String, _ body: (borrowing SQLiteStatement) throws -> Result
    ) throws -> Result {
        let cached = try statement(for: sql)
        cached.isLent = true
        defer {
            sqlite3_reset(cached.handle)
            // What was bound may be large, or secret.
            sqlite3_clear_bindings(cached.handle)
            cached.isLent = false
            if statements[sql] !== cached { sqlite3_finalize(cached.handle) }
        }
        return try body(SQLiteStatement(cached.handle, of: self, sql: sql))
    }

    /// Runs `body` in a transaction that holds the write lock from its first moment (`BEGIN IMMEDIATE`), so that it
    /// can't fail halfway because another connection wrote in between. Commits when it returns, rolls back when it throws.
    @discardableResult
    public func transaction<Result>(_ body: () throws -> Result) throws -> Result {
        guard !isInTransaction else {
            throw SQLiteError(misuse: "there is a transaction already", database: path, sql: nil)
        }
        try execute("BEGIN IMMEDIATE")
        do {
            let result = try body()
            try execute("COMMIT")
            return result
        } catch {
            // Some failures (a full disk) have rolled back already.
            if isInTransaction { try execute("ROLLBACK") }
            throw error
        }
    }

    /// Whether a transaction is open.
    public var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    /// Whether the transaction can't be committed as it is: rows refer to others that aren't there.
    public var hasOpenForeignKeys: Bool {
        var (now, most): (Int32, Int32) = (0, 0)
        return sqlite3_db_status(handle, SQLITE_DBSTATUS_DEFERRED_FKS, &now, &most, 0) == SQLITE_OK && now != 0
    }

    /// The rows changed by the last INSERT, UPDATE or DELETE, without those that triggers changed.
    public var changes: Int { Int(sqlite3_changes64(handle)) }

    /// The rowid of the last INSERT on this connection.
    public var lastInsertedRow: Int64 { sqlite3_last_insert_rowid(handle) }

    /// A number that changes when *another* connection has committed: a cheap answer to "is there anything new?".
    public func dataVersion() throws -> Int64 {
        try first("PRAGMA data_version") { row in row.integer(at: 0) ?? 0 } ?? 0
    }

    /// A number that changes with the tables, whoever changes them.
    public func schemaVersion() throws -> Int64 {
        try first("PRAGMA schema_version") { row in row.integer(at: 0) ?? 0 } ?? 0
    }

    /// Whether another file lies at `path` by now, or none: what is read and written here, nobody else sees.
    public var hasMoved: Bool {
        var hasMoved: Int32 = 0
        return sqlite3_file_control(handle, nil, SQLITE_FCNTL_HAS_MOVED, &hasMoved) == SQLITE_OK && hasMoved != 0
    }

    func error(_ code: Int32, sql: String?) -> SQLiteError {
        SQLiteError(code: code, message: String(cString: sqlite3_errmsg(handle)), database: path, sql: sql)
    }
}

/// A statement that is prepared for as long as it is kept, for those that run again and again.
public final class SQLitePrepared {
    private let handle: OpaquePointer
    private let database: SQLiteDatabase
    private let sql: String

    fileprivate init(_ handle: OpaquePointer, of database: SQLiteDatabase, sql: String) {
        self.handle = handle
        self.database = database
        self.sql = sql
    }

    deinit { sqlite3_finalize(handle) }

    /// Lends the statement; not to be nested.
    public func use<Result>(_ body: (borrowing SQLiteStatement) throws -> Result) throws -> Result {
        defer {
            sqlite3_reset(handle)
            // What was bound may be large, or secret.
            sqlite3_clear_bindings(handle)
        }
        return try body(SQLiteStatement(handle, of: database, sql: sql))
    }
}

extension SQLiteDatabase {
    /// Prepares a statement.
    public func prepared(_ sql: String) throws(SQLiteError) -> SQLitePrepared {
        SQLitePrepared(try prepare(sql), of: self, sql: sql)
    }
}

// The statement cache.
extension SQLiteDatabase {
    private final class CachedStatement {
        let handle: OpaquePointer
        var isLent = false
        var lastUse: UInt64 = 0

        init(_ handle: OpaquePointer) { self.handle = handle }
    }

    /// The statement kept for `sql`; or a new one, which is kept unless the same text is lent already (a query within
    /// its own rows).
    private func statement(for sql: String) throws(SQLiteError) -> CachedStatement {
        clock += 1
        if let kept = statements[sql], !kept.isLent {
            kept.lastUse = clock
            return kept
        }
        let fresh = CachedStatement(try prepare(sql))
        fresh.lastUse = clock
        if statements[sql] == nil {
            if statements.count >= Self.cachedStatements { dropOldest() }
            statements[sql] = fresh
        }
        return fresh
    }

    private func dropOldest() {
        let idle = statements.filter { !$0.value.isLent }
        guard let oldest = idle.min(by: { $0.value.lastUse < $1.value.lastUse }) else { return }
        sqlite3_finalize(oldest.value.handle)
        statements[oldest.key] = nil
    }

    private func prepare(_ sql: String) throws(SQLiteError) -> OpaquePointer {
        var prepared: OpaquePointer?
        var rest = ""
        let code = sql.withCString { text in
            var tail: UnsafePointer<CChar>?
            let code = sqlite3_prepare_v3(handle, text, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, &tail)
            if let tail { rest = String(cString: tail) }
            return code
        }
        guard code == SQLITE_OK else { throw error(code, sql: sql) }
        guard let prepared else { throw SQLiteError(misuse: "there is no statement", database: path, sql: sql) }
        // A second statement would silently not run.
        guard rest.allSatisfy({ $0.isWhitespace || $0 == ";" }) else {
            sqlite3_finalize(prepared)
            throw SQLiteError(misuse: "more than one statement; use execute", database: path, sql: sql)
        }
        return prepared
    }
}
