/// E-mail addresses (RFC 5321, 4.1.2; RFC 6531 for those beyond ASCII).
enum Mailbox {
    static func fits(_ text: UnsafeBufferPointer<UInt8>, international: Bool) -> Bool {
        guard let at = text.lastIndex(of: UInt8(ascii: "@")), text.count <= 320 else { return false }
        let local = text[..<at]
        let domain = text[(at + 1)...]
        guard (1...64).contains(local.count) || international && !local.isEmpty else { return false }
        return isLocal(local, international) && isDomain(domain, international)
    }

    private static func isLocal(_ local: Bytes, _ international: Bool) -> Bool {
        if local.first == UInt8(ascii: "\"") {
            guard local.count >= 2, local.last == UInt8(ascii: "\"") else { return false }
            var inner = local.dropFirst().dropLast()
            while let byte = inner.popFirst() {
                if byte == UInt8(ascii: "\"") { return false }
                if byte == UInt8(ascii: "\\") {
                    guard let escaped = inner.popFirst(), (32...126).contains(escaped) else { return false }
                } else if byte < 32 || byte == 127 || (byte > 127 && !international) {
                    return false
                }
            }
            return true
        }
        // Atoms with dots between them (RFC 5321, 4.1.2).
        var previous = UInt8(ascii: ".")
        for byte in local {
            guard byte == UInt8(ascii: ".") ? previous != byte : isAtom(byte) || (byte > 127 && international) else {
                return false
            }
            previous = byte
        }
        return previous != UInt8(ascii: ".")
    }

    /// RFC 5322, 3.2.3
    private static func isAtom(_ byte: UInt8) -> Bool {
        if byte.isLetter || byte.isDigit { return true }
        switch byte {
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
            UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "/"),
            UInt8(ascii: "="), UInt8(ascii: "?"), UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"),
            UInt8(ascii: "{"), UInt8(ascii: "|"), UInt8(ascii: "}"), UInt8(ascii: "~"):
            return true
        default: return false
        }
    }

    private static func isDomain(_ domain: Bytes, _ international: Bool) -> Bool {
        if domain.first == UInt8(ascii: "["), domain.last == UInt8(ascii: "]") {
            let address = domain.dropFirst().dropLast()
            let isIPv6 = address.lazy.map { $0.isLetter ? $0 | 32 : $0 }.starts(with: "ipv6:".utf8)
            return isIPv6 ? Host.isIPv6(address.dropFirst(5)) : Host.isIPv4(address)
        }
        guard international, domain.contains(where: { $0 > 127 }) else { return Host.isName(domain) }
        // Letters may come in parts (RFC 6531 doesn't ask for composed ones); together they must make a name.
        let composed = Array(String(decoding: domain, as: UTF8.self)._nfcCodeUnits)
        return composed.withUnsafeBufferPointer { InternationalName.fits($0, separators: [0x2E]) }
    }
}
