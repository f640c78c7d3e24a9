import Document
import Patterns

/// A compiled schema: flat tables, indices instead of references, immutable. One list of instructions holds those of
/// all subschemas; each subschema names its parts of the list, one for each kind of value.
final class Program: @unchecked Sendable {
    let subschemas: UnsafeBufferPointer<Subschema>
    let instructions: UnsafeBufferPointer<Instruction>
    let objects: UnsafeBufferPointer<ObjectRules>
    let arrays: UnsafeBufferPointer<ArrayRules>
    let names: NameTables
    let patternRules: UnsafeBufferPointer<PatternRule>
    /// Lists of subschemas: the branches of `anyOf`, the items of `prefixItems`.
    let lists: UnsafeBufferPointer<Int32>
    let patterns: UnsafeBufferPointer<Pattern>
    let numbers: UnsafeBufferPointer<Number>
    let formats: UnsafeBufferPointer<Format>
    /// Constants of `const` and `enum`.
    let constants: UnsafeBufferPointer<Node>
    private let constantTape: Tape
    /// Where each keyword stands, for reports.
    let places: [KeywordPlace]
    let root: Int32

    init(_ draft: consuming Draft, root: Int32) {
        subschemas = .copy(of: draft.subschemas)
        instructions = .copy(of: draft.instructions)
        objects = .copy(of: draft.objects)
        arrays = .copy(of: draft.arrays)
        names = draft.names.frozen
        patternRules = .copy(of: draft.patternRules)
        lists = .copy(of: draft.lists)
        patterns = .copy(of: draft.patterns)
        numbers = .copy(of: draft.numbers)
        formats = .copy(of: draft.formats)
        var tape = Tape()
        var nodes: [Node] = []
        for constant in draft.constants { nodes.append(tape.append(constant)) }
        constants = .copy(of: nodes)
        constantTape = tape
        places = draft.places
        self.root = root
    }

    deinit {
        subschemas.free()
        instructions.free()
        objects.free()
        arrays.free()
        patternRules.free()
        lists.free()
        patterns.free()
        numbers.free()
        formats.free()
        constants.free()
    }

    /// What a program is built from.
    struct Draft {
        var subschemas: [Subschema] = []
        var instructions: [Instruction] = []
        var objects: [ObjectRules] = []
        var arrays: [ArrayRules] = []
        var names = NameTables.Draft()
        var patternRules: [PatternRule] = []
        var lists: [Int32] = []
        var patterns: [Pattern] = []
        var numbers: [Number] = []
        var formats: [Format] = []
        var constants: [JSON] = []
        var places: [KeywordPlace] = []
    }
}

/// Where a keyword stands.
struct KeywordPlace: Sendable {
    let file: String
    /// The pointer to the keyword, in its file.
    let pointer: String
    let keyword: String
}

/// Kinds of values as `type` tells them apart, as bits.
struct Kinds: OptionSet, Sendable, Hashable {
    let rawValue: UInt8

    static let null = Kinds(rawValue: 1)
    static let boolean = Kinds(rawValue: 2)
    /// Numbers without a fraction, however they are written.
    static let integer = Kinds(rawValue: 4)
    /// Numbers with a fraction.
    static let fraction = Kinds(rawValue: 8)
    static let string = Kinds(rawValue: 16)
    static let array = Kinds(rawValue: 32)
    static let object = Kinds(rawValue: 64)
    static let number: Kinds = [.integer, .fraction]
    static let all = Kinds(rawValue: 127)

    static let named: [(name: String, kinds: Kinds)] = [
        ("null", .null), ("boolean", .boolean), ("integer", .integer), ("number", .number), ("string", .string),
        ("array", .array), ("object", .object),
    ]

    /// The names, as a schema would write them.
    var names: [String] {
        Self.named.filter { isSuperset(of: $0.kinds) && !($0.name == "integer" && isSuperset(of: .number)) }.map(\.name)
    }
}

/// Instructions from the list: `start..<end`.
struct Span: Sendable {
    var start: Int32 = 0
    var end: Int32 = 0

    var isEmpty: Bool { start == end }
    @inline(__always) var range: Range<Int> { Int(start)..<Int(end) }
}

