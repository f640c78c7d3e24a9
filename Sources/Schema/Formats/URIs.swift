/// A set of ASCII characters, as bits.
struct ASCIISet {
    let low: UInt64
    let high: UInt64

    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        let word = byte < 64 ? low : high
        return byte < 128 && word &>> UInt64(byte) & 1 != 0
    }
}

/// URIs (RFC 3986) and IRIs (RFC 3987): one pass from left to right.
struct URIShape {
    private let text: UnsafeBufferPointer<UInt8>
    private let international: Bool
    private var at = 0

    /// Unreserved and sub-delims: what a host's name is made of.
    private static var name: ASCIISet { ASCIISet(low: 0x2BFF7FD200000000, high: 0x47FFFFFE87FFFFFE) }
    /// … with `:` `@` and `/`
    private static var path: ASCIISet { ASCIISet(low: 0x2FFFFFD200000000, high: 0x47FFFFFE87FFFFFF) }
    /// … and `?`
    private static var query: ASCIISet { ASCIISet(low: 0xAFFFFFD200000000, high: 0x47FFFFFE87FFFFFF) }
    /// Names with `:`
    private static var user: ASCIISet { ASCIISet(low: 0x2FFF7FD200000000, high: 0x47FFFFFE87FFFFFE) }
    /// Letters, digits, `+` `-` and `.`
    private static var scheme: ASCIISet { ASCIISet(low: 0x03FF680000000000, high: 0x07FFFFFE07FFFFFE) }

    static func fits(_ text: UnsafeBufferPointer<UInt8>, absolute: Bool, international: Bool) -> Bool {
        var shape = URIShape(text: text, international: international)
        return shape.run(absolute)
    }

    private init(text: UnsafeBufferPointer<UInt8>, international: Bool) {
        self.text = text
        self.international = international
    }

    private mutating func run(_ absolute: Bool) -> Bool {
        if text.first?.isLetter ?? false {
            while at < text.count, Self.scheme.contains(text[at]) { at += 1 }
        }
        if at > 0, take(":") {
            // The scheme is read.
        } else if absolute {
            return false
        } else {
            at = 0
            // Without a scheme, a colon in the first segment would make one.
            if text.prefix(while: { $0 != UInt8(ascii: "/") && $0 != 63 && $0 != 35 }).contains(UInt8(ascii: ":")) {
                return false
            }
        }
        if at + 1 < text.count, text[at] == UInt8(ascii: "/"), text[at + 1] == UInt8(ascii: "/") {
            at += 2
            guard authority() else { return false }
            guard at == text.count || text[at] == UInt8(ascii: "/") || text[at] == 63 || text[at] == 35 else {
                return false
            }
        }
        guard skip(Self.path) else { return false }
        if take("?"), !skip(Self.query, takesPrivate: true) { return false }
        if take("#"), !skip(Self.query) { return false }
        return at == text.count
    }

    private mutating func authority() -> Bool {
        let start = at
        guard skip(Self.name) else { return false }
        let name = at
        // Behind a colon lies a port, or a password and '@'.
        guard skip(Self.user) else { return false }
        if take("@") {
            guard skip(Self.name) else { return false }
        } else {
            at = name
        }
        if at == start || text[at - 1] == UInt8(ascii: "@"), take("[") {
            guard let close = text[at...].firstIndex(of: UInt8(ascii: "]")) else { return false }
            guard isAddress(text[at..<close]) else { return false }
            at = close + 1
        }
        guard take(":") else { return true }
        while at < text.count, text[at].isDigit { at += 1 }
        return true
    }

    /// IPv6, or a future version: `v1.anything`
    private func isAddress(_ address: Bytes) -> Bool {
        guard let first = address.first, first | 32 == UInt8(ascii: "v") else { return Host.isIPv6(address) }
        let version = address.dropFirst().prefix(while: \.isHexDigit)
        let rest = address[version.endIndex...]
        return !version.isEmpty && rest.count > 1 && rest.first == UInt8(ascii: ".")
            && rest.allSatisfy(Self.user.contains)
    }

