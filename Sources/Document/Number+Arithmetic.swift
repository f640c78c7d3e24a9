extension Number {
    /// Whether dividing by the other number leaves nothing, exactly. Nothing is a multiple of zero.
    public func isMultiple(of divisor: Number) -> Bool {
        guard divisor.coefficient != 0 else { return false }
        guard coefficient != 0 else { return true }
        let shift = exponent - divisor.exponent
        if shift >= 0 {
            let scale = Self.power(of: 10, shift, modulo: divisor.coefficient)
            return Self.product(coefficient % divisor.coefficient, scale, modulo: divisor.coefficient) == 0
        }
        guard -shift <= Self.maxDigits else { return false }
        let (whole, rest) = coefficient.quotientAndRemainder(dividingBy: Self.powersOfTen[-shift])
        return rest == 0 && whole % divisor.coefficient == 0
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
}
