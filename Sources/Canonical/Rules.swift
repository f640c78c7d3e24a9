import Digests
public import Document

/// An entity's business rules: which system wins for which field, who deletes, what links customers.
///
/// `Schemas/<entity>.rules.yaml`, decoded; the file is read by `Installation`, as YAML is no business of this module.
///
/// ```yaml
/// key: gtin
/// default: { latest: any }
/// delete: { owner: importer }
/// fields:
///   name:     { priority: [shop, importer] }
///   price:    { latest: [till, wholesaler] }
///   currency: { with: price }
///   labels:   { union: { by: code } }
/// ```
public struct Rules: Sendable, Hashable {
    /// The field whose value is the key.
    public let key: String?
    /// The strategy of fields without one of their own.
    public let fallback: Strategy
    /// Who may delete.
    public let deletion: Deletion
    /// Strategies by field, in the file's order.
    public let fields: [Field]
    /// The fields that link customers; empty for other entities.
    public let match: [MatchField]
    /// The settings of stock's ledger; of no meaning for other entities.
    public let ledger: Ledger
    /// Identifies these rules in golden records: equal rules have equal versions. Eight hexadecimal digits.
    public let version: String

    /// A field and its strategy.
    public struct Field: Sendable, Hashable {
        /// The field's name.
        public let name: String
        /// Its strategy.
        public let strategy: Strategy
    }

    /// Settings of stock's ledger. Times in milliseconds.
    public struct Ledger: Sendable, Hashable {
        /// A count without a cut may or may not hold movements whose stamps are this near to its own.
        public var skew: Int64 = 30_000
        /// Movements older than this are refused; what is older closes into the balance.
        public var horizon: Int64 = 30 * 86_400_000
        /// How long a decided reservation is remembered by its id.
        public var remember: Int64 = 30 * 86_400_000
        /// How much may be promised beyond what is on hand.
        public var backorder = Number(0)

        /// The defaults: 30 s, 30 d, 30 d, nothing.
        public init() {}
    }

    /// The strategy of a field.
    public func strategy(of field: String) -> Strategy {
        fields.first { $0.name == field }?.strategy ?? fallback
    }

    /// All systems that the rules name, each once.
    public var systems: [String] {
        var named = fields.flatMap(\.strategy.systems) + fallback.systems
        if case .owner(let system) = deletion { named.append(system) }
        var seen: Set<String> = []
        return named.filter { seen.insert($0).inserted }
    }

    /// Decodes rules.
    ///
    /// - Parameters:
    ///   - json: the file's content; nil when there is no file: latest wins, nobody deletes.
    ///   - entity: the entity's name, for errors.
    /// - Throws: ``RulesError`` with the place; an unknown name is refused with the nearest known one.
    public init(_ json: JSON?, entity: String) throws(RulesError) {
        let decoder = RulesDecoder(entity: entity)
        let json = json ?? .object([])
        let members = try decoder.members(json, "", known: ["key", "default", "delete", "fields", "match", "ledger"])
        key = try members["key"].map { value throws(RulesError) in try decoder.text(value, "key") }
        fallback =
            try members["default"].map { value throws(RulesError) in
                try decoder.strategy(value, "default")
            } ?? .latest(.any)
        deletion = try members["delete"].map { value throws(RulesError) in try decoder.deletion(value) } ?? .never
        fields = try decoder.fields(members["fields"])
        match = try decoder.match(members["match"])
        ledger = try decoder.ledger(members["ledger"])
        let digest = SHA256.digest(json.utf8)
        version = digest.prefix(4).map { byte in
            let text = String(byte, radix: 16)
            return byte < 16 ? "0" + text : text
        }.joined()
    }
}

/// Rules that can't be used: which entity, where in the file, and what to do.
public struct RulesError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The entity.
    public let entity: String
    /// The place, such as `fields.price.latest`; empty for the whole file.
    public let place: String
    /// What is wrong, and what would be right.
    public let reason: String

    /// `Schemas/product.rules.yaml, fields.price: reason`.
    public var description: String {
        "Schemas/\(entity).rules.yaml\(place.isEmpty ? "" : ", \(place)"): \(reason)"
    }
}
