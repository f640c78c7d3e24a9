import Document

extension Number {
    /// The digits without exponent, `1299.90`; nil for numbers of more than 40 digits.
    var plainText: String? {
        guard exponent > -40, exponent < 40 else { return nil }
        var digits = String(coefficient)
        if exponent >= 0 {
            digits += String(repeating: "0", count: coefficient == 0 ? 0 : exponent)
        } else {
            digits = String(repeating: "0", count: max(0, 1 - exponent - digits.utf8.count)) + digits
            digits.insert(".", at: digits.index(digits.endIndex, offsetBy: exponent))
        }
        return (isNegative ? "-" : "") + digits
    }
}
