/// Arithmetic as IEEE 754 has it for decimal128 (and Python's `decimal` with 34 digits): what fits in 34 digits is
/// exact, and keeps the digits behind the point (`19.90 + 0.10` is `20.00`); what doesn't is rounded half to even.
extension Number {
    /// The sum.
    public static func + (left: Number, right: Number) -> Number {
        let (high, low) = left.exponent >= right.exponent ? (left, right) : (right, left)
        let distance = high.exponent - low.exponent
        let room = 38 - digitCount(high.coefficient)
        if distance <= room || high.coefficient == 0 && distance <= 38 {
            return sum(high.coefficient * powersOfTen[distance], high, low.coefficient, low, at: low.exponent, false)
        }
        // The higher one fills 38 digits; of the lower one's digits behind these it only matters whether there are any.
        let cut = distance - room
        let scaled = high.coefficient * powersOfTen[room]
        let (kept, rest) =
            cut > 38 ? (0, low.coefficient) : low.coefficient.quotientAndRemainder(dividingBy: powersOfTen[cut])
        if scaled == 0 { return low }
        return sum(scaled, high, kept, low, at: high.exponent - room, rest != 0)
    }

    /// The sum of two coefficients with one exponent, and their numbers' signs; `inexact` tells that the second lost
    /// digits (then the first is much the larger one).
    private static func sum(
        _ a: UInt128, _ first: Number, _ b: UInt128, _ second: Number, at exponent: Int, _ inexact: Bool
    ) -> Number {
        if first.isNegative == second.isNegative {
            return Number(
                isNegative: first.isNegative, coefficient: a + b, exponent: exponent, isInexact: inexact)
        }
        // What was cut off from what is subtracted makes the difference smaller.
        if a >= b {
            let difference = a - b - (inexact ? 1 : 0)
            return Number(
                isNegative: first.isNegative && (difference != 0 || inexact), coefficient: difference,
                exponent: exponent, isInexact: inexact)
        }
        return Number(isNegative: second.isNegative, coefficient: b - a, exponent: exponent, isInexact: false)
    }

    /// The difference.
    public static func - (left: Number, right: Number) -> Number { left + -right }

    /// The same digits with the other sign.
    public static prefix func - (number: Number) -> Number {
        Number(isNegative: !number.isNegative, coefficient: number.coefficient, exponent: number.exponent)
    }

    /// The number without its sign.
    public var magnitude: Number { isNegative ? -self : self }

    /// The product.
    public static func * (left: Number, right: Number) -> Number {
        let isNegative = left.isNegative != right.isNegative
        let exponent = left.exponent + right.exponent
        let (high, low) = left.coefficient.multipliedFullWidth(by: right.coefficient)
        if high == 0 { return Number(isNegative: isNegative, coefficient: low, exponent: exponent) }
        // Up to 68 digits: all but 37 or 38 are cut, which leaves enough to round to 34.
        let bits = 256 - high.leadingZeroBitCount
        let cut = (bits * 1233) >> 12 - 37
        let (quotient, remainder) = powersOfTen[cut].dividingFullWidth((high, low))
        return Number(
            isNegative: isNegative, coefficient: quotient, exponent: exponent + cut, isInexact: remainder != 0)
    }

    // MARK: Division

    /// The quotient, rounded half to even where it has more than 34 digits; nil when the divisor is zero.
    public func divided(by divisor: Number) -> Number? { division(by: divisor)?.quotient }

    /// The quotient; nil when it has more than 34 digits (`1 ÷ 3`), or the divisor is zero.
    public func dividedExactly(by divisor: Number) -> Number? {
        guard let (quotient, isExact) = division(by: divisor), isExact else { return nil }
        return quotient
    }

    private func division(by divisor: Number) -> (quotient: Number, isExact: Bool)? {
        guard divisor.coefficient != 0 else { return nil }
        let isNegative = isNegative != divisor.isNegative
        let ideal = exponent - divisor.exponent
        guard coefficient != 0 else {
            return (Number(isNegative: isNegative, coefficient: 0, exponent: ideal), true)
        }
        // A dividend of 34 digits, and as many zeros as make a quotient of 35 digits or 36.
        let fill = Self.maxDigits - Self.digitCount(coefficient)
        let scale = 1 + Self.digitCount(divisor.coefficient)
        let dividend = (coefficient * Self.powersOfTen[fill]).multipliedFullWidth(by: Self.powersOfTen[scale])
        var (quotient, remainder) = divisor.coefficient.dividingFullWidth(dividend)
        var exponent = ideal - fill - scale
        guard remainder == 0 else {
            return (
                Number(isNegative: isNegative, coefficient: quotient, exponent: exponent, isInexact: true), false
            )
        }
        while exponent < ideal, quotient % 10 == 0 {
            quotient /= 10
            exponent += 1
        }
        let isExact = quotient < Self.limit
        return (Number(isNegative: isNegative, coefficient: quotient, exponent: exponent), isExact)
    }