    @inline(__always)
    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard at < text.count, text[at] == UInt8(ascii: character) else { return false }
        at += 1
        return true
    }

    /// Goes on over characters of a set and those percent-encoded; false where a `%` has no two digits behind it.
    @inline(__always)
    private mutating func skip(_ set: ASCIISet, takesPrivate: Bool = false) -> Bool {
        var place = at
        defer { at = place }
        while place < text.count {
            let byte = text[place]
            // Nearly all are letters, which every set holds.
            if byte.isLetter || set.contains(byte) {
                place += 1
            } else if byte == UInt8(ascii: "%") {
                guard place + 2 < text.count, text[place + 1].isHexDigit, text[place + 2].isHexDigit else {
                    return false
                }
                place += 3
            } else if byte > 127, international, let length = foreign(at: place, takesPrivate) {
                place += length
            } else {
                break
            }
        }
        return true
    }

    /// The length of a character beyond ASCII that an IRI may hold (RFC 3987, 2.2: `ucschar`; in a query `iprivate`, too);
    /// nil for any other.
    @inline(never)
    private func foreign(at place: Int, _ takesPrivate: Bool) -> Int? {
        let length = text[place] < 0xE0 ? 2 : text[place] < 0xF0 ? 3 : 4
        guard place + length <= text.count else { return nil }
        var scalar = UInt32(text[place]) & (0xFF >> UInt32(length + 1))
        for next in 1..<length { scalar = scalar << 6 | UInt32(text[place + next] & 0x3F) }
        let isAllowed =
            switch scalar {
            case 0xA0...0xD7FF, 0xF900...0xFDCF, 0xFDF0...0xFFEF: true
            case 0xE000...0xF8FF, 0xF0000...0xFFFFD, 0x100000...0x10FFFD: takesPrivate
            // Tags, and what no plane ever assigns.
            case 0x10000...0xEFFFF: scalar & 0xFFFF <= 0xFFFD && !(0xE0000...0xE0FFF).contains(scalar)
            default: false
            }
        return isAllowed ? length : nil
    }
}

/// URI templates (RFC 6570), all four levels.
enum URITemplate {
    static func fits(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        var rest = text[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "{"):
                guard let close = rest.firstIndex(of: UInt8(ascii: "}")), isExpression(rest[..<close]) else {
                    return false
                }
                rest = rest[(close + 1)...]
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst(), let low = rest.popFirst(), high.isHexDigit, low.isHexDigit else {
                    return false
                }
            case 0...32, 127, UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"),
                UInt8(ascii: "\\"), UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "}"):
                return false
            default: break
            }
        }
        return true
    }

    private static func isExpression(_ text: Bytes) -> Bool {
        var list = text
        if let first = list.first, "+#./;?&".utf8.contains(first) { list = list.dropFirst() }
        return list.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).allSatisfy(isVariable)
    }

    private static func isVariable(_ text: Bytes) -> Bool {
        var name = text
        if name.last == UInt8(ascii: "*") {
            name = name.dropLast()
        } else if let colon = name.firstIndex(of: UInt8(ascii: ":")) {
            let length = name[(colon + 1)...]
            guard (1...4).contains(length.count), length.allSatisfy(\.isDigit), length.first != 48 else { return false }
            name = name[..<colon]
        }
        guard !name.isEmpty, name.first != UInt8(ascii: "."), name.last != UInt8(ascii: ".") else { return false }
        while let byte = name.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard let high = name.popFirst(), let low = name.popFirst(), high.isHexDigit, low.isHexDigit else {
                    return false
                }
            } else if byte == UInt8(ascii: ".") {
                if name.first == UInt8(ascii: ".") { return false }
            } else if !byte.isLetter, !byte.isDigit, byte != UInt8(ascii: "_") {
                return false
            }
        }
        return true
    }
}
