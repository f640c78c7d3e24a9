import Document
public import Schema

/// The kinds of data of an installation with their schemas compiled: what the connectors and the hub check against.
public struct KindCatalog: Sendable {
    /// One kind, ready for use. An object, as it is handed about for every record.
    public final class Entry: Sendable {
        /// The kind.
        public let kind: Kind
        /// The entity in whose schema file it stands.
        public let entity: EntityType
        /// Its schema.
        public let schema: CompiledSchema

        init(kind: Kind, entity: EntityType, schema: CompiledSchema) {
            self.kind = kind
            self.entity = entity
            self.schema = schema
        }
    }

    private let entries: [String: Entry]

    /// Compiles the schemas of a model.
    public init(_ model: Model) throws(SchemaError) {
        var entries: [String: Entry] = [:]
        for entity in model.entities {
            for kind in entity.kinds {
                // A set each: stock's kinds are cut out of one file and share its $id.
                var schemas = SchemaSet()
                try schemas.add(kind.schema, file: kind.name)
                entries[kind.name] = Entry(kind: kind, entity: entity, schema: try schemas.compile(kind.name))
            }
        }
        self.entries = entries
    }

    /// The kind of that name.
    public subscript(_ name: String) -> Entry? { entries[name] }

    /// The names, sorted.
    public var names: [String] { entries.keys.sorted() }
}
