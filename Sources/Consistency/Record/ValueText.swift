import Document

/// Values are kept as JSON text. Equal text is equal value; unequal text may be: numbers by value, members in any order.
enum ValueText {
    static let null = Array("null".utf8)
    static let yes = Array("true".utf8)
    static let no = Array("false".utf8)

    static func same(_ one: UnsafeBufferPointer<UInt8>, _ other: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let first = one.first, let second = other.first else { return one.count == other.count }
        if one.count == other.count, sameBytes(one.baseAddress!, other.baseAddress!, one.count) { return true }
        switch first {
        case UInt8(ascii: "-"), 48...57:
            guard second == UInt8(ascii: "-") || second &- 48 < 10 else { return false }
            return Number(one) == Number(other)
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            guard first == second else { return false }
            return parsed(one) { one in parsed(other) { one.equals($0) } }
        default: return false
        }
    }

    /// Parses a text that the engine wrote itself.
    static func parsed<Result>(_ text: UnsafeBufferPointer<UInt8>, _ body: (Node) -> Result) -> Result {
        var tape = Tape()
        do { try tape.parse(text) } catch {
            preconditionFailure("a state holds a value that is no JSON: \(error.reason)")
        }
        return withExtendedLifetime(tape) { body($0.root) }
    }
}

extension RecordState {
    func withText<Result>(_ value: Int32, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        let range = values[Int(value)].text.range
        return arena.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[range])) }
    }

    /// Whether two values of a field are equal as JSON has it.
    func same(_ one: Int32, _ other: Int32) -> Bool {
        if one == other { return true }
        return withText(one) { one in withText(other) { ValueText.same(one, $0) } }
    }

    func isNull(_ value: Int32) -> Bool { withText(value) { $0.first == UInt8(ascii: "n") } }

    func isTrue(_ value: Int32) -> Bool { withText(value) { $0.first == UInt8(ascii: "t") } }
}
