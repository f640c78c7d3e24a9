import Document
import Patterns

/// A compiled schema: flat tables, indices instead of references, immutable. One list of instructions holds those of
/// all subschemas; each subschema names its parts of the list, one for each kind of value.
final class Program: @unchecked Sendable {
    let tables: Tables
    /// Where each keyword stands, for reports.
    let places: [KeywordPlace]
    /// Kept alive for their matchers.
    private let patterns: [Pattern]
    /// What the tables point into.
    private let owned: [AnyObject]
    private let constants: Tape

    init(_ draft: consuming Draft, root: Int32) {
        var tape = Tape()
        var nodes: [Node] = []
        for constant in draft.constants { nodes.append(tape.append(constant)) }
        for pattern in draft.patterns { nodes.append(tape.append(pattern.source)) }
        var owned: [AnyObject] = []
        func own<Element>(_ elements: [Element]) -> UnsafePointer<Element> {
            let buffer = Owned(elements)
            owned.append(buffer)
            return buffer.start
        }
        tables = Tables(
            root: root, subschemas: own(draft.subschemas), spans: own(draft.spans),
            instructions: own(draft.instructions),
            objects: own(draft.objects), arrays: own(draft.arrays),
            names: NameTables(
                tables: own(draft.names.tables), slots: own(draft.names.slots), bytes: own(draft.names.bytes)),
            patternRules: own(draft.patternRules), lists: own(draft.lists),
            patterns: own(draft.patterns.map(\.matcher)), patternSources: draft.constants.count,
            numbers: own(draft.numbers), formats: own(draft.formats), constants: own(nodes),
            planKeys: ObjectLayout.newKeys())
        constants = tape
        places = draft.places
        patterns = draft.patterns
        self.owned = owned
    }

    /// The tables as a machine uses them: pointers only, so nothing counts references. The program outlives it.
    struct Tables {
        let root: Int32
        let subschemas: UnsafePointer<Subschema>
        /// Eight for each subschema: its instructions by the value's tag, then those on what is left unevaluated.
        let spans: UnsafePointer<Span>
        let instructions: UnsafePointer<Instruction>
        let objects: UnsafePointer<ObjectRules>
        let arrays: UnsafePointer<ArrayRules>
        let names: NameTables
        let patternRules: UnsafePointer<PatternRule>
        /// Lists of subschemas: the branches of `anyOf`, the items of `prefixItems`.
        let lists: UnsafePointer<Int32>
        let patterns: UnsafePointer<Matcher>
        /// The patterns' texts, for reports: strings among the constants.
        let patternSources: Int
        let numbers: UnsafePointer<Number>
        let formats: UnsafePointer<Format>
        /// Constants of `const` and `enum`, and names.
        let constants: UnsafePointer<Node>
        /// The first of the keys under which its plans are kept with layouts; see ``ObjectPlan``.
        let planKeys: UInt64

        func patternSource(_ number: Int) -> String { constants[patternSources + number].string ?? "" }
    }

    private final class Owned<Element> {
        private let buffer: UnsafeMutableBufferPointer<Element>

        init(_ elements: [Element]) {
            buffer = .allocate(capacity: max(elements.count, 1))
            _ = buffer.initialize(from: elements)
            count = elements.count
        }

        private let count: Int
        var start: UnsafePointer<Element> { UnsafePointer(buffer.baseAddress.unsafelyUnwrapped) }

        deinit {
            UnsafeMutableBufferPointer(rebasing: buffer[..<count]).deinitialize()
            buffer.deallocate()
        }
    }

    /// What a program is built from.
    struct Draft {
        var subschemas: [Subschema] = []
        var spans: [Span] = []
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
    /// Where fields that aren't named are refused: the names.
    var names: [String] = []
}

/// Kinds of values, as bits in the order of the tape's tags.
struct Kinds: OptionSet, Sendable, Hashable {
    let rawValue: UInt8

    static let null = Kinds(tag: .null)
    static let boolean: Kinds = [Kinds(tag: .false), Kinds(tag: .true)]
    static let number = Kinds(tag: .number)
    static let string = Kinds(tag: .string)
    static let array = Kinds(tag: .array)
    static let object = Kinds(tag: .object)
    static let all: Kinds = [null, boolean, number, string, array, object]

    init(rawValue: UInt8) { self.rawValue = rawValue }
    init(tag: Tag) { rawValue = 1 << tag.rawValue }

    static let named: [(name: String, kinds: Kinds)] = [
        ("null", .null), ("boolean", .boolean), ("number", .number), ("string", .string), ("array", .array),
        ("object", .object),
    ]
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
    /// Numbers must be whole (`integer`), however they are written.
    var wholeNumbers = false
    /// `x-personal`
    var isPersonal = false
    /// It has `unevaluatedProperties` or `unevaluatedItems`: what its parts evaluate must be noted.
    var tracks = false
    /// Always valid: nothing to run.
    var isTrivial = false
    var kindsPlace: Int32 = -1

    /// Index of the schema `true`.
    static let always: Int32 = 0
    /// The place among its spans of the instructions on what is left unevaluated: no value has this tag.
    static let unevaluated = Int(Tag.link.rawValue)

    /// The types' names, as a schema would write them.
    var typeNames: [String] {
        Kinds.named.filter { kinds.isSuperset(of: $0.kinds) }.map {
            $0.kinds == .number && wholeNumbers ? "integer" : $0.name
        }
    }
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
        // Numbers. a: number; b: the same where c is 1
        case minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf
        /// a: rules. `properties`: an object's where nothing matters but `properties` and `required`.
        case array, object, properties
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
    /// Items that need no check.
    var glance = Glance()
    /// `contains`: a subschema, or -1.
    var contains: Int32 = -1
    /// Whether what `contains` finds counts as evaluated.
    var containsEvaluates = true
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
