import CSQLite

/// What SQLite refused: the database, the statement and its own words, never a bound value.
public struct SQLiteError: Error, Sendable, CustomStringConvertible {
    /// What to do about it.
    public enum Kind: Sendable {
        /// Another connection holds the lock for longer than the busy timeout: try again later.
        case busy
        /// The row breaks a constraint of the table: this row will never go in as it is.
        case constraint
        /// The database or its folder may not be written.
        case readOnly
        /// There is no such file, or it may not be opened.
        case cannotOpen
        /// The file is damaged, or is no database.
        case corrupt
        /// The disk is full, or failed.
        case storage
        /// The statement is wrong, or does not fit the tables, or was used wrongly.
        case statement
    }

    /// What to do about it.
    public let kind: Kind
    /// SQLite's extended result code (sqlite.org/rescode.html); 0 when this wrapper refused.
    public let code: Int32
    /// SQLite's words, or ours.
    public let message: String
    /// The database's file.
    public let database: String
    /// The statement's text with its placeholders, if it was about one.
    public let sql: String?

    /// Whether the same call can succeed later without anybody's doing.
    public var isRetriable: Bool { kind == .busy }

    /// For example: `till.db: UNIQUE constraint failed: article.ean (2067), in: INSERT INTO article VALUES (?, ?)`.
    public var description: String {
        "\(database): \(message)\(code == 0 ? "" : " (\(code))")\(sql.map { ", in: \($0)" } ?? "")"
    }

    init(code: Int32, message: String, database: String, sql: String?) {
        self.code = code
        self.message = message
        self.database = database
        self.sql = sql
        kind =
            switch code & 0xFF {
            case SQLITE_BUSY, SQLITE_LOCKED: .busy
            case SQLITE_CONSTRAINT: .constraint
            case SQLITE_READONLY, SQLITE_PERM: .readOnly
            case SQLITE_CANTOPEN, SQLITE_AUTH: .cannotOpen
            case SQLITE_CORRUPT, SQLITE_NOTADB: .corrupt
            case SQLITE_FULL, SQLITE_IOERR, SQLITE_NOMEM: .storage
            default: .statement
            }
    }

    init(misuse message: String, database: String, sql: String?) {
        self.init(code: 0, message: message, database: database, sql: sql)
    }
}
