public import Document

/// One copy in one system: a row of the final table.
public struct SystemRow: Sendable, Equatable {
    /// What everybody calls it: the GTIN with 14 digits, `gtin@place`, a reservation's id; for customers the system's own id.
    public let key: String
    /// The system's own number, as text.
    public let id: String
    /// Field names (those of the golden record where the system has the same field) and what the system holds. NULL, and
    /// in files nothing between two separators, is null.
    public let fields: [JSON.Member]

    /// What the system holds in a field; nil when it has no such field.
    public subscript(_ field: String) -> JSON? { fields.first { $0.key == field }?.value }

    /// What the system holds in a field, as text; nil for null and for a field it doesn't have.
    public func text(_ field: String) -> String? { self[field].flatMap(\.held) }
}

extension JSON {
    /// A held value as text: `19.9`, `Helsinki`, `true`; nil for null.
    public var held: String? {
        switch self {
        case .null: nil
        case .string(let text): text
        default: text
        }
    }
}

/// A system's own copy, read from the system itself: its tables, its API or its files.
public protocol SystemView: Sendable {
    /// The system's name, as in ``Projection/of(_:in:)``.
    var system: String { get }
    /// The entities of which it holds copies.
    var entities: [String] { get }
    /// All copies of an entity, in the order of their keys; empty when the system holds none.
    func rows(of entity: String) throws -> [SystemRow]
}

extension [SystemRow] {
    func byKey() -> [SystemRow] { sorted { ($0.key, $0.id) < ($1.key, $1.id) } }
}
