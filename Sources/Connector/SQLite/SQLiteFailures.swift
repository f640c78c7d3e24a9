import Transports

/// Tells what of SQLite's errors passes by itself.
enum SQLiteFailures {
    /// Runs a body; what may pass by itself comes out as a ``SystemFailure``.
    static func translate<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as SQLiteError {
            switch error.kind {
            case .busy, .cannotOpen, .storage, .readOnly: throw SystemFailure("\(error)")
            case .constraint, .corrupt, .statement: throw error
            }
        }
    }

    /// Looks whether the database is still the file that was opened.
    static func checkPlace(of database: SQLiteDatabase) throws(DatabaseReplaced) {
        if database.hasMoved { throw DatabaseReplaced(path: database.path) }
    }
}

/// Somebody has laid another file in the database's place, a backup for example. A connector that starts opens that one, and knows what
/// to do about a log that lies behind.
struct DatabaseReplaced: Error, CustomStringConvertible {
    let path: String
    var description: String { "another file lies at \(path), or none: the database is opened anew at the next start" }
}

extension SQLiteError {
    /// Whether it is about a row's values: this row will never go in, and the next one may (SQLITE_TOOBIG 18, SQLITE_MISMATCH 20).
    var isOfItsValues: Bool { kind == .constraint || [18, 20].contains(code & 0xFF) }

    /// Whether the tables declare a foreign key that leads to nothing that could be one.
    var isForeignKeyMismatch: Bool { kind == .statement && message.hasPrefix("foreign key mismatch") }
}
