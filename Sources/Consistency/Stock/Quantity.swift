public import Document

/// A quantity of goods, exact to the thousandth: pieces, kilograms, litres.
struct Quantity: Hashable, Comparable, BitwiseCopyable {
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
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.longest) { room in
            let count = write(to: room.baseAddress!)
            return String(decoding: room[..<count], as: UTF8.self)
        }
    }

    /// The most bytes that one takes when it is written.
    static let longest = 24

    /// Writes it as a JSON number without needless zeros; answers how many bytes that took.
    func write(to room: UnsafeMutablePointer<UInt8>) -> Int {
        var at = 0
        func put(_ byte: UInt8) {
            room[at] = byte
            at += 1
        }
        if thousandths < 0 { put(UInt8(ascii: "-")) }
        let magnitude = thousandths.magnitude
        var rest = magnitude / 1000
        var scale: UInt64 = 1
        while rest / scale >= 10 { scale *= 10 }
        while scale > 0 {
            put(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest / scale))
            rest %= scale
            scale /= 10
        }
        var fraction = magnitude % 1000
        if fraction > 0 { put(UInt8(ascii: ".")) }
        while fraction > 0 {
            put(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: fraction / 100))
            fraction = fraction % 100 * 10
        }
        return at
    }
}

extension Engine {
    /// Whether a hold may ask for so much: above zero, at most 10^12, in thousandths.
    public static func takes(hold quantity: Number) -> Bool { Quantity(quantity).map { $0 > .zero } ?? false }
}
