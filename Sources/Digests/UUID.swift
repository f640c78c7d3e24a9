/// A universally unique identifier (RFC 9562), compared and ordered by its bytes.
public struct UUID: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The first eight bytes, the first of them highest.
    public let high: UInt64
    /// The last eight bytes.
    public let low: UInt64

    /// From its two halves.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// From the usual text of 36 characters, in either case; nil when it is anything else.
    public init?(_ text: some StringProtocol) {
        var halves: (high: UInt64, low: UInt64) = (0, 0)
        var index = 0
        for character in text.utf8 {
            switch index {
            case 8, 13, 18, 23:
                guard character == UInt8(ascii: "-") else { return nil }
            default:
                guard index < 36, let value = Hex.value(character) else { return nil }
                if index < 18 {
                    halves.high = halves.high << 4 | UInt64(value)
                } else {
                    halves.low = halves.low << 4 | UInt64(value)
                }
            }
            index += 1
        }
        guard index == 36 else { return nil }
        self.init(high: halves.high, low: halves.low)
    }

    /// Version 5: the same name in the same namespace gives the same identifier, everywhere and for ever.
    ///
    ///     UUID.named("www.example.com".utf8.span, in: .dns)
    public static func named(_ name: Span<UInt8>, in namespace: UUID) -> UUID {
        let digest = Algorithm.sha1.digest(namespace.bytes.span, name, count: 20)
        return UUID(first16: digest, version: 5)
    }

    /// Version 5: the same name (its UTF-8) in the same namespace gives the same identifier, everywhere and for ever.
    public static func named(_ name: String, in namespace: UUID) -> UUID {
        named(name.utf8.span, in: namespace)
    }

    /// Version 4: 122 random bits.
    public static func random() -> UUID { UUID(first16: SecureRandom.bytes(16), version: 4) }

    /// The namespace of domain names (RFC 9562, section 6.6).
    public static let dns = UUID(high: 0x6ba7_b810_9dad_11d1, low: 0x80b4_00c0_4fd4_30c8)
    /// The namespace of URLs (RFC 9562, section 6.6).
    public static let url = UUID(high: 0x6ba7_b811_9dad_11d1, low: 0x80b4_00c0_4fd4_30c8)

    /// The 16 bytes in the network's order.
    public var bytes: [UInt8] {
        (0..<16).map { UInt8(truncatingIfNeeded: ($0 < 8 ? high : low) >> UInt64(56 - 8 * ($0 % 8))) }
    }

    /// The version's number, from its four bits.
    public var version: Int { Int(high >> 12 & 15) }

    /// 36 characters in lower case.
    public var description: String {
        String(unsafeUninitializedCapacity: 36) { text in
            write(to: text.baseAddress!)
            return 36
        }
    }

    /// By the bytes from the first to the last.
    public static func < (one: UUID, other: UUID) -> Bool {
        (one.high, one.low) < (other.high, other.low)
    }

    private init(first16 bytes: [UInt8], version: UInt64) {
        var halves: (high: UInt64, low: UInt64) = (0, 0)
        for index in 0..<8 {
            halves.high = halves.high << 8 | UInt64(bytes[index])
            halves.low = halves.low << 8 | UInt64(bytes[index + 8])
        }
        self.init(version: version, high: halves.high, low: halves.low)
    }

    /// These bits, with the version's and the variant's over them.
    init(version: UInt64, high: UInt64, low: UInt64) {
        self.high = high & ~0xF000 | version << 12
        self.low = low & ~(0b11 << 62) | 0b10 << 62
    }
}

extension UUID {
    /// Writes the 36 characters of ``description`` to memory that has room for them.
    public func write(to text: UnsafeMutablePointer<UInt8>) {
        let room = UnsafeMutableRawPointer(text)
        let (first, second) = (Self.digits(high >> 32), Self.digits(high & 0xFFFF_FFFF))
        let (third, fourth) = (Self.digits(low >> 32), Self.digits(low & 0xFFFF_FFFF))
        room.storeBytes(of: first, as: UInt64.self)
        room.storeBytes(of: UInt32(truncatingIfNeeded: second), toByteOffset: 9, as: UInt32.self)
        room.storeBytes(of: UInt32(truncatingIfNeeded: second >> 32), toByteOffset: 14, as: UInt32.self)
        room.storeBytes(of: UInt32(truncatingIfNeeded: third), toByteOffset: 19, as: UInt32.self)
        room.storeBytes(of: UInt32(truncatingIfNeeded: third >> 32), toByteOffset: 24, as: UInt32.self)
        room.storeBytes(of: fourth, toByteOffset: 28, as: UInt64.self)
        text[8] = UInt8(ascii: "-")
        text[13] = UInt8(ascii: "-")
        text[18] = UInt8(ascii: "-")
        text[23] = UInt8(ascii: "-")
    }

    /// The eight digits of 32 bits, in the order of memory.
    private static func digits(_ bits: UInt64) -> UInt64 {
        // Each nibble into a byte of its own, then all of them into letters at once.
        var nibbles = (bits | bits << 16) & 0x0000_FFFF_0000_FFFF
        nibbles = (nibbles | nibbles << 8) & 0x00FF_00FF_00FF_00FF
        nibbles = (nibbles | nibbles << 4) & 0x0F0F_0F0F_0F0F_0F0F
        let isLetter = (nibbles &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        // The highest nibble is the first digit.
        return (nibbles &+ 0x3030_3030_3030_3030 &+ isLetter &* 39).bigEndian
    }
}