struct Subschema: Sendable {
    var kinds = Kinds.all
    /// `x-personal`
    var isPersonal = false
    /// It has `unevaluatedProperties` or `unevaluatedItems`: what its parts evaluate must be noted.
    var tracks = false
    /// Always valid: nothing to run.
    var isTrivial = false
    var kindsPlace: Int32 = -1
    /// Instructions for values of every kind, then for each kind that has keywords of its own.
    var any = Span()
    var string = Span()
    var number = Span()
    var array = Span()
    var object = Span()
    /// Instructions on what the others left unevaluated.
    var unevaluated = Span()

    /// Index of the schema `true`.
    static let always: Int32 = 0
}

/// One check. What `a`, `b` and `c` are depends on the operation.
struct Instruction: Sendable {
    enum Operation: UInt8, Sendable {
        // Any kind.
        /// `false`
        case fail
        /// a: constant
        case constant
        /// a..<b: constants
        case enumeration
        /// a..<b: constants, all strings; c: table of them
        case names
        /// a: subschema ($ref, allOf)
        case apply
        /// a..<b in the lists
        case anyOf, oneOf
        /// a: subschema
        case not
        /// a: if, b: then, c: else (subschemas)
        case conditional
        // Strings. a: length in code points
        case minLength, maxLength
        /// a: pattern
        case pattern
        /// a: format
        case format
        // Numbers. a: number
        case minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf
        /// a: rules
        case array, object
        /// a: name of the member that asks, b: name of the member it asks for (strings among the constants)
        case dependentRequired
        /// a: name of the member that asks (a string among the constants), b: subschema
        case dependentSchema
        /// a: subschema
        case unevaluatedItems, unevaluatedProperties
    }

    let operation: Operation
    var a: Int32 = 0
    var b: Int32 = 0
    var c: Int32 = 0
    /// Where the keyword stands.
    var place: Int32 = -1
}

/// What objects must satisfy, checked in one pass over the members.
struct ObjectRules: Sendable {
    /// `properties` and `required`: the names, their subschemas and required bits; -1 when there are none.
    var names: Int32 = -1
    /// The bits of the required names.
    var required: UInt64 = 0
    /// The names of these bits, for reports.
    var requiredNames: [String] = []
    /// Required names beyond the 64 that have bits: strings among the constants.
    var moreRequired = Span()
    /// `patternProperties`: pattern rules.
    var patterns = Span()
    /// `additionalProperties`: a subschema, or -1.
    var additional: Int32 = -1
    /// `propertyNames`: a subschema, or -1.
    var propertyNames: Int32 = -1
    var minProperties = 0
    var maxProperties = Int.max
    /// Whether members must be looked at one by one.
    var visitsMembers = false

    var requiredPlace: Int32 = -1
    var additionalPlace: Int32 = -1
    var minPlace: Int32 = -1
    var maxPlace: Int32 = -1
}

/// Members whose names match a pattern, and their subschema.
struct PatternRule: Sendable {
    let pattern: Int32
    var schema: Int32
}

/// What arrays must satisfy, checked in one pass over the elements.
struct ArrayRules: Sendable {
    /// `prefixItems`: subschemas in the lists.
    var prefix = Span()
    /// `items`: a subschema, or -1.
    var items: Int32 = -1
    /// `contains`: a subschema, or -1.
    var contains: Int32 = -1
    var minContains = 1
    var maxContains = Int.max
    var minItems = 0
    var maxItems = Int.max
    var uniqueItems = false

    var containsPlace: Int32 = -1
    var minContainsPlace: Int32 = -1
    var maxContainsPlace: Int32 = -1
    var minPlace: Int32 = -1
    var maxPlace: Int32 = -1
    var uniquePlace: Int32 = -1
}

extension UnsafeBufferPointer {
    static func copy(of elements: [Element]) -> UnsafeBufferPointer {
        let buffer = UnsafeMutableBufferPointer<Element>.allocate(capacity: elements.count)
        _ = buffer.initialize(from: elements)
        return UnsafeBufferPointer(buffer)
    }

    func free() {
        let buffer = UnsafeMutableBufferPointer(mutating: self)
        buffer.deinitialize()
        buffer.deallocate()
    }
}
