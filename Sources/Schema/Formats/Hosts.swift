typealias Bytes = Slice<UnsafeBufferPointer<UInt8>>

/// Names and addresses of hosts.
enum Host {
    /// RFC 1123, 2.1: labels of letters, digits and inner hyphens; 63 bytes each, 253 in all.
    static func isName(_ text: Bytes) -> Bool {
        guard !text.isEmpty, text.count <= 253 else { return false }
        var start = text.startIndex
        var hasEncoded = false
        while true {
            let end = text[start...].firstIndex(of: UInt8(ascii: ".")) ?? text.endIndex
            let label = text[start..<end]
            guard isLabel(label) else { return false }
            hasEncoded = hasEncoded || isEncoded(label)
            guard end < text.endIndex else { break }
            start = end + 1
        }
        return !hasEncoded
            || InternationalName.hasValidALabels(
                text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false))
    }

    private static func isLabel(_ label: Bytes) -> Bool {
        guard let first = label.first, let last = label.last, label.count <= 63 else { return false }
        guard first != UInt8(ascii: "-"), last != UInt8(ascii: "-") else { return false }
        guard label.allSatisfy({ $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "-") }) else { return false }
        // "--" in the third place marks an encoded name; only "xn--" is one (RFC 5891, 4.2.3.1).
        return !hasHyphensInThird(label) || isEncoded(label)
    }

    private static func hasHyphensInThird(_ label: Bytes) -> Bool {
        let bytes = label.dropFirst(2).prefix(2)
        return bytes.count == 2 && bytes.allSatisfy { $0 == UInt8(ascii: "-") }
    }

    private static func isEncoded(_ label: Bytes) -> Bool {
        guard hasHyphensInThird(label) else { return false }
        return label[label.startIndex] | 32 == UInt8(ascii: "x")
            && label[label.startIndex + 1] | 32 == UInt8(ascii: "n")
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
