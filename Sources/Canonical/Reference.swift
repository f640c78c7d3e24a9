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
        guard let colon = key.firstIndex(of: ":"), colon > key.startIndex, key.index(after: colon) < key.endIndex
        else { return nil }
        self.init(system: String(key[..<colon]), id: String(key[key.index(after: colon)...]))
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

    /// By system, then by number.
    public static func < (one: Reference, other: Reference) -> Bool {
        (one.system, one.id) < (other.system, other.id)
    }
}
