/// Finds where the values of a JSON text begin and end, without reading them.
///
/// It knows strings and brackets, no more: what lies inside a value is the parser's to judge, value by value, so that a
/// bad one does not spoil the rest.
struct JSONScanner {
    struct Fault: Error {
        let reason: String
        let at: Int
    }

    let bytes: UnsafeBufferPointer<UInt8>
    var at: Int

    mutating func skipSpace() {
        while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x0A || bytes[at] == 0x0D || bytes[at] == 0x09 {
            at += 1
        }
    }

    /// The next byte that is not blank, or nil at the end.
    mutating func peek() -> UInt8? {
        skipSpace()
        return at < bytes.count ? bytes[at] : nil
    }

    mutating func expect(_ character: Character) throws(Fault) {
        guard peek() == character.asciiValue else { throw unexpected("'\(character)'") }
        at += 1
    }

    func unexpected(_ expected: String) -> Fault {
        Fault(reason: at < bytes.count ? "expected \(expected)" : "expected \(expected), found the end", at: at)
    }

    /// Passes a value; answers its bytes. A scalar ends where a comma, a closing bracket or a space does.
    mutating func value() throws(Fault) -> Range<Int> {
        guard let first = peek() else { throw unexpected("a value") }
        let start = at
        if first == UInt8(ascii: "\"") {
            try string()
        } else if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") {
            try container()
        } else {
            while at < bytes.count, !Self.endsScalar(bytes[at]) { at += 1 }
            guard at > start else { throw unexpected("a value") }
        }
        return start..<at
    }

    mutating func string() throws(Fault) {
        let start = at
        at += 1
        while at < bytes.count, bytes[at] != UInt8(ascii: "\"") { at += bytes[at] == UInt8(ascii: "\\") ? 2 : 1 }
        guard at < bytes.count else { throw Fault(reason: "a string without its closing quote", at: start) }
        at += 1
    }

    private mutating func container() throws(Fault) {
        let start = at
        var depth = 0
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "\""):
                try string()
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth == 0 {
                    at += 1
                    return
                }
            default: break
            }
            at += 1
        }
        throw Fault(reason: "a value without its closing bracket: the text is cut", at: start)
    }

    private static func endsScalar(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ",") || byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}") || byte == 0x20
            || byte == 0x0A || byte == 0x0D || byte == 0x09
    }
}
