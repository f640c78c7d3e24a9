typealias Bytes = Slice<UnsafeBufferPointer<UInt8>>

/// Names and addresses of hosts.
enum Host {
    /// RFC 1123, 2.1: labels of letters, digits and inner hyphens; 63 bytes each, 253 in all.
    static func isName(_ text: Bytes) -> Bool {
        guard !text.isEmpty, text.count <= 253 else { return false }
        return text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy(isLabel)
    }

    private static func isLabel(_ label: Bytes) -> Bool {
        guard let first = label.first, let last = label.last, label.count <= 63 else { return false }
        guard first != UInt8(ascii: "-"), last != UInt8(ascii: "-") else { return false }
        guard label.allSatisfy({ $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "-") }) else { return false }
        // "--" in the third place marks an encoded name; only "xn--" is one (RFC 5891, 4.2.3.1).
        let bytes = Array(label.prefix(4))
        guard bytes.count == 4, bytes[2] == UInt8(ascii: "-"), bytes[3] == UInt8(ascii: "-") else { return true }
        guard bytes[0] | 32 == UInt8(ascii: "x"), bytes[1] | 32 == UInt8(ascii: "n") else { return false }
        return Punycode.isValid(label.dropFirst(4))
    }

    /// RFC 2673, 3.2: four decimal numbers without leading zeros.
    static func isIPv4(_ text: Bytes) -> Bool {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                guard (1...3).contains(part.count), part.allSatisfy(\.isDigit) else { return false }
                if part.count > 1, part.first == 48 { return false }
                return part.reduce(0) { $0 * 10 + Int($1 - 48) } <= 255
            }
    }

    /// RFC 4291, 2.2
    static func isIPv6(_ text: Bytes) -> Bool {
        var groups = 0
        var gap = false
        var at = text.startIndex
        if text.starts(with: "::".utf8) {
            gap = true
            at += 2
        }
        while at < text.endIndex {
            let end = text[at...].firstIndex(of: UInt8(ascii: ":")) ?? text.endIndex
            let group = text[at..<end]
            if end == text.endIndex, isIPv4(group) {
                groups += 2
                at = end
                break
            }
            guard (1...4).contains(group.count), group.allSatisfy(\.isHexDigit) else { return false }
            groups += 1
            at = end
            guard at < text.endIndex else { break }
            at += 1
            if at < text.endIndex, text[at] == UInt8(ascii: ":") {
                guard !gap else { return false }
                gap = true
                at += 1
            } else if at == text.endIndex {
                return false
            }
        }
        return gap ? groups <= 7 : groups == 8
    }
}

/// RFC 3492: whether a label's encoded part decodes.
enum Punycode {
    static func isValid(_ text: Bytes) -> Bool {
        let delimiter = text.lastIndex(of: UInt8(ascii: "-"))
        var length = delimiter.map { text.distance(from: text.startIndex, to: $0) } ?? 0
        var rest = delimiter.map { text[($0 + 1)...] } ?? text
        guard !rest.isEmpty else { return false }
        var scalar = 128
        var place = 0
        var bias = 72
        while !rest.isEmpty {
            let before = place
            var weight = 1
            var step = 36
            while true {
                guard let byte = rest.popFirst(), let digit = digit(byte) else { return false }
                place += digit * weight
                let threshold = min(max(step - bias, 1), 26)
                if digit < threshold { break }
                weight *= 36 - threshold
                step += 36
                guard weight < 1 << 32, place < 1 << 40 else { return false }
            }
            length += 1
            bias = adapted(place - before, length, isFirst: before == 0)
            scalar += place / length
            place = place % length + 1
            guard Unicode.Scalar(UInt32(clamping: scalar)) != nil else { return false }
        }
        return true
    }

    private static func digit(_ byte: UInt8) -> Int? {
        byte.isLetter ? Int(byte | 32) - 97 : byte.isDigit ? Int(byte) - 22 : nil
    }

    private static func adapted(_ delta: Int, _ length: Int, isFirst: Bool) -> Int {
        var delta = isFirst ? delta / 700 : delta / 2
        delta += delta / length
        var steps = 0
        while delta > 455 {
            delta /= 35
            steps += 36
        }
        return steps + 36 * delta / (delta + 38)
    }
}

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
        let allowed = Array("!#$%&'*+-/=?^_`{|}~".utf8)
        return local.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { atom in
            !atom.isEmpty
                && atom.allSatisfy { $0.isLetter || $0.isDigit || allowed.contains($0) || ($0 > 127 && international) }
        }
    }

    private static func isDomain(_ domain: Bytes, _ international: Bool) -> Bool {
        if domain.first == UInt8(ascii: "["), domain.last == UInt8(ascii: "]") {
            let address = domain.dropFirst().dropLast()
            return address.starts(with: "IPv6:".utf8) ? Host.isIPv6(address.dropFirst(5)) : Host.isIPv4(address)
        }
        guard international, domain.contains(where: { $0 > 127 }) else { return Host.isName(domain) }
        return domain.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
            !label.isEmpty && label.allSatisfy { $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "-") || $0 > 127 }
        }
    }
}
