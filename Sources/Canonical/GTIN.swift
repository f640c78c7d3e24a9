/// A Global Trade Item Number (GS1 General Specifications): 14 digits, of which the last checks the others.
public struct GTIN: Sendable, Hashable, CustomStringConvertible {
    /// The 14 digits.
    public let description: String

    /// Why a text is no GTIN.
    public enum Fault: String, Error, Sendable {
        case length = "a GTIN has 8, 12, 13 or 14 digits"
        case character = "a GTIN has digits only"
        case zero = "a GTIN of zeros names nothing"
        case check = "the GTIN's check digit is wrong"
    }

    /// Reads a GTIN-8, -12, -13 or -14 and fills it up to 14 digits from the left. Blanks around it don't count.
    public init(_ text: some StringProtocol) throws(Fault) {
        let digits = Array(text.utf8.drop { $0 == 0x20 }.reversed().drop { $0 == 0x20 }.reversed())
        guard digits.allSatisfy({ $0 &- 48 < 10 }) else { throw .character }
        guard [8, 12, 13, 14].contains(digits.count) else { throw .length }
        guard digits.contains(where: { $0 != 48 }) else { throw .zero }
        guard Self.checkDigit(of: digits.dropLast()) == digits.last! &- 48 else { throw .check }
        description = String(repeating: "0", count: 14 - digits.count) + String(decoding: digits, as: UTF8.self)
    }

    /// Whether these bytes are a GTIN in its normal form: 14 digits, the last of them right, not all zero.
    public static func isNormal(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard text.count == 14 else { return false }
        var any: UInt8 = 0
        var sum = 0
        for place in 0..<14 {
            let digit = text[place] &- 48
            guard digit < 10 else { return false }
            any |= digit
            sum += Int(digit) * (place & 1 == 0 ? 3 : 1)
        }
        // The weights of 14 digits alternate from 3 to 1; with the last one all of them make tens.
        return any != 0 && sum % 10 == 0
    }

    /// The digit that completes these: weights 3 and 1 alternate from the right (GS1, section 7.9).
    public static func checkDigit(of digits: some BidirectionalCollection<UInt8>) -> UInt8 {
        var sum = 0
        var weight = 3
        for digit in digits.reversed() {
            sum += Int(digit &- 48) * weight
            weight = 4 - weight
        }
        return UInt8((10 - sum % 10) % 10)
    }
}

/// The key of a stock position: `<gtin>@<place>`.
public struct StockKey: Sendable, Hashable, CustomStringConvertible {
    /// The product's key.
    public let product: String
    /// The place's key.
    public let place: String

    /// A position.
    public init(product: String, place: String) {
        self.product = product
        self.place = place
    }

    /// Reads `<product>@<place>`; nil when either is missing. A place may hold an `@`, a product can't.
    public init?(_ key: String) {
        var key = key
        guard let found = key.withUTF8({ StockKey($0) }) else { return nil }
        self = found
    }

    private init?(_ key: UnsafeBufferPointer<UInt8>) {
        guard let at = key.firstIndex(of: UInt8(ascii: "@")), at > 0, at + 1 < key.count else { return nil }
        product = String(decoding: UnsafeBufferPointer(rebasing: key[..<at]), as: UTF8.self)
        place = String(decoding: UnsafeBufferPointer(rebasing: key[(at + 1)...]), as: UTF8.self)
    }

    /// The key.
    public var description: String { "\(product)@\(place)" }
}
