import Document

extension Inspector {
    /// Whether a subtraction was meant as the name of a field: `EAN-koodi`, where records have a field of that very name. It is
    /// told then, in place of what the two halves lack.
    mutating func isHyphenatedName(_ node: Syntax, _ left: Outline, _ right: Outline) -> Bool {
        // Two numbers that are there may well be subtracted.
        let areThere = [left, right].allSatisfy { $0.kinds.contains(.number) }
        guard !areThere, let range = word(around: node.offset) else { return false }
        let name = String(decoding: source.bytes[range], as: UTF8.self)
        guard fields.contains(name) else { return false }
        withdraw([.absent, .type], in: range)
        report(
            .warning, .name,
            "this is a subtraction; a field name with '-' is written in backticks: `\(name)`", at: range.lowerBound)
        return true
    }

    /// The letters, digits and hyphens around a place; nil behind a `$`, where a variable stands.
    private func word(around offset: Int) -> Range<Int>? {
        let bytes = source.bytes
        func isPart(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"), UInt8(ascii: "-"), 0x80...0xFF:
                true
            default: false
            }
        }
        guard bytes.indices.contains(offset), bytes[offset] == UInt8(ascii: "-") else { return nil }
        var (start, end) = (offset, offset + 1)
        while start > 0, isPart(bytes[start - 1]) { start -= 1 }
        while end < bytes.count, isPart(bytes[end]) { end += 1 }
        return start > 0 && bytes[start - 1] == UInt8(ascii: "$") ? nil : start..<end
    }
}

extension Outline {
    /// The names of fields that its values have, at any place.
    var names: Set<String> { names(depth: 0) }

    private func names(depth: Int) -> Set<String> {
        guard depth < 12 else { return [] }
        var names = Set(members.keys)
        for member in members.values { names.formUnion(member.shape.names(depth: depth + 1)) }
        if kinds.contains(.array), element.kinds != .any { names.formUnion(element.names(depth: depth + 1)) }
        return names
    }
}
