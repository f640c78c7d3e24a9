import Canonical
import Document
import Schema

/// The kinds of data of an installation, with their schemas compiled.
struct Kinds: Sendable {
    /// One kind, ready for use.
    struct Entry: Sendable {
        let kind: Kind
        let entity: EntityType
        let schema: CompiledSchema
        let inputTopic: String
    }

    let names: TopicNames
    private let entries: [String: Entry]

    /// Compiles the schemas of a model.
    init(_ model: Model, names: TopicNames) throws(SchemaError) {
        self.names = names
        var entries: [String: Entry] = [:]
        for entity in model.entities {
            for kind in entity.kinds {
                // A set each: stock's kinds are cut out of one file and share its $id.
                var schemas = SchemaSet()
                try schemas.add(kind.schema, file: kind.name)
                entries[kind.name] = Entry(
                    kind: kind, entity: entity, schema: try schemas.compile(kind.name),
                    inputTopic: names.input(domain: kind.domain))
            }
        }
        self.entries = entries
    }

    subscript(_ name: String) -> Entry? { entries[name] }

    /// The names, sorted.
    var all: [String] { entries.keys.sorted() }
}
