/// A segment's tag: three capitals or digits, packed.
struct EDIFACTTag: Hashable {
    private let packed: UInt32

    /// The tag at the start of a segment; nil when there is none.
    init?(_ text: some Collection<UInt8>) {
        guard text.count == 3 else { return nil }
        var packed: UInt32 = 0
        for byte in text {
            guard (65...90).contains(byte) || isDigit(byte) else { return nil }
            packed = packed << 8 | UInt32(byte)
        }
        self.packed = packed
    }

    init?(_ text: String) { self.init(text.utf8) }

    /// The three letters.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The three letters in ASCII.
    var bytes: [UInt8] {
        [UInt8(packed >> 16), UInt8(truncatingIfNeeded: packed >> 8), UInt8(truncatingIfNeeded: packed)]
    }

    private init(known text: StaticString) {
        let letters = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        packed = letters.reduce(0) { $0 << 8 | UInt32($1) }
    }

    static let unb = EDIFACTTag(known: "UNB")
    static let ung = EDIFACTTag(known: "UNG")
    static let unh = EDIFACTTag(known: "UNH")
    static let unt = EDIFACTTag(known: "UNT")
    static let une = EDIFACTTag(known: "UNE")
    static let unz = EDIFACTTag(known: "UNZ")
}
