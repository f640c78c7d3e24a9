import CSQLite

/// A value of one of SQLite's five storage classes.
public enum SQLiteValue: Hashable, Sendable {
    /// NULL.
    case null
    /// INTEGER: 64 bits.
    case integer(Int64)
    /// REAL: a binary float. Its shortest digits that come back as the same float are `"\(value)"`.
    case real(Double)
    /// TEXT.
    case text(String)
    /// BLOB.
    case blob([UInt8])
}

/// How one value of one row is stored: SQLite's columns have no types, its values do.
public enum SQLiteType: Sendable {
    /// NULL.
    case null
    /// INTEGER.
    case integer
    /// REAL.
    case real
    /// TEXT.
    case text
    /// BLOB.
    case blob

    init(_ code: Int32) {
        self =
            switch code {
            case SQLITE_INTEGER: .integer
            case SQLITE_FLOAT: .real
            case SQLITE_TEXT: .text
            case SQLITE_BLOB: .blob
            default: .null
            }
    }
}