    /// What is left when the divisor has been taken away as often as it goes, exactly; it has the dividend's sign. Nil
    /// when the divisor is zero.
    public func remainder(dividingBy divisor: Number) -> Number? {
        guard divisor.coefficient != 0 else { return nil }
        let shift = exponent - divisor.exponent
        if shift >= 0 {
            let scale = Self.power(of: 10, shift, modulo: divisor.coefficient)
            let rest = Self.product(coefficient % divisor.coefficient, scale, modulo: divisor.coefficient)
            return Number(isNegative: isNegative, coefficient: rest, exponent: divisor.exponent)
        }
        // A divisor that is beyond 38 digits at this scale is larger than any dividend.
        guard Self.digitCount(divisor.coefficient) - shift <= 38 else { return self }
        let rest = coefficient % (divisor.coefficient * Self.powersOfTen[-shift])
        return Number(isNegative: isNegative, coefficient: rest, exponent: exponent)
    }

    /// Whether dividing by the other number leaves nothing, exactly. Nothing is a multiple of zero.
    public func isMultiple(of divisor: Number) -> Bool {
        // Prices in cents, numbers that must be whole: no division at all.
        if divisor.coefficient == 1, exponent >= divisor.exponent { return true }
        return remainder(dividingBy: divisor)?.coefficient == 0
    }

    private static func power(of base: UInt128, _ exponent: Int, modulo: UInt128) -> UInt128 {
        var result: UInt128 = 1 % modulo
        var factor = base % modulo
        var left = exponent
        while left > 0 {
            if left & 1 == 1 { result = product(result, factor, modulo: modulo) }
            factor = product(factor, factor, modulo: modulo)
            left >>= 1
        }
        return result
    }

    private static func product(_ a: UInt128, _ b: UInt128, modulo: UInt128) -> UInt128 {
        modulo.dividingFullWidth(a.multipliedFullWidth(by: b)).remainder
    }

    // MARK: Rounding

    /// The number with so many digits behind the point, or fewer where it has fewer; with a negative count, rounded to
    /// tens, hundreds …
    public func rounded(_ rule: FloatingPointRoundingRule = .toNearestOrEven, places: Int = 0) -> Number {
        let cut = -places - exponent
        guard cut > 0 else { return self }
        let (kept, rest) =
            cut > 38 ? (0, coefficient) : coefficient.quotientAndRemainder(dividingBy: Self.powersOfTen[cut])
        // Below, at or above the middle: half of 10^cut. A coefficient has 34 digits, so beyond 38 all is below.
        let half = cut > 38 ? UInt128.max : Self.powersOfTen[cut] / 2
        let up: Bool
        switch rule {
        case .towardZero: up = false
        case .awayFromZero: up = rest != 0
        case .up: up = rest != 0 && !isNegative
        case .down: up = rest != 0 && isNegative
        case .toNearestOrAwayFromZero: up = rest >= half
        case .toNearestOrEven: up = rest > half || (rest == half && kept & 1 == 1)
        @unknown default: up = rest > half || (rest == half && kept & 1 == 1)
        }
        return Number(isNegative: isNegative, coefficient: kept + (up ? 1 : 0), exponent: -places)
    }

    /// The largest whole number that isn't above.
    public var floor: Number { rounded(.down) }
    /// The smallest whole number that isn't below.
    public var ceiling: Number { rounded(.up) }

    // MARK: Powers

    /// The power with a whole exponent; nil for zero with a negative one, and when the result's exponent is out of
    /// range. Exact when it fits in 34 digits; otherwise each of the multiplications rounds, so that the last digits may
    /// be off.
    public func power(_ exponent: Int) -> Number? {
        guard exponent >= 0 else {
            guard exponent > Int.min, let whole = power(-exponent) else { return nil }
            return Number(1).divided(by: whole)
        }
        // From the highest bit down: no step is larger than the result, so none rounds if the result doesn't.
        let base = normalized
        var result = Number(1)
        for bit in stride(from: Int.bitWidth - 1 - exponent.leadingZeroBitCount, through: 0, by: -1) {
            result = (result * result).normalized
            if exponent & (1 << bit) != 0 { result = (result * base).normalized }
            guard result.exponent.magnitude < Self.maxExponent else { return nil }
        }
        return result
    }
}
