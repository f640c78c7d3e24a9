import Document

/// What the evaluator asks of numbers beside their own arithmetic.
extension Number {
    /// The same magnitude with the other sign; zero stays.
    var negated: Number { coefficient == 0 ? self : -self }

    /// The magnitude.
    var magnitude: Number { isNegative ? -self : self }

    /// How many digits a coefficient has; 1 for zero.
    static func digits(_ value: UInt128) -> Int {
        var count = 1
        var left = value / 10
        while left > 0 {
            count += 1
            left /= 10
        }
        return count
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
