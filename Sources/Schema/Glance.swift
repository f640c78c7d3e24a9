import Document

/// Values that a subschema is sure to take, as far as a value's word on the tape and a number's first byte can tell: those of
/// some kinds, strings of some lengths, numbers without a minus. They needn't be checked.
struct Glance: Sendable {
    var kinds = Kinds()
    /// Numbers whose text begins with this byte or a greater one; none when it is 0.
    private var leastByte: UInt8 = 0
    /// Of these only those that are written as integers.
    private var onlyIntegers = false
    /// Strings of so many bytes; none when the first is greater.
    private var shortest: UInt32 = 1
    private var longest: UInt32 = 0

    /// Whether a value is fine, by its word. A link never is.
    ///
    /// - Parameter texts: the first byte of the tape.
    @inline(__always)
    func takes(_ word: UInt64, _ texts: UnsafePointer<UInt8>) -> Bool {
        let tag = word >> 60
        if UInt64(kinds.rawValue) &>> tag & 1 != 0 { return true }
        if tag == UInt64(Tag.string.rawValue) {
            // A string's length are the 26 bits above its offset.
            let length = UInt32(truncatingIfNeeded: word >> 32) & 0x3FF_FFFF
            return length >= shortest && length <= longest
        }
        guard tag == UInt64(Tag.number.rawValue), leastByte != 0, !onlyIntegers || word & Self.integer != 0 else {
            return false
        }
        return texts[Int(UInt32(truncatingIfNeeded: word))] >= leastByte
    }

    /// The bit of a number's word that tells of an integer; see ``Node/isWrittenAsInteger``.
    private static let integer: UInt64 = 1 << 58

    init() {}

    /// All values.
    static let all: Glance = {
        var glance = Glance()
        glance.kinds = .all
        return glance
    }()

    /// What a subschema takes: of the kinds it has nothing to say about, strings whose length alone matters, and numbers
    /// from 0 or 1 on.
    init(_ number: Int32, _ draft: Program.Draft) {
        let subschema = draft.subschemas[Int(number)]
        // What is evaluated must be noted.
        if subschema.tracks { return }
        for tag in UInt8(0)..<UInt8(Subschema.unevaluated) {
            let kind = Kinds(rawValue: 1 << tag)
            guard subschema.kinds.contains(kind) else { continue }
            let instructions = draft.instructions[draft.spans[Int(number) * 8 + Int(tag)].range]
            let isWhole = kind == .number && subschema.wholeNumbers
            if instructions.isEmpty, !isWhole { kinds.insert(kind) }
            if kind == .string { bound(strings: instructions) }
            if kind == .number { bound(numbers: instructions, onlyIntegers: isWhole) }
        }
    }

    /// A code point takes one byte to four.
    private mutating func bound(strings instructions: ArraySlice<Instruction>) {
        var (shortest, longest) = (0, Int(UInt32.max))
        for instruction in instructions {
            switch instruction.operation {
            case .minLength: shortest = max(shortest, 4 * (Int(instruction.a) - 1) + 1)
            case .maxLength: longest = min(longest, Int(instruction.a))
            default: return
            }
        }
        if shortest <= longest { (self.shortest, self.longest) = (UInt32(shortest), UInt32(longest)) }
    }

    /// A text that begins with a digit means 0 or more, and an integer's that begins with another one than 0 means 1 or
    /// more: JSON has no leading zeros.
    private mutating func bound(numbers instructions: ArraySlice<Instruction>, onlyIntegers: Bool) {
        var leastByte: UInt8 = 1
        for instruction in instructions {
            guard instruction.c == 1 else { return }
            switch (instruction.operation, instruction.b) {
            case (.minimum, ...0), (.exclusiveMinimum, ..<0): leastByte = max(leastByte, UInt8(ascii: "0"))
            case (.minimum, 1), (.exclusiveMinimum, 0): leastByte = max(leastByte, UInt8(ascii: "1"))
            default: return
            }
        }
        self.leastByte = leastByte
        self.onlyIntegers = onlyIntegers || leastByte > UInt8(ascii: "0")
    }
}
