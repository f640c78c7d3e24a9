/// A place inside a JSON document (RFC 6901): `/lines/0/price`.
public struct JSONPointer: Sendable, Hashable, CustomStringConvertible {
    /// The names and positions on the way, unescaped. Empty for the whole document.
    public var tokens: [String]

    /// A pointer from its unescaped tokens.
    public init(tokens: [String] = []) { self.tokens = tokens }

    /// Reads a pointer; nil when the text is neither empty nor begins with `/`, or has a `~` that is not `~0` or `~1`.
    public init?(_ text: String) {
        guard !text.isEmpty else {
            self.init()
            return
        }
        guard text.utf8.first == UInt8(ascii: "/") else { return nil }
        var tokens: [String] = []
        for part in text.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard let token = Self.unescape(part) else { return nil }
            tokens.append(token)
        }
        self.init(tokens: tokens)
    }

    /// The pointer to a member or element of this place.
    public func appending(_ token: String) -> JSONPointer { JSONPointer(tokens: tokens + [token]) }

    /// The text: each token behind a `/`, with `~` as `~0` and `/` as `~1`.
    public var description: String { tokens.map { "/" + Self.escape($0) }.joined() }

    /// A token as it is written in a pointer.
    public static func escape(_ token: String) -> String {
        guard token.utf8.contains(where: { $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "/") }) else { return token }
        var text = ""
        for scalar in token.unicodeScalars {
            switch scalar {
            case "~": text += "~0"
            case "/": text += "~1"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    private static func unescape(_ part: Substring.UTF8View.SubSequence) -> String? {
        var bytes: [UInt8] = []
        var rest = part[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "~") else {
                bytes.append(byte)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "0")?: bytes.append(UInt8(ascii: "~"))
            case UInt8(ascii: "1")?: bytes.append(UInt8(ascii: "/"))
            default: return nil
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A token as an array's position: decimal, without leading zeros. `-`, the place behind the end, is none.
    static func position(_ token: String) -> Int? {
        guard let value = Int(token), value >= 0, token.utf8.first != UInt8(ascii: "+") else { return nil }
        return token.utf8.count > 1 && token.utf8.first == UInt8(ascii: "0") ? nil : value
    }
}

extension Node {
    /// The value at a place below this one; nil when there is none.
    public subscript(_ pointer: JSONPointer) -> Node? {
        var node = self
        for token in pointer.tokens {
            let next = node.kind == .array ? JSONPointer.position(token).flatMap { node[$0] } : node[token]
            guard let next else { return nil }
            node = next
        }
        return node
    }
}

extension JSON {
    /// The value at a place below this one; nil when there is none.
    public subscript(_ pointer: JSONPointer) -> JSON? {
        var value = self
        for token in pointer.tokens {
            let next: JSON? =
                if case .array = value { JSONPointer.position(token).flatMap { value[$0] } } else { value[token] }
            guard let next else { return nil }
            value = next
        }
        return value
    }
}
