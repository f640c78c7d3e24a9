public import Document

/// Which values a place may hold, as far as that is known before any record comes.
///
/// A shape promises too much rather than too little: a value that it leaves out can't be there. What
/// ``MappingInspection`` concludes from it is therefore certain, or certain for the samples that it was taken from.
public struct Outline: Sendable {
    /// The kinds of values.
    public struct Kinds: OptionSet, Sendable, Hashable {
        /// A bit for each kind.
        public let rawValue: UInt8
        /// Kinds by their bits.
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        /// No value at all: JSONata's *undefined*.
        public static let nothing = Kinds(rawValue: 1)
        /// `null`.
        public static let null = Kinds(rawValue: 2)
        /// `true` and `false`.
        public static let boolean = Kinds(rawValue: 4)
        /// Numbers.
        public static let number = Kinds(rawValue: 8)
        /// Texts.
        public static let string = Kinds(rawValue: 16)
        /// Arrays.
        public static let array = Kinds(rawValue: 32)
        /// Objects.
        public static let object = Kinds(rawValue: 64)
        /// Functions: values while a mapping runs.
        public static let function = Kinds(rawValue: 128)
        /// Everything.
        public static let any = Kinds(rawValue: 255)
        /// Values without parts that say something.
        public static let scalars: Kinds = [.boolean, .number, .string]
    }

    /// A member of an object.
    public struct Member: Sendable {
        /// What its value may be; with ``Kinds/nothing`` it may be missing.
        public var shape: Outline
        /// Where the mapping names it, when the mapping makes the object: the place in the source, in bytes.
        public var offset: Int?
    }

    /// What there may be.
    public var kinds: Kinds
    /// The members that its objects may have.
    public internal(set) var members: [String: Member] = [:]
    /// Whether its objects may have others, too.
    public var isOpen = false
    /// The booleans, numbers and strings that there may be; nil when that isn't known.
    public var values: Set<JSON>?
    /// The scalars and nulls among them that the mapping itself writes, each with its place in the source in bytes. They are known
    /// where other values may come, too.
    public internal(set) var constants: [JSON: Int] = [:]
    /// Why a scalar can't be here, and what may be meant: `must match the pattern ^[A-Z]{3}$`; nil where nobody knows of any. The
    /// closure gives nil for those that may.
    public var refusal: (@Sendable (JSON) -> String?)?
    /// No number here is less; nil where that isn't known.
    public var least: Number?
    /// No number here is more; nil where that isn't known.
    public var most: Number?
    /// Whether it was taken from samples: what isn't in it may still come.
    public var isSampled = false
    /// Where the mapping makes it, in bytes from the source's start.
    public internal(set) var offset: Int?
    /// What its arrays may hold: none or one shape.
    private var elements: [Outline] = []

    /// Values of some kinds, of which nothing else is known.
    public init(_ kinds: Kinds, isOpen: Bool = true) {
        self.kinds = kinds
        self.isOpen = isOpen
    }

    /// No value ever: what an error leaves behind.
    public static var never: Outline { Outline([], isOpen: false) }
    /// No value.
    public static var nothing: Outline { Outline(.nothing, isOpen: false) }
    /// Anything.
    public static var any: Outline { Outline(.any) }

    /// One of some scalars.
    public init(oneOf values: [JSON]) {
        kinds = []
        for value in values { kinds.formUnion(Self.kind(of: value)) }
        self.values = Set(values.filter { !Self.kind(of: $0).isDisjoint(with: .scalars) })
    }

    /// Objects with these members and, unless told otherwise, no others.
    public init(members: [(name: String, shape: Outline)], isOpen: Bool = false) {
        kinds = .object
        self.isOpen = isOpen
        for member in members { self.members[member.name] = Member(shape: member.shape) }
    }

    /// Arrays of something.
    public init(arrayOf element: Outline) {
        kinds = .array
        elements = [element]
    }

    /// What a sample shows.
    public init(sampling value: JSON) {
        self.init(Self.kind(of: value), isOpen: false)
        isSampled = true
        switch value {
        case .array(let values):
            element = values.reduce(into: Outline.never) { $0.formUnion(Outline(sampling: $1)) }
        case .object(let members):
            for member in members { self.members[member.key] = Member(shape: Outline(sampling: member.value)) }
        default: break
        }
    }

