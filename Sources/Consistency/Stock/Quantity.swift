import Document

/// A quantity of goods, exact to the thousandth: pieces, kilograms, litres.
struct Quantity: Hashable, Comparable {
    var thousandths: Int64

    static let zero = Quantity(thousandths: 0)

    init(thousandths: Int64) { self.thousandths = thousandths }

    /// Nil when it has more than three decimals or is beyond 10^12.
    init?(_ number: Number) {
        let scaled = Number(
            isNegative: number.isNegative, coefficient: number.coefficient, exponent: number.exponent + 3)
        guard let value = scaled.integer, value.magnitude <= 1_000_000_000_000_000 else { return nil }
        thousandths = Int64(value)
    }

    /// Reads a member; nil when it isn't such a number.
    init?(_ node: Node?) {
        guard let number = node?.number else { return nil }
        self.init(number)
    }

    static func < (one: Quantity, other: Quantity) -> Bool { one.thousandths < other.thousandths }
    static func + (one: Quantity, other: Quantity) -> Quantity {
        Quantity(thousandths: one.thousandths &+ other.thousandths)
    }
    static func - (one: Quantity, other: Quantity) -> Quantity {
        Quantity(thousandths: one.thousandths &- other.thousandths)
    }
    static func += (one: inout Quantity, other: Quantity) { one = one + other }

    /// As a JSON number without needless zeros.
    var text: String {
        let sign = thousandths < 0 ? "-" : ""
        let magnitude = thousandths.magnitude
        var fraction = String(magnitude % 1000 + 1000).dropFirst()
        while fraction.last == "0" { fraction.removeLast() }
        return "\(sign)\(magnitude / 1000)\(fraction.isEmpty ? "" : ".\(fraction)")"
    }
}

/// A hash of an id that is the same everywhere and for ever (FNV-1a, 64 bits).
func stableHash(_ text: String) -> UInt64 {
    var text = text
    return text.withUTF8 { stableHash($0) }
}

/// The same of UTF-8.
func stableHash(_ text: UnsafeBufferPointer<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in text { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return hash
}
