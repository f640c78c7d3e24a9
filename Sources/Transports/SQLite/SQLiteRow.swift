import CSQLite

/// One row of an answer, lent for the time of a closure: nothing is copied until it is asked for.
///
/// Columns count from 0. Ask `type(at:)` first where digits matter: SQLite itself would write a REAL with 15 digits,
/// too few to tell neighbouring floats apart, so this type never lets it.
public struct SQLiteRow: ~Copyable {
    private let statement: OpaquePointer
    /// The number of columns.
    public let count: Int

    init(_ statement: OpaquePointer) {
        self.statement = statement
        count = Int(sqlite3_column_count(statement))
    }

    /// How this row's value is stored.
    public func type(at column: Int) -> SQLiteType { SQLiteType(sqlite3_column_type(statement, index(column))) }

    /// Whether the value is NULL.
    public func isNull(at column: Int) -> Bool { type(at: column) == .null }

    /// The number of an INTEGER; nil for anything else.
    public func integer(at column: Int) -> Int64? {
        type(at: column) == .integer ? sqlite3_column_int64(statement, index(column)) : nil
    }

    /// The number of a REAL or an INTEGER; nil for anything else.
    public func real(at column: Int) -> Double? {
        switch type(at: column) {
        case .real, .integer: sqlite3_column_double(statement, index(column))
        case .null, .text, .blob: nil
        }
    }

    /// Text, and numbers with all their digits; nil for NULL and BLOB. Bytes that aren't UTF-8 are replaced: ask `bytes(at:)` where
    /// that matters.
    public func text(at column: Int) -> String? {
        switch type(at: column) {
        case .text: withBytes(at: column) { String(decoding: UnsafeRawBufferPointer($0), as: UTF8.self) }
        case .integer: String(sqlite3_column_int64(statement, index(column)))
        case .real: "\(sqlite3_column_double(statement, index(column)))"
        case .null, .blob: nil
        }
    }

    /// Lends the bytes of a TEXT (UTF-8) or BLOB without copying them; nil for anything else.
    public func withBytes<Result>(at column: Int, _ body: (Span<UInt8>) throws -> Result) rethrows -> Result? {
        try withBytes(at: column) { (bytes: UnsafeBufferPointer<UInt8>) in try body(bytes.span) }
    }

    /// A copy of the bytes of a TEXT (UTF-8, unless whoever wrote it took other bytes for that) or BLOB; nil for anything else.
    public func bytes(at column: Int) -> [UInt8]? {
        withBytes(at: column) { (bytes: UnsafeBufferPointer<UInt8>) in Array(bytes) }
    }

    /// A copy of the value.
    public func value(at column: Int) -> SQLiteValue {
        switch type(at: column) {
        case .null: .null
        case .integer: .integer(sqlite3_column_int64(statement, index(column)))
        case .real: .real(sqlite3_column_double(statement, index(column)))
        case .text: .text(text(at: column) ?? "")
        case .blob: .blob(withBytes(at: column) { Array($0) } ?? [])
        }
    }

    /// The column's name in the answer.
    public func name(at column: Int) -> String { String(cString: sqlite3_column_name(statement, index(column))) }

    /// Lends the bytes (UTF-8) of the column's name without copying them.
    public func withName<Result>(at column: Int, _ body: (Span<UInt8>) throws -> Result) rethrows -> Result {
        let name: UnsafePointer<CChar> = sqlite3_column_name(statement, index(column))
        var length = 0
        while name[length] != 0 { length += 1 }
        return try name.withMemoryRebound(to: UInt8.self, capacity: length) { name in
            try body(UnsafeBufferPointer(start: name, count: length).span)
        }
    }

    private func withBytes<Result>(
        at column: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
    ) rethrows -> Result? {
        let index = index(column)
        let start: UnsafePointer<UInt8>?
        switch type(at: column) {
        // Converts what databases hold in UTF-16, and nothing else; it stays a TEXT. The bytes are counted after that.
        case .text: start = sqlite3_column_text(statement, index)
        case .blob: start = sqlite3_column_blob(statement, index)?.assumingMemoryBound(to: UInt8.self)
        case .null, .integer, .real: return nil
        }
        return try body(UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, index))))
    }

    private func index(_ column: Int) -> Int32 {
        precondition(column >= 0 && column < count, "The row has \(count) columns, there is no column \(column).")
        return Int32(column)
    }
}
