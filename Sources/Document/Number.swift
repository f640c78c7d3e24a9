#if canImport(Glibc)
    import Glibc
#endif

/// An exact decimal number: `coefficient × 10^exponent`, with up to 34 significant digits (as IEEE 754 decimal128).
///
/// The digits written are the digits kept: `19.90` stays `19.90`, though it equals `19.9`. A text with more than 34
/// significant digits is rounded half to even.
public struct Number: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Whether it is below zero (or a negative zero).
    public let isNegative: Bool
    /// The digits, below 10^34.
    public let coefficient: UInt128
    /// The power of ten that scales the coefficient.
    public let exponent: Int

    /// The most significant digits that are kept.
    public static let maxDigits = 34
    /// The largest exponent, and the smallest one with a minus: sums of two must stay far from an Int's ends.
    static let maxExponent = 9_999_999

    /// A number from its parts; a coefficient of more than 34 digits is rounded half to even, an exponent beyond
    /// ±9,999,999 is taken for that.
    public init(isNegative: Bool, coefficient: UInt128, exponent: Int) {
        self.init(isNegative: isNegative, coefficient: coefficient, exponent: exponent, isInexact: false)
    }

    /// - Parameter isInexact: Whether something was cut off below the coefficient's last digit already.
    init(isNegative: Bool, coefficient: UInt128, exponent: Int, isInexact: Bool) {
        var coefficient = coefficient
        var exponent = min(max(exponent, -Self.maxExponent), Self.maxExponent)
        var dropped: UInt128 = 0
        var sticky = isInexact
        while coefficient >= Self.limit {
            sticky = sticky || dropped != 0
            (coefficient, dropped) = coefficient.quotientAndRemainder(dividingBy: 10)
            exponent += 1
        }
        if dropped > 5 || (dropped == 5 && (sticky || coefficient & 1 == 1)) { coefficient += 1 }
        if coefficient == Self.limit {
            coefficient /= 10
            exponent += 1
        }
        self.isNegative = isNegative
        self.coefficient = coefficient
        self.exponent = exponent
    }

    static let limit: UInt128 = powersOfTen[34]

    /// 10^0 … 10^38.
    static let powersOfTen: [UInt128] = (0...38).reduce(into: []) { powers, _ in
        powers.append((powers.last.map { $0 * 10 }) ?? 1)
    }

    /// An integer.
    public init(_ value: Int) {
        self.init(isNegative: value < 0, coefficient: UInt128(value.magnitude), exponent: 0)
    }

    /// The shortest decimal that reads back as this double; nil for infinities and NaN, which JSON doesn't have.
    public init?(_ value: Double) {
        guard value.isFinite else { return nil }
        self.init(value.description)
    }

    /// Reads a JSON number; nil when the text isn't one.
    public init?(_ text: String) {
        var text = text
        guard let number = text.withUTF8({ Number($0) }) else { return nil }
        self = number
    }

    /// Reads a JSON number from its bytes; nil when they aren't one. Exponents beyond ±9,999,999 are taken for that.
    public init?(_ text: UnsafeBufferPointer<UInt8>) {
        if let short = Self(short: text) {
            self = short
            return
        }
        self.init(long: text)
    }

    /// Nearly all numbers: up to 18 digits, no exponent. Nil for others, and for what is no number.
    @inline(__always)
    private init?(short text: UnsafeBufferPointer<UInt8>) {
        guard text.count <= 18, var at = text.baseAddress else { return nil }
        let end = at + text.count
        let isNegative = at < end && at.pointee == UInt8(ascii: "-")
        if isNegative { at += 1 }
        var value: UInt64 = 0
        let start = at
        while at < end, at.pointee &- 48 < 10 {
            value = value * 10 + UInt64(at.pointee &- 48)
            at += 1
        }
        // "007" and ".5" are no numbers: let the long way find out.
        guard at > start, start.pointee != 48 || at == start + 1 else { return nil }
        var decimals = 0
        if at < end, at.pointee == UInt8(ascii: ".") {
            let point = at
            at += 1
            while at < end, at.pointee &- 48 < 10 {
                value = value * 10 + UInt64(at.pointee &- 48)
                at += 1
            }
            decimals = at - point - 1
            guard decimals > 0 else { return nil }
        }
        guard at == end else { return nil }
        self.isNegative = isNegative
        self.coefficient = UInt128(value)
        self.exponent = -decimals
    }

    private init?(long text: UnsafeBufferPointer<UInt8>) {
        var at = 0
        var negative = false
        if at < text.count, text[at] == UInt8(ascii: "-") {
            negative = true
            at += 1
        }
        var coefficient: UInt128 = 0
        var exponent = 0
        var significant = 0
        var digits = 0
        var roundUp = false
        var dropped = 0
        var sticky = false
        var inFraction = false
        while at < text.count {
            let byte = text[at]
            if byte == UInt8(ascii: "."), !inFraction, digits > 0 {
                inFraction = true
                at += 1
                guard at < text.count, text[at] &- 48 < 10 else { return nil }
                continue
            }
            let digit = byte &- 48
            guard digit < 10 else { break }
            if digits == 1, !inFraction, coefficient == 0 { return nil }
            digits += 1
            if significant < Self.maxDigits {
                coefficient = coefficient * 10 + UInt128(digit)
                if coefficient != 0 { significant += 1 }
                if inFraction { exponent -= 1 }
            } else {
                if dropped == 0 { roundUp = digit > 5 || (digit == 5 && coefficient & 1 == 1) }
                if dropped == 0, digit == 5 { sticky = true } else if digit != 0, sticky { roundUp = true }
                dropped += 1
                if !inFraction { exponent += 1 }
            }
            at += 1
        }
        guard digits > 0 else { return nil }
        if at < text.count {
            guard text[at] | 0x20 == UInt8(ascii: "e") else { return nil }
            at += 1
            var minus = false
            if at < text.count, text[at] == UInt8(ascii: "-") || text[at] == UInt8(ascii: "+") {
                minus = text[at] == UInt8(ascii: "-")
                at += 1
            }
            guard at < text.count else { return nil }
            var power = 0
            while at < text.count {
                let digit = text[at] &- 48
                guard digit < 10 else { return nil }
                // Beyond this the value is zero or out of every range; the sum must not overflow.
                if power < 1_000_000 { power = power * 10 + Int(digit) }
                at += 1
            }
            exponent += minus ? -power : power
        }
        if roundUp { coefficient += 1 }
        self.init(isNegative: negative, coefficient: coefficient, exponent: exponent)
    }

    /// The same value without trailing zeros: `19.90` becomes `19.9`, `100` becomes `1e2`, every zero `0`.
    public var normalized: Number {
        guard coefficient != 0 else { return Number(0) }
        var coefficient = coefficient
        var exponent = exponent
        if var small = UInt64(exactly: coefficient) {
            // Dividing 128 bits costs ten times as much.
            while small % 10 == 0 {
                small /= 10
                exponent += 1
            }
            return Number(isNegative: isNegative, coefficient: UInt128(small), exponent: exponent)
        }
        while true {
            let (quotient, remainder) = coefficient.quotientAndRemainder(dividingBy: 10)
            guard remainder == 0 else { break }
            coefficient = quotient
            exponent += 1
        }
        return Number(isNegative: isNegative, coefficient: coefficient, exponent: exponent)
    }

    /// The value as an integer, or nil when it has a fraction or doesn't fit.
    public var integer: Int? {
        if exponent == 0, coefficient <= UInt128(Int.max) { return isNegative ? -Int(coefficient) : Int(coefficient) }
        let plain = normalized
        guard plain.exponent >= 0, plain.exponent <= 18 else { return nil }
        let (magnitude, overflow) = plain.coefficient.multipliedReportingOverflow(by: Self.powersOfTen[plain.exponent])
        guard !overflow else { return nil }
        if isNegative { return magnitude <= UInt128(Int.max) + 1 ? Int(truncatingIfNeeded: 0 &- magnitude) : nil }
        return Int(exactly: magnitude)
    }

    /// The nearest double; infinite when out of range.
    public var double: Double {
        if coefficient < 1 << 53, exponent <= 0, exponent >= -22 {
            let value = Double(UInt64(coefficient)) / Self.exactPowers[-exponent]
            return isNegative ? -value : value
        }
        return strtod("\(isNegative ? "-" : "")\(coefficient)e\(exponent)", nil)
    }

    private static let exactPowers: [Double] = (0...22).reduce(into: []) { powers, _ in
        powers.append((powers.last.map { $0 * 10 }) ?? 1)
    }

    /// The JSON text, with the digits that were given.
    public var description: String {
        let digits = String(coefficient)
        let sign = isNegative ? "-" : ""
        if exponent == 0 { return sign + digits }
        if exponent > 0 {
            if coefficient == 0 { return sign + "0" }
            return digits.utf8.count + exponent <= 21
                ? sign + digits + String(repeating: "0", count: exponent) : "\(sign)\(digits)e\(exponent)"
        }
        let point = digits.utf8.count + exponent
        if point > 0 { return "\(sign)\(digits.prefix(point)).\(digits.suffix(-exponent))" }
        if point > -7 { return "\(sign)0.\(String(repeating: "0", count: -point))\(digits)" }
        return "\(sign)\(digits)e\(exponent)"
    }

    /// Equality by value: `19.90 == 19.9`.
    public static func == (left: Number, right: Number) -> Bool {
        if left.exponent == right.exponent {
            return left.coefficient == right.coefficient
                && (left.isNegative == right.isNegative || left.coefficient == 0)
        }
        let a = left.normalized
        let b = right.normalized
        return a.coefficient == b.coefficient && a.exponent == b.exponent && a.isNegative == b.isNegative
    }

    /// Hashes in agreement with equality.
    public func hash(into hasher: inout Hasher) {
        let plain = normalized
        hasher.combine(plain.coefficient)
        hasher.combine(plain.exponent)
        hasher.combine(plain.isNegative)
    }

    /// Order by value.
    public static func < (left: Number, right: Number) -> Bool {
        let leftNegative = left.isNegative && left.coefficient != 0
        let rightNegative = right.isNegative && right.coefficient != 0
        if leftNegative != rightNegative { return leftNegative }
        return leftNegative ? magnitude(right, isBelow: left) : magnitude(left, isBelow: right)
    }

    private static func magnitude(_ left: Number, isBelow right: Number) -> Bool {
        if left.exponent == right.exponent { return left.coefficient < right.coefficient }
        if left.coefficient == 0 || right.coefficient == 0 { return left.coefficient < right.coefficient }
        let leftTop = digitCount(left.coefficient) + left.exponent
        let rightTop = digitCount(right.coefficient) + right.exponent
        if leftTop != rightTop { return leftTop < rightTop }
        // The same magnitude: at most 34 digits differ in scale, so the wider one scales within 128 bits.
        let shift = left.exponent - right.exponent
        if shift >= 0 { return left.coefficient * powersOfTen[shift] < right.coefficient }
        return left.coefficient < right.coefficient * powersOfTen[-shift]
    }

    /// How many decimal digits; 1 for zero.
    static func digitCount(_ value: UInt128) -> Int {
        // log10(2) ≈ 1233/4096 tells the count but for one.
        let bits = 128 - value.leadingZeroBitCount
        let guess = (bits * 1233) >> 12
        return max(guess + (value >= powersOfTen[guess] ? 1 : 0), 1)
    }
}

extension Number: ExpressibleByIntegerLiteral {
    /// An integer.
    public init(integerLiteral value: Int) { self.init(value) }
}
