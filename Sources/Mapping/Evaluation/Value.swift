import Document

/// A value while a mapping runs: one word, as it would stand inside a container on the tape.
///
/// `null`, booleans, strings and numbers are the tape's own words; arrays and objects are links to where they lie. So
/// moving a subtree from the input to the output is copying a word. Tags the tape doesn't know are the evaluator's own:
/// they may stand in containers until the result is sealed.
struct Value: Equatable {
    let bits: UInt64

    init(bits: UInt64) { self.bits = bits }

    static let null = Value(bits: 0)
    static let `false` = Value(bits: 1 << 60)
    static let `true` = Value(bits: 2 << 60)
    static let number: UInt64 = 3
    static let string: UInt64 = 4
    static let array: UInt64 = 5
    static let object: UInt64 = 6
    static let link: UInt64 = 7
    static let undefinedTag: UInt64 = 8
    static let function: UInt64 = 9
    static let decimal: UInt64 = 10
    static let tuples: UInt64 = 11

    /// A double that has no text yet: its eight bytes lie at an offset of the tape.
    static let real: UInt64 = 14

    /// Nothing: what a name yields that isn't there. Not `null` (I8).
    static let undefined = Value(bits: undefinedTag << 60)
    /// A call in tail position, waiting in the machine.
    static let tailCall = Value(bits: 12 << 60)
    /// The `?` of a partial application.
    static let placeholder = Value(bits: 13 << 60)

    init(_ truth: Bool) { self = truth ? .true : .false }

    var tag: UInt64 { bits >> 60 }
    var isUndefined: Bool { bits >> 60 == Self.undefinedTag }
    var isString: Bool { bits >> 60 == Self.string }
    var isNumber: Bool { bits >> 60 == Self.number || bits >> 60 == Self.decimal || isReal }
    var isReal: Bool { bits >> 60 == Self.real }
    /// A string's word, or a number's that is a text.
    var isText: Bool { isString || bits >> 60 == Self.number }
    var isLink: Bool { bits >> 60 == Self.link }
    var isFunction: Bool { bits >> 60 == Self.function }
    var isTuples: Bool { bits >> 60 == Self.tuples }
    var isBoolean: Bool { bits == Self.true.bits || bits == Self.false.bits }
    var isNull: Bool { bits >> 60 == 0 }

    /// Whether readers of the tape must not see it: a tag of the evaluator's own, a link with flags, a number that is marked.
    var isLoose: Bool { bits > Self.link << 60 | 0xFFFF_FFFF || bits >> 59 == Self.number << 1 | 1 }

    /// Whether it is a literal, a string or a number's text, as readers of the tape want it.
    var isFirm: Bool { bits < (Self.string + 1) << 60 && bits >> 59 != Self.number << 1 | 1 }

    // MARK: Links

    /// An array that is a sequence of results: one of one element is that element.
    static let sequence: UInt64 = 1 << 32
    /// An array that a constructor in a path made: it doesn't flatten.
    static let constructed: UInt64 = 1 << 33
    /// A sequence that stays an array when it holds one element.
    static let keepsSingleton: UInt64 = 1 << 34
    /// The array around an input that is an array itself.
    static let outer: UInt64 = 1 << 35

    init(link index: Int, flags: UInt64 = 0) {
        bits = Self.link << 60 | flags | UInt64(truncatingIfNeeded: index)
    }

    /// Where a link points; for functions and tuples, their place in the machine's tables.
    var index: Int { Int(UInt32(truncatingIfNeeded: bits)) }
    func has(_ flag: UInt64) -> Bool { bits & flag != 0 }
    func adding(_ flag: UInt64) -> Value { Value(bits: bits | flag) }

    // MARK: Texts

    /// The length of a string's or number's text.
    var length: Int { Int((bits >> 32) & 0x3FF_FFFF) }
    /// The offset of a string's or number's text.
    var offset: Int { Int(UInt32(truncatingIfNeeded: bits)) }
    /// On a number's text: a binary double came in, the digits are not exact.
    static let inexact: UInt64 = 1 << 59
    /// On a string: it needs escapes when written.
    static let escapes: UInt64 = 1 << 58

    // MARK: Decimals that fit in the word

    /// `coefficient × 10^exponent`, when both fit; 52 and 8 bits.
    @inline(__always)
    init?(coefficient: Int, exponent: Int) {
        guard coefficient >= -(1 << 51), coefficient < 1 << 51, exponent >= -128, exponent < 128 else { return nil }
        bits =
            Self.decimal << 60 | UInt64(UInt8(bitPattern: Int8(exponent))) << 52
            | UInt64(bitPattern: Int64(coefficient)) & (1 << 52 - 1)
    }

    init(small coefficient: Int) {
        bits = Self.decimal << 60 | UInt64(bitPattern: Int64(coefficient)) & (1 << 52 - 1)
    }

    var coefficient: Int { Int(Int64(bitPattern: bits << 12) >> 12) }
    var exponent: Int { Int(Int8(bitPattern: UInt8(truncatingIfNeeded: bits >> 52))) }
}
