/// An owned JSON value, for what is small and kept: configuration, answers, tests. On the data path use ``Tape``.
///
/// Objects keep the order of their members. Equality follows JSON: members in any order, numbers by value.
public enum JSON: Sendable, Hashable {
    case null
    case bool(Bool)
    case number(Number)
    case string(String)
    case array([JSON])
    case object([Member])

    /// One member of an object.
    public struct Member: Sendable, Hashable {
        /// The member's name.
        public var key: String
        /// The member's value.
        public var value: JSON

        /// A member.
        public init(_ key: String, _ value: JSON) {
            self.key = key
            self.value = value
        }

        /// Whether it bears that name, byte by byte: String's own equality takes differently composed texts for the
        /// same, JSON doesn't.
        func isNamed(_ name: String) -> Bool { key.utf8.elementsEqual(name.utf8) }

        /// Equality as JSON has it.
        public static func == (left: Member, right: Member) -> Bool {
            left.isNamed(right.key) && left.value == right.value
        }

        /// Hashes in agreement with equality.
        public func hash(into hasher: inout Hasher) {
            hasher.combine(key)
            hasher.combine(value)
        }
    }

    /// The value at a node, copied.
    public init(_ node: Node) {
        switch node.kind {
        case .null, .link: self = .null
        case .false: self = .bool(false)
        case .true: self = .bool(true)
        case .number: self = .number(node.number!)
        case .string: self = .string(node.string!)
        case .array: self = .array(node.elements.map(JSON.init))
        case .object: self = .object(node.members.map { Member($0.key.string!, JSON($0.value)) })
        }
    }

    /// Parses a text.
    public init(parsing text: String) throws(JSONError) {
        try self.init(parsing: Array(text.utf8))
    }

    /// Parses UTF-8 bytes, up to ``JSONLimits/enclosing``.
    public init(parsing bytes: [UInt8]) throws(JSONError) {
        var tape = Tape()
        try tape.parse(bytes, limits: .enclosing)
        self.init(tape.root)
    }

    /// The member of that name; setting nil removes it.
    public subscript(_ key: String) -> JSON? {
        get {
            guard case .object(let members) = self else { return nil }
            return members.first { $0.isNamed(key) }?.value
        }
        set {
            guard case .object(var members) = self else { return }
            if let place = members.firstIndex(where: { $0.isNamed(key) }) {
                if let newValue { members[place].value = newValue } else { members.remove(at: place) }
            } else if let newValue {
                members.append(Member(key, newValue))
            }
            self = .object(members)
        }
    }

    /// The element at that place.
    public subscript(_ position: Int) -> JSON? {
        guard case .array(let elements) = self, elements.indices.contains(position) else { return nil }
        return elements[position]
    }

    /// The string, if it is one.
    public var string: String? { if case .string(let value) = self { value } else { nil } }
    /// The number, if it is one.
    public var number: Number? { if case .number(let value) = self { value } else { nil } }
    /// The number as an integer, if it is one that fits.
    public var integer: Int? { number?.integer }
    /// The truth value, if it is one.
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    /// The elements, if it is an array.
    public var array: [JSON]? { if case .array(let value) = self { value } else { nil } }
    /// The members, if it is an object.
    public var object: [Member]? { if case .object(let value) = self { value } else { nil } }
    /// Whether it is `null`.
    public var isNull: Bool { self == .null }

    /// The JSON text, compact, in UTF-8.
    public var utf8: [UInt8] {
        var writer = JSONWriter()
        writer.write(self)
        return writer.bytes
    }

    /// The JSON text, compact.
    public var text: String { String(decoding: utf8, as: UTF8.self) }

    /// The JSON text over several lines, indented by two spaces.
    public var pretty: String {
        var writer = JSONWriter()
        writer.write(self, indent: 0)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// Equality as JSON has it.
    public static func == (left: JSON, right: JSON) -> Bool {
        switch (left, right) {
        case (.null, .null): return true
        case (.bool(let a), .bool(let b)): return a == b
        case (.number(let a), .number(let b)): return a == b
        case (.string(let a), .string(let b)): return a.utf8.elementsEqual(b.utf8)
        case (.array(let a), .array(let b)): return a == b
        case (.object(let a), .object(let b)):
            return a.count == b.count && a.allSatisfy { member in right[member.key] == member.value }
        default: return false
        }
    }

    /// Hashes in agreement with equality.
    public func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .bool(let value): hasher.combine(value)
        case .number(let value): hasher.combine(value)
        case .string(let value): hasher.combine(value)
        case .array(let values): hasher.combine(values)
        case .object(let members):
            var sum = 0
            for member in members { sum &+= member.hashValue }
            hasher.combine(sum)
        }
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// An integer.
    public init(integerLiteral value: Int) { self = .number(Number(value)) }
    /// A truth value.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// `null`.
    public init(nilLiteral: ()) { self = .null }
    /// An array.
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    /// An object.
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(elements.map { Member($0.0, $0.1) })
    }
}

extension Node {
    /// Whether two values are equal as JSON has it: members in any order, numbers by value.
    public func equals(_ other: Node) -> Bool {
        guard kind == other.kind else { return false }
        switch kind {
        case .null, .true, .false, .link: return true
        case .string: return has(utf8: other.utf8)
        case .number: return has(utf8: other.utf8) || number! == other.number!
        case .array:
            guard count == other.count else { return false }
            var others = other.elements
            for element in elements { if !element.equals(others.next()!) { return false } }
            return true
        case .object:
            guard count == other.count else { return false }
            for member in members {
                guard let match = other[utf8: member.key.utf8], match.equals(member.value) else { return false }
            }
            return true
        }
    }
}
