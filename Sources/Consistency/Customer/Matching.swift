import Canonical
import Digests
import Document

/// What members are matched by: values made comparable, then hashed, so that no key shows an address or a number.
enum Matching {
    /// So many members may share a value. What more share names nobody: a shop's own number, a placeholder.
    static let commonest = 24

    /// A value in the form in which it is compared; nil when it identifies nobody.
    static func normal(_ text: String, _ form: MatchField.Form) -> String? {
        switch form {
        case .email: email(text)
        case .phone(let country): phone(text, country: country)
        case .code: code(text)
        }
    }

    private static func email(_ text: String) -> String? {
        let trimmed = text.filter { !$0.isWhitespace }.lowercased()
        guard let at = trimmed.lastIndex(of: "@"), at > trimmed.startIndex, trimmed.index(after: at) < trimmed.endIndex
        else { return nil }
        return trimmed
    }

    /// E.164: digits behind a plus. `00` is a plus; a leading zero is the national prefix; `(0)` is said, not dialled.
    private static func phone(_ text: String, country: String?) -> String? {
        var digits = ""
        var isInternational = false
        var bytes = Array(text.utf8)[...]
        while let byte = bytes.first {
            if bytes.starts(with: "(0)".utf8), isInternational {
                bytes = bytes.dropFirst(3)
                continue
            }
            if byte &- 48 < 10 { digits.unicodeScalars.append(Unicode.Scalar(byte)) }
            if byte == UInt8(ascii: "+"), digits.isEmpty { isInternational = true }
            bytes = bytes.dropFirst()
        }
        if !isInternational, digits.hasPrefix("00") {
            isInternational = true
            digits.removeFirst(2)
        }
        if !isInternational, let country {
            digits = country + digits.drop { $0 == "0" }
        }
        // The shortest subscriber numbers with their country have seven digits; the longest fifteen (E.164).
        return (7...15).contains(digits.utf8.count) ? "+" + digits : nil
    }

    private static func code(_ text: String) -> String? {
        let plain = text.uppercased().filter { $0.isLetter || $0.isNumber }
        // Zeros, dashes and the like fill a field that must not be empty.
        return plain.contains { $0 != "0" } ? plain : nil
    }

    /// The hashes of what a member says of itself. What was written to it doesn't count: our own writes must not keep
    /// members linked.
    static func hashes(_ state: borrowing RecordState, column: Int, _ fields: [MatchField]) -> [RecordState.MatchHash] {
        var hashes: [RecordState.MatchHash] = []
        for (index, match) in fields.enumerated() {
            guard let field = state.field(match.field), let slot = state.slot(field: field, column: column) else {
                continue
            }
            let contribution = state.slots[slot].contribution
            guard contribution >= 0 else { continue }
            let text: String? = ValueText.parsed(state.text(contribution)) { Reference.text($0) }
            guard let normal = text.flatMap({ Self.normal($0, match.form) }) else { continue }
            let digest = SHA256.digest(Array("\(match.field)\n\(normal)".utf8))
            hashes.append(
                RecordState.MatchHash(
                    column: Int32(column), field: UInt8(index), high: number(digest[0..<8]), low: number(digest[8..<16])
                ))
        }
        return hashes
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}

extension RecordState.MatchHash {
    /// Whether two members share this value. The field's name is hashed with it: its place among the rules' fields may change.
    func isSame(as other: RecordState.MatchHash) -> Bool { high == other.high && low == other.low }

    /// The state key under which the members that share it are listed.
    var key: String { "match:\(Self.hex(high))\(Self.hex(low))" }

    private static func hex(_ value: UInt64) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: 16 - text.utf8.count) + text
    }
}
