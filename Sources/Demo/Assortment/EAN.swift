/// Article numbers as GS1 gives them out (GS1 General Specifications, 7.9: check digit).
///
/// All numbers of the demonstration begin with 952, the prefix that GS1 keeps for demonstrations and examples.
public enum EAN {
    /// The digit that belongs behind `digits`; nil when they aren't digits only.
    public static func checkDigit(for digits: String) -> Int? {
        var sum = 0
        var weight = 3
        for byte in digits.utf8.reversed() {
            guard byte &- 48 < 10 else { return nil }
            sum += Int(byte - 48) * weight
            weight = 4 - weight
        }
        return digits.isEmpty ? nil : (10 - sum % 10) % 10
    }

    /// Whether the last of the digits is the check digit of those before it, and they aren't all zero.
    public static func isValid(_ number: String) -> Bool {
        guard let last = number.utf8.last, [8, 12, 13, 14].contains(number.utf8.count) else { return false }
        return checkDigit(for: String(number.dropLast())) == Int(last) - 48 && number.utf8.contains { $0 != 48 }
    }

    /// The same number with 14 digits, as trading partners compare them (a GTIN).
    public static func gtin14(_ number: String) -> String {
        String(repeating: "0", count: max(0, 14 - number.utf8.count)) + number
    }

    /// The thirteen-digit number of the demonstration's `item`-th article.
    package static func example(_ item: Int) -> String {
        let digits = String(item)
        let body = "95200010" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
        return body + String(checkDigit(for: body) ?? 0)
    }
}
