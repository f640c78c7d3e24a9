import Document
import Mapping

extension Outline {
    /// The values that a JSON Schema describes, as far as that needs no looking at the values themselves.
    ///
    /// - Parameters:
    ///   - document: where `$ref`s point into: only those that stay inside (`#/…`) are followed.
    init(schema: JSON, in document: JSON, depth: Int = 0) {
        // A schema may refer to itself.
        guard depth < 12, schema.object != nil else {
            self = .any
            return
        }
        if let target = schema["$ref"]?.string {
            self =
                SchemaFit.resolve(target, in: document)
                .map { Outline(schema: $0, in: document, depth: depth + 1) } ?? .any
            return
        }
        if let values = schema["enum"]?.array ?? schema["const"].map({ [$0] }) {
            self = Outline(oneOf: values)
            return
        }
        for keyword in ["anyOf", "oneOf"] {
            guard let parts = schema[keyword]?.array, schema["properties"] == nil else { continue }
            self = parts.reduce(into: .never) {
                $0.formUnion(Outline(schema: $1, in: document, depth: depth + 1))
            }
            return
        }
        self.init(SchemaFit.kinds(of: schema) ?? .any, isOpen: schema["properties"] == nil)
        limit(by: schema, in: document)
        let required = Set(schema["required"]?.array?.compactMap(\.string) ?? [])
        if let properties = schema["properties"]?.object {
            let members = properties.map { property in
                let shape = Outline(schema: property.value, in: document, depth: depth + 1)
                return (name: property.key, shape: required.contains(property.key) ? shape : shape.orNothing)
            }
            let described = Outline(members: members, isOpen: isOpen)
            self = kinds.contains(.object) ? Outline(kinds.subtracting(.object)).union(described) : self
        }
        if let items = schema["items"], kinds.contains(.array) {
            element = Outline(schema: items, in: document, depth: depth + 1)
        }
    }

    /// Keywords that leave only some texts or numbers.
    private static let limiting = [
        "pattern", "format", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
        "multipleOf", "not",
    ]

    private mutating func limit(by schema: JSON, in document: JSON) {
        guard !kinds.isDisjoint(with: .scalars), Self.limiting.contains(where: { schema[$0] != nil }) else { return }
        if let judge = ValueJudge(schema, in: document) { refusal = { judge.refusal(of: $0) } }
        guard kinds.intersection(.scalars) == .number else { return }
        let (lower, upper) = (["minimum", "exclusiveMinimum"], ["maximum", "exclusiveMaximum"])
        least = lower.compactMap { schema[$0]?.number }.max()
        most = upper.compactMap { schema[$0]?.number }.min()
    }
}
