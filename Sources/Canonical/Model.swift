public import Document

/// All entities of an installation: what its `Schemas/` folder says.
public struct Model: Sendable {
    /// The entities, by name.
    public let entities: [EntityType]
    private let entityByName: [String: Int]
    private let kindByName: [String: (entity: Int, kind: Int)]

    /// One entity's files, read and parsed.
    public struct Source: Sendable {
        /// The files' first part: `product` for `product.schema.json`.
        public let entity: String
        /// The schema.
        public let schema: JSON
        /// The rules, if there are any.
        public let rules: JSON?
        /// The major versions that came before, as far as they are kept.
        public let earlier: [Earlier]

        /// One entity's files.
        public init(entity: String, schema: JSON, rules: JSON?, earlier: [Earlier] = []) {
            self.entity = entity
            self.schema = schema
            self.rules = rules
            self.earlier = earlier
        }
    }

    /// Makes the model, and checks what entities say of each other.
    public init(_ sources: [Source]) throws(ModelError) {
        var entities: [EntityType] = []
        for source in sources.sorted(by: { $0.entity < $1.entity }) {
            guard Self.isName(source.entity) else {
                throw ModelError(source.entity, "an entity's name has lower-case letters, digits and hyphens only")
            }
            guard !EntityType.stockKindNames.contains(source.entity) else {
                throw ModelError(source.entity, "this name is one of stock's kinds; choose another one")
            }
            entities.append(
                try EntityType(
                    name: source.entity, schema: source.schema, rules: source.rules, earlier: source.earlier))
        }
        var entityByName: [String: Int] = [:]
        var kindByName: [String: (entity: Int, kind: Int)] = [:]
        for (place, entity) in entities.enumerated() {
            guard entityByName.updateValue(place, forKey: entity.name) == nil else {
                throw ModelError(entity.name, "stands twice")
            }
            for (index, kind) in entity.kinds.enumerated() { kindByName[kind.name] = (place, index) }
        }
        for reference in entities.flatMap({ entity in
            entity.kinds.flatMap { kind in kind.references.map { (entity, $0) } }
        })
        where entityByName[reference.1.entity] == nil {
            throw ModelError(
                reference.0.name,
                "\(reference.1.description): \"x-reference\": there is no entity '\(reference.1.entity)'")
        }
        self.entities = entities
        self.entityByName = entityByName
        self.kindByName = kindByName
    }

    /// The entity of that name.
    public func entity(_ name: String) -> EntityType? { entityByName[name].map { entities[$0] } }

    /// The kind of data of that name.
    public func kind(_ name: String) -> Kind? { kindByName[name].map { entities[$0.entity].kinds[$0.kind] } }

    /// The domains, by name.
    public var domains: [String] { Set(entities.map(\.domain)).sorted() }

    /// The entities that one domain decides.
    public func entities(of domain: String) -> [EntityType] { entities.filter { $0.domain == domain } }

    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 &- 97 < 26 || $0 &- 48 < 10 || $0 == UInt8(ascii: "-") }
    }
}

/// A `Schemas/` folder that can't be used: which file, and what to do.
public struct ModelError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file's name.
    public let file: String
    /// What is wrong, and what would be right.
    public let reason: String

    /// `Schemas/product.schema.json: reason`.
    public var description: String { "Schemas/\(file): \(reason)" }

    init(_ entity: String, _ reason: String) {
        file = "\(entity).schema.json"
        self.reason = reason
    }

    init(rules error: RulesError) {
        file = "\(error.entity).rules.yaml"
        reason = error.place.isEmpty ? error.reason : "\(error.place): \(error.reason)"
    }
}
