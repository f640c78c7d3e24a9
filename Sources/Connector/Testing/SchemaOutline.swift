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
}