    /// What its arrays may hold.
    public var element: Outline {
        get { elements.first ?? (kinds.contains(.array) ? .any : .never) }
        set { elements = [newValue] }
    }

    static func kind(of value: JSON) -> Kinds {
        switch value {
        case .null: .null
        case .bool: .boolean
        case .number: .number
        case .string: .string
        case .array: .array
        case .object: .object
        }
    }
}

// MARK: Algebra

extension Outline {
    /// How many different scalars are worth knowing.
    private static let mostValues = 64

    /// Adds what another shape may be.
    public mutating func formUnion(_ other: Outline) {
        if other.kinds.isEmpty { return }
        if kinds.isEmpty {
            self = other
            return
        }
        let (hadScalars, hasScalars) = (
            !kinds.isDisjoint(with: .scalars), !other.kinds.isDisjoint(with: .scalars)
        )
        if hasScalars {
            let both = hadScalars ? values.flatMap { mine in other.values.map { mine.union($0) } } : other.values
            values = both.flatMap { $0.count <= Self.mostValues ? $0 : nil }
            uniteLimits(other, hadScalars: hadScalars)
        }
        if constants.count < Self.mostValues { constants.merge(other.constants) { min($0, $1) } }
        uniteMembers(other)
        if other.kinds.contains(.array) {
            if !kinds.contains(.array) {
                elements = other.elements
            } else if !elements.isEmpty, !other.elements.isEmpty {
                elements[0].formUnion(other.elements[0])
            } else {
                // One of them may hold anything.
                elements = []
            }
        }
        isSampled = isSampled || other.isSampled
        offset = offset ?? other.offset
        kinds.formUnion(other.kinds)
    }

    /// What neither of them takes, the two of them don't.
    private mutating func uniteLimits(_ other: Outline, hadScalars: Bool) {
        guard hadScalars else {
            (refusal, least, most) = (other.refusal, other.least, other.most)
            return
        }
        if let mine = refusal, let others = other.refusal {
            refusal = { value in mine(value).flatMap { reason in others(value) == nil ? nil : reason } }
        } else {
            refusal = nil
        }
        least = least.flatMap { mine in other.least.map { min(mine, $0) } }
        most = most.flatMap { mine in other.most.map { max(mine, $0) } }
    }

    private mutating func uniteMembers(_ other: Outline) {
        guard other.kinds.contains(.object) else { return }
        guard kinds.contains(.object) else {
            (members, isOpen) = (other.members, other.isOpen)
            return
        }
        for (name, member) in other.members {
            if var mine = members[name] {
                mine.shape.formUnion(member.shape)
                mine.offset = mine.offset ?? member.offset
                members[name] = mine
            } else {
                members[name] = Member(
                    shape: isOpen ? .any : member.shape.orNothing, offset: member.offset)
            }
        }
        for name in members.keys where other.members[name] == nil {
            members[name]!.shape = other.isOpen ? .any : members[name]!.shape.orNothing
        }
        isOpen = isOpen || other.isOpen
    }

    /// What this or another may be.
    public func union(_ other: Outline) -> Outline {
        var result = self
        result.formUnion(other)
        return result
    }

    /// The same, or no value.
    public var orNothing: Outline {
        var result = self
        result.kinds.insert(.nothing)
        return result
    }

    /// The same, when there is a value.
    public var something: Outline { without(.nothing) }

    func without(_ kinds: Kinds) -> Outline {
        var result = self
        result.kinds.subtract(kinds)
        return result
    }

    /// The items that a path's step goes through: arrays give theirs.
    public var items: Outline {
        guard kinds.contains(.array) else { return self }
        var result = without(.array)
        if element.kinds == .any { return .any }
        result.formUnion(element.items)
        return result
    }

    /// What a sequence of these becomes: nothing, the one item, or an array of them.
    var many: Outline {
        let items = items
        if items.kinds.isEmpty { return items }
        var result = items.orNothing
        result.kinds.insert(.array)
        result.element = items.something
        return result
    }
}
