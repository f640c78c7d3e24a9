public import Document

/// How an entity's key follows from its data.
public enum KeyRule: Sendable, Hashable {
    /// The value of one field; checked as a GTIN when the schema says `"format": "gtin"`.
    case field(String, isGTIN: Bool)
    /// `<product>@<place>`; the product is checked as a GTIN when the schema says `"format": "gtin"` of `$defs/product`.
    case stock(isGTIN: Bool)
    /// `<system>:<self>`: the system's own number, which the event carries beside the data.
    case member

    init(entity: String, schema: JSON, rules: Rules) throws(ModelError) {
        switch entity {
        case "stock": self = .stock(isGTIN: schema["$defs"]?["product"]?["format"] == "gtin")
        case "customer": self = .member
        default:
            let field = rules.key ?? (entity == "reservation" ? "reservation" : nil)
            guard let field else {
                throw ModelError(
                    rules: RulesError(
                        entity: entity, place: "key", reason: "is missing: name the field that is the key"))
            }
            guard let property = schema["properties"]?[field] else {
                throw ModelError(
                    rules: RulesError(entity: entity, place: "key", reason: "the schema has no field '\(field)'"))
            }
            guard schema["required"]?.array?.contains(.string(field)) == true else {
                throw ModelError(entity, "the key '\(field)' must be among \"required\"")
            }
            self = .field(field, isGTIN: property["format"] == "gtin")
        }
    }

    /// Whether a field is part of the key, so that no statement can be without it.
    public func needs(_ field: String) -> Bool {
        switch self {
        case .field(let name, _): name == field
        case .stock: field == "product" || field == "place"
        case .member: false
        }
    }

    /// The key of these data.
    ///
    /// - Parameters:
    ///   - document: the data.
    ///   - system: whose data they are.
    ///   - selfID: the system's own number for the entity, if it came with the event.
    ///   - isComplete: false where a reference in the data is still unknown, and stands in the key's place.
    public func key(
        of document: Node, system: String, selfID: String?, isComplete: Bool = true
    ) throws(KeyError) -> String {
        switch self {
        case .field(let name, let isGTIN):
            return isGTIN && isComplete ? try Self.gtin(document, name) : try Self.text(document, name)
        case .stock(let isGTIN):
            let product = isGTIN && isComplete ? try Self.gtin(document, "product") : try Self.text(document, "product")
            return "\(product)@\(try Self.text(document, "place"))"
        case .member:
            guard let selfID, !selfID.isEmpty else { throw KeyError("self", "is missing: the system's own number") }
            return "\(system):\(selfID)"
        }
    }

    /// Whether these bytes are the data's key for certain. False may mean that it takes a closer look.
    public func isPlainly(_ key: UnsafeBufferPointer<UInt8>, of document: Node) -> Bool {
        guard !key.isEmpty else { return false }
        switch self {
        case .field(let name, let isGTIN):
            guard let node = document[name], node.kind == .string, node.has(utf8: key) else { return false }
            return !isGTIN || GTIN.isNormal(key)
        case .stock(let isGTIN):
            guard let product = document["product"], product.kind == .string, let place = document["place"],
                place.kind == .string, case let at = product.utf8.count, at > 0, place.utf8.count > 0,
                key.count == at + 1 + place.utf8.count, key[at] == UInt8(ascii: "@"),
                product.has(utf8: UnsafeBufferPointer(rebasing: key[..<at])),
                place.has(utf8: UnsafeBufferPointer(rebasing: key[(at + 1)...]))
            else { return false }
            return !isGTIN || GTIN.isNormal(product.utf8)
        case .member: return false
        }
    }

    private static func gtin(_ document: Node, _ name: String) throws(KeyError) -> String {
        var text = try text(document, name)
        guard text.withUTF8({ GTIN.isNormal($0) }) else {
            throw KeyError(name, "must be a GTIN of 14 digits with a valid check digit")
        }
        return text
    }

    private static func text(_ document: Node, _ name: String) throws(KeyError) -> String {
        guard let text = document[name]?.string, !text.isEmpty else {
            throw KeyError(name, "must be a text: it is part of the key")
        }
        return text
    }
}

/// Data without a usable key.
public struct KeyError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The field.
    public let field: String
    /// What is wrong with it.
    public let reason: String

    /// `'gtin' must be …`.
    public var description: String { "'\(field)' \(reason)" }

    init(_ field: String, _ reason: String) {
        self.field = field
        self.reason = reason
    }
}
