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
        guard var at = text.baseAddress else { return false }
        let end = at + text.count
        return skip(node, &at, end) && at == end
    }

    /// Moves behind a node's text as ``JSONWriter`` writes it, when that is what stands there.
    private static func skip(_ node: Node, _ at: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> Bool {
        switch node.kind {
        case .null: return skip("null", &at, end)
        case .true: return skip("true", &at, end)
        case .false: return skip("false", &at, end)
        case .number: return skip(node.utf8, &at, end)
        case .string: return skip(string: node, &at, end)
        case .array:
            guard skip(UInt8(ascii: "["), &at, end) else { return false }
            var isFirst = true
            for element in node.elements {
                if !isFirst, !skip(UInt8(ascii: ","), &at, end) { return false }
                isFirst = false
                guard skip(element, &at, end) else { return false }
            }
            return skip(UInt8(ascii: "]"), &at, end)
        case .object:
            guard skip(UInt8(ascii: "{"), &at, end) else { return false }
            var isFirst = true
            for (key, value) in node.members {
                if !isFirst, !skip(UInt8(ascii: ","), &at, end) { return false }
                isFirst = false
                guard skip(string: key, &at, end), skip(UInt8(ascii: ":"), &at, end), skip(value, &at, end) else {
                    return false
                }
            }
            return skip(UInt8(ascii: "}"), &at, end)
        case .link: return false
        }
    }

    /// What needs escapes takes the closer look.
    private static func skip(
        string node: Node, _ at: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> Bool {
        !node.needsEscape && skip(UInt8(ascii: "\""), &at, end) && skip(node.utf8, &at, end)
            && skip(UInt8(ascii: "\""), &at, end)
    }

    @inline(__always)
    private static func skip(_ byte: UInt8, _ at: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> Bool {
        guard at < end, at.pointee == byte else { return false }
        at += 1
        return true
    }

    private static func skip(
        _ text: StaticString, _ at: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> Bool {
        skip(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount), &at, end)
    }

    @inline(__always)
    private static func skip(
        _ bytes: UnsafeBufferPointer<UInt8>, _ at: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> Bool {
        guard let start = bytes.baseAddress, bytes.count <= end - at else { return bytes.isEmpty }
        guard sameBytes(start, at, bytes.count) else { return false }
        at += bytes.count
        return true
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
