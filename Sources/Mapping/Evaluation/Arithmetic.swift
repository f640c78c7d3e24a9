import Document

/// Exact decimal arithmetic: sums, differences, products and remainders are exact to 34 digits, then rounded half to even
/// (IEEE 754 decimal128).
extension Number {
    /// The same magnitude with the other sign; zero stays.
    var negated: Number {
        coefficient == 0 ? self : Number(isNegative: !isNegative, coefficient: coefficient, exponent: exponent)
    }

    /// The magnitude.
    var magnitude: Number { Number(isNegative: false, coefficient: coefficient, exponent: exponent) }

    static let ten: [UInt128] = (0...38).reduce(into: []) { powers, _ in
        powers.append(powers.last.map { $0 * 10 } ?? 1)
    }

    /// How many digits a coefficient has; 1 for zero.
    static func digits(_ value: UInt128) -> Int {
        var count = 1
        while count < 39, ten[count] <= value { count += 1 }
        return count
    }

    /// The sum.
    static func + (left: Number, right: Number) -> Number {
        if left.coefficient == 0 { return right.coefficient == 0 ? Number(0) : right }
        if right.coefficient == 0 { return left }
        let (high, low) = left.exponent >= right.exponent ? (left, right) : (right, left)
        // Scale the one with the larger exponent up as far as it has room (37 digits leave some for the carry); the
        // other one's digits below that are beyond 34 digits, and only tell which way to round.
        let shift = high.exponent - low.exponent
        let room = max(0, 37 - digits(high.coefficient))
        let raise = min(shift, room)
        let a = high.coefficient * ten[raise]
        var b = low.coefficient
        var exponent = low.exponent
        if shift > raise {
            let drop = shift - raise
            exponent = high.exponent - raise
            let (kept, lost) = drop < 39 ? b.quotientAndRemainder(dividingBy: ten[drop]) : (0, b)
            // A digit that is lost must not look like a tie: keep it visible in the last place.
            b = lost != 0 && kept % 10 == 0 ? kept + 1 : kept
        }
        if high.isNegative == low.isNegative {
            return Number(isNegative: high.isNegative, coefficient: a + b, exponent: exponent)
        }
        return a >= b
            ? Number(isNegative: a == b ? false : high.isNegative, coefficient: a - b, exponent: exponent)
            : Number(isNegative: low.isNegative, coefficient: b - a, exponent: exponent)
    }

    /// The difference.
    static func - (left: Number, right: Number) -> Number { left + right.negated }

    /// The product.
    static func * (left: Number, right: Number) -> Number {
        var exponent = left.exponent + right.exponent
        let negative = left.isNegative != right.isNegative
        let (product, overflow) = left.coefficient.multipliedReportingOverflow(by: right.coefficient)
        if !overflow {
            return Number(isNegative: product == 0 ? false : negative, coefficient: product, exponent: exponent)
        }
        // 68 digits at most: divide by the power of ten that leaves 35 to 38, and keep what is lost visible.
        let wide = left.coefficient.multipliedFullWidth(by: right.coefficient)
        let drop = digits(left.coefficient) + digits(right.coefficient) - 37
        let (quotient, remainder) = ten[drop].dividingFullWidth(wide)
        exponent += drop
        let visible = remainder != 0 && quotient % 10 == 0 ? quotient + 1 : quotient
        return Number(isNegative: negative, coefficient: visible, exponent: exponent)
    }

    /// The quotient, when it ends within 34 digits; nil when it doesn't. The divisor must not be zero.
    func exactQuotient(_ divisor: Number) -> Number? {
        if coefficient == 0 { return Number(0) }
        var exponent = self.exponent - divisor.exponent
        var (quotient, remainder) = coefficient.quotientAndRemainder(dividingBy: divisor.coefficient)
        while remainder != 0 {
            guard quotient < Self.ten[33] else { return nil }
            let (digit, rest) = (remainder * 10).quotientAndRemainder(dividingBy: divisor.coefficient)
            quotient = quotient * 10 + digit
            remainder = rest
            exponent -= 1
        }
        return Number(isNegative: isNegative != divisor.isNegative, coefficient: quotient, exponent: exponent)
    }

    /// The remainder of the division that truncates, with the sign of the dividend. The divisor must not be zero.
    func remainder(_ divisor: Number) -> Number {
        if coefficient == 0 || magnitude < divisor.magnitude { return self }
        if exponent >= divisor.exponent {
            // value mod d with value = c × 10^k: raise step by step, modulo d.
            var rest = coefficient % divisor.coefficient
            for _ in 0..<(exponent - divisor.exponent) { rest = (rest * 10) % divisor.coefficient }
            return Number(isNegative: isNegative && rest != 0, coefficient: rest, exponent: divisor.exponent)
        }
        let shift = divisor.exponent - exponent
        let (scaled, overflow) =
            shift < 39 ? divisor.coefficient.multipliedReportingOverflow(by: Self.ten[shift]) : (0, true)
        if overflow { return self }
        let rest = coefficient % scaled
        return Number(isNegative: isNegative && rest != 0, coefficient: rest, exponent: exponent)
    }

    /// How a number is rounded.
    enum Rounding {
        /// Towards minus infinity.
        case down
        /// Towards plus infinity.
        case up
        /// To the nearest; the middle to the even neighbour.
        case halfEven
    }

    /// The number with at most so many decimals (negative: tens, hundreds …).
    func rounded(_ rounding: Rounding, decimals: Int = 0) -> Number {
        guard exponent < -decimals else { return self }
        let drop = -decimals - exponent
        guard drop < 39 else {
            let away: Bool
            switch rounding {
            case .down: away = isNegative && coefficient != 0
            case .up: away = !isNegative && coefficient != 0
            case .halfEven: away = false
            }
            return Number(isNegative: isNegative && away, coefficient: away ? 1 : 0, exponent: -decimals)
        }
        var (quotient, rest) = coefficient.quotientAndRemainder(dividingBy: Self.ten[drop])
        switch rounding {
        case .down: if isNegative, rest != 0 { quotient += 1 }
        case .up: if !isNegative, rest != 0 { quotient += 1 }
        case .halfEven:
            let half = Self.ten[drop] / 2
            if rest > half || (rest == half && quotient & 1 == 1) { quotient += 1 }
        }
        return Number(isNegative: isNegative && quotient != 0, coefficient: quotient, exponent: -decimals)
    }

    /// Whether it has no fraction.
    var isInteger: Bool { exponent >= 0 || normalized.exponent >= 0 }
}

extension Value {
    /// The number in one word, when it fits there.
    init?(exact number: Number) {
        let plain = number.coefficient < 1 << 51 ? number : number.normalized
        guard plain.coefficient < 1 << 51, plain.exponent >= -128, plain.exponent < 128 else { return nil }
        let magnitude = Int(plain.coefficient)
        self.init(coefficient: plain.isNegative ? -magnitude : magnitude, exponent: plain.exponent)
    }

    /// The number a decimal word holds.
    var smallNumber: Number {
        Number(
            isNegative: coefficient < 0, coefficient: UInt128(coefficient.magnitude), exponent: exponent)
    }
}
