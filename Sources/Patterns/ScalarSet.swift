/// A set of Unicode scalars, as sorted ranges that neither overlap nor touch.
struct ScalarSet: Hashable, Sendable {
    private(set) var ranges: [ClosedRange<UInt32>]

    static let last: UInt32 = 0x10FFFF
    static let all = ScalarSet([0...last])

    /// The union of ranges given in any order.
    init(_ unordered: [ClosedRange<UInt32>]) {
        ranges = []
        for range in unordered.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let open = ranges.last, range.lowerBound <= open.upperBound &+ 1 {
                ranges[ranges.count - 1] = open.lowerBound...max(open.upperBound, range.upperBound)
            } else {
                ranges.append(range)
            }
        }
    }

    init(_ scalar: UInt32) { ranges = [scalar...scalar] }

    /// Ranges written in hexadecimal: `61-7A AA`.
    init(hexadecimal text: Substring) {
        self.init(
            text.split(separator: " ").compactMap { part in
                let bounds = part.split(separator: "-").compactMap { UInt32($0, radix: 16) }
                return bounds.first.map { $0...(bounds.last ?? $0) }
            })
    }

    var inverted: ScalarSet {
        var gaps: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges {
            if range.lowerBound > next { gaps.append(next...range.lowerBound - 1) }
            next = range.upperBound + 1
        }
        if next <= Self.last { gaps.append(next...Self.last) }
        return ScalarSet(gaps)
    }

    func union(_ other: ScalarSet) -> ScalarSet { ScalarSet(ranges + other.ranges) }

    func contains(_ scalar: UInt32) -> Bool {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < scalar { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].lowerBound <= scalar
    }

    // MARK: The sets ECMA-262 names

    /// `\d`
    static let digit = ScalarSet([48...57])
    /// `\w`, and what `\b` looks at
    static let word = ScalarSet([48...57, 65...90, 95...95, 97...122])
    /// Where `^` and `$` match with the flag m, and what `.` excludes.
    static let lineTerminator = ScalarSet([0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029])
    /// `\s`: white space and line terminators
    static let space = ScalarSet([
        0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029, 0x202F...0x202F,
        0x205F...0x205F, 0x3000...0x3000, 0xFEFF...0xFEFF,
    ])
}

// MARK: Case

extension ScalarSet {
    /// The set with every scalar that differs only in case, as ECMA-262's Canonicalize without the flag u has it:
    /// simple upper case, and nothing beyond ASCII folds into ASCII.
    var ignoringCase: ScalarSet {
        var more: [ClosedRange<UInt32>] = []
        for upper in UInt32(65)...90 {
            let lower = upper + 32
            if contains(upper) { more.append(lower...lower) } else if contains(lower) { more.append(upper...upper) }
        }
        if let top = ranges.last, top.upperBound >= 0x80, self != .all {
            for family in Self.caseFamilies where family.contains(where: contains) {
                more += family.map { $0...$0 }
            }
        }
        return ScalarSet(ranges + more)
    }

    /// Scalars beyond ASCII that share their simple upper case. Built at first use; scripts without case are skipped.
    private static let caseFamilies: [[UInt32]] = {
        var families: [UInt32: [UInt32]] = [:]
        for value in UInt32(0x80)...0x1E943 where !(0x3400...0xA63F ~= value) && !(0xAC00...0xFAFF ~= value) {
            guard let scalar = Unicode.Scalar(value), scalar.properties.isCased else { continue }
            let upper = scalar.properties.uppercaseMapping.unicodeScalars
            guard let first = upper.first, upper.count == 1, first.value >= 0x80 else { continue }
            families[first.value, default: []].append(value)
        }
        return families.values.filter { $0.count > 1 }
    }()
}
