public import Document

/// One kind of data: what an event's data is called, and the schema it follows.
///
/// Every record entity is one kind. Stock has several: count, movement, hold, release, and its position.
public struct Kind: Sendable {
    /// The name in `ce_type` and in a mapping's items.
    public let name: String
    /// The entity whose schema file it stands in.
    public let entity: String
    /// The domain whose topic carries it.
    public let domain: String
    /// The schema's major version.
    public let major: Int
    /// The JSON Schema (2020-12) of the data, complete in itself.
    public let schema: JSON
    /// Fields that refer to other entities.
    public let references: [ReferenceField]
    /// Fields that are lists, the outer ones first: member names; nil goes through all elements of an array. What a mapping
    /// gives there alone is a list of one.
    public let lists: [[String?]]

    /// The value of `ce_dataschema`.
    public var dataSchema: String { "urn:omni:\(name):\(major)" }
}

/// A place in the data that refers to another entity (`x-reference` in the schema).
public struct ReferenceField: Sendable, Hashable {
    /// The way to it: member names; nil goes through all elements of an array.
    public let path: [String?]
    /// The entity that is referred to.
    public let entity: String

    /// `lines[].product`.
    public var description: String {
        path.reduce(into: "") { text, step in text += step.map { text.isEmpty ? $0 : ".\($0)" } ?? "[]" }
    }
}

extension JSON {
    /// With lists of one where something stands alone that is a list (``Kind/lists``): JSONata gives the one alone. Null stays null.
    public func listing(_ lists: [[String?]]) -> JSON { lists.reduce(self) { $0.listing($1[...]) } }

    private func listing(_ path: ArraySlice<String?>) -> JSON {
        guard let step = path.first else {
            if case .array = self { return self }
            return isNull ? self : .array([self])
        }
        if let name = step {
            guard let member = self[name] else { return self }
            var value = self
            value[name] = member.listing(path.dropFirst())
            return value
        }
        guard case .array(let elements) = self else { return self }
        return .array(elements.map { $0.listing(path.dropFirst()) })
    }
}

/// Finds annotations in a schema: references, and fields that hold personal data.
struct SchemaWalk {
    let document: JSON
    private(set) var references: [ReferenceField] = []
    private(set) var personal: [String] = []
    private(set) var lists: [[String?]] = []

    init(_ document: JSON) {
        self.document = document
        walk(document, path: [], depth: 0)
    }

    private mutating func walk(_ schema: JSON, path: [String?], depth: Int) {
        // A schema may refer to itself; what lies deeper than this isn't resolved.
        guard depth < 16 else { return }
        if let entity = schema["x-reference"]?.string {
            references.append(ReferenceField(path: path, entity: entity))
            return
        }
        if let target = schema["$ref"]?.string, let definition = resolve(target) {
            walk(definition, path: path, depth: depth + 1)
        }
        if Self.isList(schema) { lists.append(path) }
        for member in schema["properties"]?.object ?? [] {
            if member.value["x-personal"] == true, path.isEmpty { personal.append(member.key) }
            walk(member.value, path: path + [member.key], depth: depth + 1)
        }
        if let items = schema["items"], items.object != nil { walk(items, path: path + [nil], depth: depth + 1) }
        for keyword in ["allOf", "anyOf", "oneOf"] {
            for part in schema[keyword]?.array ?? [] { walk(part, path: path, depth: depth + 1) }
        }
    }

    /// Whether only arrays fit, and perhaps null: then there is no doubt about what a single value means.
    private static func isList(_ schema: JSON) -> Bool {
        let types = schema["type"]?.string.map { [$0] } ?? schema["type"]?.array?.compactMap(\.string) ?? []
        return types.contains("array") && types.allSatisfy { $0 == "array" || $0 == "null" }
    }

    private func resolve(_ target: String) -> JSON? {
        guard target.hasPrefix("#/$defs/") else { return nil }
        return document["$defs"]?[String(target.dropFirst(8))]
    }
}
