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

    /// Whether a text is a node's for certain, told by its bytes alone. False may mean that it takes a closer look.
    static func isPlainly(_ text: UnsafeBufferPointer<UInt8>, _ node: Node) -> Bool {
        switch node.kind {
        case .null: return text.count == 4 && text[0] == UInt8(ascii: "n")
        case .true: return text.count == 4 && text[0] == UInt8(ascii: "t")
        case .false: return text.count == 5 && text[0] == UInt8(ascii: "f")
        case .number: return node.has(utf8: text)
        case .string:
            let utf8 = node.utf8
            guard text.count == utf8.count + 2, text[0] == UInt8(ascii: "\"") else { return false }
            guard let base = utf8.baseAddress, !utf8.isEmpty else { return true }
            // A backslash in the text is an escape, in the node it is itself.
            return sameBytes(text.baseAddress! + 1, base, utf8.count) && !utf8.contains(UInt8(ascii: "\\"))
        case .array, .object, .link: return false
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
    /// Whether two values of a field are equal as JSON has it.
    func same(_ one: Int32, _ other: Int32) -> Bool { one == other || ValueText.same(text(one), text(other)) }

    func isNull(_ value: Int32) -> Bool { text(value).first == UInt8(ascii: "n") }

    func isTrue(_ value: Int32) -> Bool { text(value).first == UInt8(ascii: "t") }
}
