/// URIs (RFC 3986) and IRIs (RFC 3987).
enum URIShape {
    static func fits(_ text: UnsafeBufferPointer<UInt8>, absolute: Bool, international: Bool) -> Bool {
        guard hasLegalBytes(text, international) else { return false }
        var rest = text[...]
        if let hash = rest.firstIndex(of: UInt8(ascii: "#")) {
            guard legal(rest[(hash + 1)...], extra: ":@/?") else { return false }
            rest = rest[..<hash]
        }
        if let mark = rest.firstIndex(of: UInt8(ascii: "?")) {
            guard legal(rest[(mark + 1)...], extra: ":@/?") else { return false }
            rest = rest[..<mark]
        }
        var hasScheme = false
        if let colon = rest.firstIndex(of: UInt8(ascii: ":")), isScheme(rest[..<colon]) {
            hasScheme = true
            rest = rest[(colon + 1)...]
        }
        guard hasScheme || !absolute else { return false }
        if rest.starts(with: "//".utf8) {
            let authority = rest.dropFirst(2)
            let end = authority.firstIndex(of: UInt8(ascii: "/")) ?? authority.endIndex
            return isAuthority(authority[..<end]) && legal(authority[end...], extra: ":@/")
        }
        // Without a scheme, a colon in the first segment would make one.
        if !hasScheme, rest.prefix(while: { $0 != UInt8(ascii: "/") }).contains(UInt8(ascii: ":")) { return false }
        return legal(rest, extra: ":@/")
    }

    /// Bytes that may stand somewhere, and `%` followed by two hexadecimal digits.
    private static func hasLegalBytes(_ text: UnsafeBufferPointer<UInt8>, _ international: Bool) -> Bool {
        for (place, byte) in text.enumerated() {
            if byte == UInt8(ascii: "%") {
                guard place + 2 < text.count, text[place + 1].isHexDigit, text[place + 2].isHexDigit else {
                    return false
                }
            } else if byte > 127 {
                guard international else { return false }
            }
        }
        return true
    }

    /// Unreserved, percent-encoded and sub-delims; beyond ASCII was judged before.
    private static func legal(_ text: Bytes, extra: StaticString) -> Bool {
        let more = UnsafeBufferPointer(start: extra.utf8Start, count: extra.utf8CodeUnitCount)
        return text.allSatisfy { isCommon($0) || more.contains($0) }
    }

    private static func isCommon(_ byte: UInt8) -> Bool {
        if byte.isLetter || byte.isDigit || byte > 127 { return true }
        switch byte {
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "%"),
            UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "("),
            UInt8(ascii: ")"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: ","), UInt8(ascii: ";"),
            UInt8(ascii: "="):
            return true
        default: return false
        }
    }

    private static func isScheme(_ text: Bytes) -> Bool {
        guard text.first?.isLetter ?? false else { return false }
        return text.allSatisfy { $0.isLetter || $0.isDigit || $0 == 43 || $0 == 45 || $0 == 46 }
    }

    private static func isAuthority(_ text: Bytes) -> Bool {
        var host = text
        if let at = host.lastIndex(of: UInt8(ascii: "@")) {
            guard legal(host[..<at], extra: ":") else { return false }
            host = host[(at + 1)...]
        }
        if host.first == UInt8(ascii: "[") {
            guard let close = host.firstIndex(of: UInt8(ascii: "]")) else { return false }
            let address = host[(host.startIndex + 1)..<close]
            let isFuture = address.first.map { $0 | 32 == UInt8(ascii: "v") } ?? false
            guard isFuture ? isFutureAddress(address) : Host.isIPv6(address) else { return false }
            host = host[(close + 1)...]
            guard !host.isEmpty else { return true }
            guard host.first == UInt8(ascii: ":") else { return false }
            return host.dropFirst().allSatisfy(\.isDigit)
        }
        if let colon = host.lastIndex(of: UInt8(ascii: ":")) {
            guard host[(colon + 1)...].allSatisfy(\.isDigit) else { return false }
            host = host[..<colon]
        }
        return legal(host, extra: "")
    }

    /// IPvFuture: `v1.anything`
    private static func isFutureAddress(_ text: Bytes) -> Bool {
        let version = text.dropFirst().prefix(while: \.isHexDigit)
        let rest = text[version.endIndex...]
        return !version.isEmpty && rest.first == UInt8(ascii: ".") && rest.count > 1 && legal(rest, extra: ":")
            && !rest.contains(UInt8(ascii: "%"))
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
