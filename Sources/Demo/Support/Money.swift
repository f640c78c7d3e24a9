import Document

/// Prices as tills and shops know them.
enum Money {
    /// The price to the nearest 0.05, as shops without small coins ask it; exact halves go up. Always two decimals.
    /// Nil for what can't be a price: below zero, or out of range.
    static func cashRounded(_ price: Number) -> Number? {
        guard !price.isNegative || price.coefficient == 0, price.coefficient < Number(1_000_000_000_000_000).coefficient
        else { return nil }
        guard (-15...3).contains(price.exponent) else { return nil }
        var scale: UInt128 = 1
        for _ in 0..<price.exponent.magnitude { scale *= 10 }
        // In steps of 0.05: twenty to the euro.
        let steps: UInt128
        if price.exponent >= 0 {
            steps = price.coefficient * scale * 20
        } else {
            let (whole, rest) = (price.coefficient * 20).quotientAndRemainder(dividingBy: scale)
            steps = rest * 2 >= scale ? whole + 1 : whole
        }
        return Number(isNegative: false, coefficient: steps * 5, exponent: -2)
    }

    /// A decimal with a comma, as Central European spreadsheets write it.
    static func withComma(_ price: String) -> String { price.replacing(".", with: ",") }
}

extension Money {
    /// The cents of a price with two decimals; 0 for nil.
    static func cents(_ price: String?) -> Int {
        guard let number = price.flatMap({ Number($0) }) else { return 0 }
        return Int(number.isNegative ? 0 : number.coefficient)
    }

    /// A price with two decimals from its cents.
    static func text(_ cents: Int) -> String {
        Number(isNegative: false, coefficient: UInt128(cents), exponent: -2).description
    }
}
