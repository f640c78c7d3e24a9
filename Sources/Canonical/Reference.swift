public import Document

/// An entity by the number that one system gives it: `{"system": "till", "id": "4711"}`.
public struct Reference: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The system whose number it is.
    public let system: String
    /// The system's own number, as text.
    public let id: String

    /// A reference.
    public init(system: String, id: String) {
        self.system = system
        self.id = id
    }

    /// Reads `till:4711`, the form in keys; nil without a colon or with an empty side.
    public init?(key: some StringProtocol) {
        guard let (system, id) = key.split(at: UInt8(ascii: ":")) else { return nil }
        self.init(system: system, id: id)
    }

    /// Reads `{"system": …, "id": …}`; a number as the id counts as its text. Nil when the value is no reference.
    public init?(_ node: Node) {
        guard node.kind == .object, node.count == 2, let system = node["system"]?.string, !system.isEmpty,
            let id = node["id"].flatMap(Reference.text)
        else { return nil }
        self.init(system: system, id: id)
    }

    /// A system's own number as text: strings as they are, integers in digits. Nil for all else, and when empty.
    public static func text(_ node: Node) -> String? {
        switch node.kind {
        case .string: node.string.flatMap { $0.isEmpty ? nil : $0 }
        case .number: node.isWrittenAsInteger ? String(decoding: node.utf8, as: UTF8.self) : nil
        default: nil
        }
    }

    /// The key in `omni.id.<entity>` and of customers' contributions: `till:4711`.
    public var key: String { "\(system):\(id)" }

    /// The key.
    public var description: String { key }

    /// Byte by byte.
    public static func == (one: Reference, other: Reference) -> Bool {
        one.system.isExactly(other.system) && one.id.isExactly(other.id)
    }

    /// Hashes the bytes.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(ExactText(system))
        hasher.combine(ExactText(id))
    }

    /// By system, then by number, in the order of bytes.
    public static func < (one: Reference, other: Reference) -> Bool {
        one.system.isExactly(other.system) ? one.id.comesBefore(other.id) : one.system.comesBefore(other.system)
    }
}
