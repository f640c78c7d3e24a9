import Document
import Patterns

/// One operation of a compiled mapping. Operands are indices: of operations, or into the program's tables.
struct Operation {
    enum Kind: UInt8 {
        case constant, text, fields, boundFields, path, context, root, variable, function
        case wildcard, descendant, parent, regex
        case add, subtract, multiply, divide, modulo, concatenate, range, contains
        case equal, unequal, less, lessOrEqual, greater, greaterOrEqual, and, or
        case negate, array, record, object, condition, elvis, coalesce, block, bind
        case callLibrary, toNumber, round, sum, call, partial, lambda, apply, applyCall, transform, sort, field

        /// Whether it is written as a variable: a path that begins with one takes its input whole.
        var isVariable: Bool { self == .variable || self == .context || self == .root || self == .function }
    }

    struct Flags: OptionSet {
        let rawValue: UInt8
        static let keepsArray = Flags(rawValue: 1)
        static let constructsArray = Flags(rawValue: 2)
        static let keepsSingleton = Flags(rawValue: 4)
        /// An expression whose result is its function's result: a call needs no stack then. A library function's sequence
        /// stays one, as in the reference: `$map(a, function($x) { $filter($x, f) })` gives an array of arrays.
        static let tail = Flags(rawValue: 8)
        /// A path whose tuples its surrounding path goes on with.
        static let yieldsTuples = Flags(rawValue: 16)
        /// A path with a step that binds.
        static let hasTuples = Flags(rawValue: 32)
        /// Predicates or a grouping follow.
        static let suffix = Flags(rawValue: 64)
        /// A block that binds variables; a lambda's signature; an array constructor's range; a calculation whose result
        /// `$string` is given: what is out of range has a code of its own there.
        static let special = Flags(rawValue: 128)
        /// What makes a call's sequence stay one, whatever it holds: what follows (`$map(a, f)[0]`) picks from it.
        static let keepsSequence: Flags = [.keepsArray, .tail, .suffix]
    }

    var kind: Kind
    var flags: Flags = []
    var a: Int32 = 0
    var b: Int32 = 0
    var c: Int32 = 0
    /// The index of the predicates and grouping that follow, if any do.
    var suffix: Int32 = -1
    /// The place in the source.
    var offset: Int32
    /// A word for constants: offsets in it are relative to the pool's place on the tape. For paths: how many names they
    /// begin with.
    var word: UInt64 = 0
}

/// A step of a path.
struct Step {
    var operation: Int32
    var stages: Int32
    var stageCount: Int32
    /// Symbols of what the step binds, or -1.
    var focus: Int32
    var index: Int32
    var ancestor: Int32
    var isTuple: Bool
    var kind: Operation.Kind
    var constructsArray: Bool
}

/// What follows a step or an operand: a filter (an operation), or the binding of positions (a symbol).
struct StageCode {
    var operation: Int32
    var symbol: Int32
}

struct Suffix {
    var stages: Int32
    var stageCount: Int32
    /// The group's index, or -1.
    var group: Int32
}

/// Keys and values of a grouping or an object constructor: pairs of operations in the lists.
struct GroupCode {
    var pairs: Int32
    var count: Int32
    var offset: Int32
}

/// A member of an object constructor whose keys are constants.
struct PairCode: BitwiseCopyable {
    /// The key, as a text operation's word.
    var key: UInt64
    /// The value's operation.
    var operation: Int32
    /// When that is no more than a name, or two: their accesses; else -1.
    var access: Int32
    var inner: Int32
    /// The first access itself.
    var first = Access(shape: -1, slot: -1)
}

/// A compiled mapping's code: flat tables that never change.
struct Program {
    let source: SourceText
    let options: MappingOptions
    var operations: [Operation] = []
    var lists: [Int32] = []
    var steps: [Step] = []
    var stages: [StageCode] = []
    var suffixes: [Suffix] = []
    var groups: [GroupCode] = []
    var pairs: [PairCode] = []
    /// What is looked up in objects: see ``Shape``.
    var accesses: [Access] = []
    var shapes: [Shape] = []
    var names: [Name] = []
    var buckets: [Int32] = []
    /// The program's strings; copied to the tape once a record.
    var pool = TextPool()
    /// The names that are looked up.
    var lookUps = TextPool()
    var symbols: [String] = []
    var signatures: [Signature] = []
    var regexes: [Pattern] = []
    var root: Int32 = 0

    func symbol(_ name: String) -> Int? { symbols.firstIndex(of: name) }
}

/// Texts, one behind the other, each of them once.
struct TextPool {
    private(set) var bytes: [UInt8] = []
    /// By their bytes: as strings, differently composed ones would be the same.
    private var places: [[UInt8]: Int] = [:]

    /// Where a text's bytes begin; they are added when they aren't there.
    mutating func place(of text: String) -> Int {
        let utf8 = Array(text.utf8)
        if let known = places[utf8] { return known }
        let place = bytes.count
        bytes += utf8
        places[utf8] = place
        return place
    }
}
