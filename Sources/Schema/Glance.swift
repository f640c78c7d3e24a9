import Document

/// Values that a subschema is sure to take, as far as a value's word on the tape can tell: those of some kinds, and strings
/// of some lengths. They needn't be checked.
struct Glance: Sendable {
    var kinds = Kinds()
    /// Strings of so many bytes; none when the first is greater.
    var shortest: UInt32 = 1
    var longest: UInt32 = 0

    /// Whether a value is fine, by its word. A link never is.
    @inline(__always)
    func takes(_ word: UInt64) -> Bool {
        let tag = word >> 60
        if UInt64(kinds.rawValue) >> tag & 1 != 0 { return true }
        // A string's length are the 26 bits above its offset.
        let length = UInt32(truncatingIfNeeded: word >> 32) & 0x3FF_FFFF
        return tag == UInt64(Tag.string.rawValue) && length >= shortest && length <= longest
    }

    init() {}

    /// All values.
    static let all: Glance = {
        var glance = Glance()
        glance.kinds = .all
        return glance
    }()

    /// What a subschema takes: of the kinds it has nothing to say about, and strings whose length alone matters.
    init(_ number: Int32, _ draft: Program.Draft) {
        let subschema = draft.subschemas[Int(number)]
        // What is evaluated must be noted.
        if subschema.tracks { return }
        for tag in UInt8(0)..<UInt8(Subschema.unevaluated) {
            let kind = Kinds(rawValue: 1 << tag)
            guard subschema.kinds.contains(kind), !(kind == .number && subschema.wholeNumbers) else { continue }
            let instructions = draft.instructions[draft.spans[Int(number) * 8 + Int(tag)].range]
            if instructions.isEmpty { kinds.insert(kind) } else if kind == .string { bound(instructions) }
        }
    }

    /// A code point takes one byte to four.
    private mutating func bound(_ instructions: ArraySlice<Instruction>) {
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
}
