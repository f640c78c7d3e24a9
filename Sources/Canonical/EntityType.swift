public import Document

/// What the hub keeps one truth of: its schema, its key, its rules, and the engine that decides it.
///
/// Made of `Schemas/<entity>.schema.json` and, beside it, `<entity>.rules.yaml`. Nothing else has to be said about a new
/// entity.
public struct EntityType: Sendable {
    /// The name: `product`.
    public let name: String
    /// The domain that decides it: its own name, but `stock` for reservations too.
    public let domain: String
    /// Which engine decides.
    public let engine: Engine
    /// How its key follows from its data.
    public let key: KeyRule
    /// The kinds of data that its file defines. The first one is the entity itself.
    public let kinds: [Kind]
    /// The versions of its kinds that came before and are kept, the oldest first.
    public let earlier: [EarlierVersion]
    /// The business rules.
    public let rules: Rules
    /// The whole schema file.
    public let schema: JSON
    /// Top-level fields that hold personal data (`x-personal`).
    public let personal: Set<String>
    /// Top-level fields that only the hub writes (`readOnly`): in what systems say they are ignored.
    public let readOnly: Set<String>

    /// The engines.
    public enum Engine: String, Sendable {
        /// Fields of systems merge into a golden record.
        case record
        /// A ledger per product and place, and reservations on it.
        case stock
        /// Members link into customers, then fields merge.
        case customer
    }

    /// The entity's own kind.
    public var kind: Kind { kinds[0] }

    /// Makes an entity of its files.
    ///
    /// - Parameters:
    ///   - name: the files' first part.
    ///   - schema: the schema file's content.
    ///   - rules: the rules file's content; nil when there is none.
    ///   - earlier: the major versions that came before, as far as they are kept.
    public init(
        name: String, schema: JSON, rules: JSON?, earlier: [Model.Source.Earlier] = []
    ) throws(ModelError) {
        guard schema["type"] == "object", schema["properties"]?.object != nil else {
            throw ModelError(name, "an entity's schema has \"type\": \"object\" and \"properties\"")
        }
        guard let id = schema["$id"]?.string, let major = Self.major(id, of: name) else {
            throw ModelError(name, "\"$id\" must be urn:omni:\(name):<major>, for example urn:omni:\(name):1")
        }
        do {
            self.rules = try Rules(rules, entity: name)
        } catch {
            throw ModelError(rules: error)
        }
        self.name = name
        self.schema = schema
        engine = name == "customer" ? .customer : name == "stock" || name == "reservation" ? .stock : .record
        let domain = engine == .stock ? "stock" : name
        self.domain = domain
        personal = Set(SchemaWalk(schema).personal)
        readOnly = Set(
            schema["properties"]!.object!.compactMap { $0.value["readOnly"] == true ? $0.key : nil })
        key = try KeyRule(entity: name, schema: schema, rules: self.rules)
        kinds = Self.kinds(of: name, schema, major: major, domain: domain)
        self.earlier = try Self.earlier(earlier, of: kinds[0])
        for kind in Self.stockKindNames where name == "stock" && !kinds.contains(where: { $0.name == kind }) {
            throw ModelError(name, "\"$defs\" lacks '\(kind)'")
        }
        for field in self.rules.match where schema["properties"]?[field.field] == nil {
            throw ModelError(
                rules: RulesError(entity: name, place: "match", reason: "the schema has no field '\(field.field)'"))
        }
    }

    /// The kinds of data that a schema file defines, whatever rules lie beside it: what versions of it are compared by.
    ///
    /// - Throws: ``ModelError`` when its `$id` isn't `urn:omni:<name>:<major>`.
    public static func kinds(of name: String, schema: JSON) throws(ModelError) -> [Kind] {
        guard let id = schema["$id"]?.string, let major = major(id, of: name) else {
            throw ModelError(name, "\"$id\" must be urn:omni:\(name):<major>, for example urn:omni:\(name):1")
        }
        return kinds(of: name, schema, major: major, domain: name)
    }

    private static func kinds(of name: String, _ schema: JSON, major: Int, domain: String) -> [Kind] {
        let walk = SchemaWalk(schema)
        let own = Kind(
            name: name, entity: name, domain: domain, major: major, schema: schema, references: walk.references,
            lists: walk.lists)
        return [own] + (name == "stock" ? stockKinds(schema, major) : [])
    }

    static let stockKindNames = ["count", "movement", "hold", "release"]

    private static func major(_ id: String, of name: String) -> Int? {
        let prefix = "urn:omni:\(name):"
        guard id.hasPrefix(prefix), let major = Int(id.dropFirst(prefix.count)), major > 0 else { return nil }
        return major
    }

    private static func stockKinds(_ schema: JSON, _ major: Int) -> [Kind] {
        stockKindNames.compactMap { name in
            guard let definition = schema["$defs"]?[name], definition.object != nil else { return nil }
            // Each kind's schema stands alone: its definition at the root, the shared ones beside it.
            var document = definition
            document["$schema"] = schema["$schema"]
            document["$id"] = .string("urn:omni:\(name):\(major)")
            document["$defs"] = schema["$defs"]
            let walk = SchemaWalk(document)
            return Kind(
                name: name, entity: "stock", domain: "stock", major: major, schema: document,
                references: walk.references, lists: walk.lists)
        }
    }
}
