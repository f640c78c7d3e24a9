import Canonical
import Document
import Transports

extension SQLiteStatement {
    /// Sets a placeholder to a value of a document, which must stay where it is, and goes on to the next. Decimals go as
    /// text: a column for numbers makes a number of it, one for texts keeps the digits.
    func bind(_ value: Node, at index: inout Int) throws(SQLiteError) {
        switch value.kind {
        case .string: try bind(lent: value.utf8, at: index)
        case .number:
            let number = value.number!
            if let integer = number.integer {
                try bind(Int64(integer), at: index)
            } else {
                try bind(.text(number.description), at: index)
            }
        default: try bind(SQLiteValue(JSON(value)), at: index)
        }
        index += 1
    }
}

extension SQLiteRow {
    /// Whether a column holds what is wanted: numbers by value, also when they are kept as text.
    func holds(_ wanted: Node, at column: Int) -> Bool {
        switch (type(at: column), wanted.kind) {
        case (.text, .string): withBytes(at: column) { $0.withUnsafeBufferPointer { wanted.has(utf8: $0) } } ?? false
        case (.integer, .number): wanted.integer.map { Int64($0) } == integer(at: column)
        case (.null, .null): true
        default: Self.isSame(value(at: column), JSON(wanted))
        }
    }

    private static func isSame(_ held: SQLiteValue, _ wanted: JSON) -> Bool {
        switch (held, wanted) {
        case (.text(let held), .number(let wanted)): Number(held) == wanted
        case (.integer(let held), .bool(let wanted)): held == (wanted ? 1 : 0)
        case (.integer(let held), .number(let wanted)): wanted == Number(Int(held))
        case (.integer, .string(let wanted)), (.real, .string(let wanted)):
            Number(wanted).map { isSame(held, .number($0)) } ?? false
        // As it would be kept.
        case (.real(let held), .number(let wanted)): Double(wanted.description) == held
        case (.real(let held), .bool(let wanted)): held == (wanted ? 1 : 0)
        case (.text(let held), .array), (.text(let held), .object): held.isExactly(wanted.text)
        default: JSON(held) == wanted
        }
    }
}
