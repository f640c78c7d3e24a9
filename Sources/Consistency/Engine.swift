public import Canonical
import Document

/// The consistency engine: decides what an event changes. Pure: no input, no output, no clock, no randomness (I11).
///
/// ```swift
/// var engine = Engine(model: model, subscribers: ["product": ["till", "shop"]])
/// try engine.decide(event, state: &overlay, now: now, effects: &effects)
/// for effect in effects.list { … }
/// ```
///
/// One engine serves one thread; it holds working memory and nothing else, so any engine of the same model decides the
/// same. Everything it knows lies in the state.
public struct Engine: ~Copyable {
    /// The entities it decides.
    public let model: Model
    let contexts: [EntityContext]
    let bounds: HoldBounds
    var record = RecordState()
    var writer = StateWriter()
    var json = JSONWriter()
    /// Customers who share a value that was too common until this decision; see ``conclude(_:_:_:_:)``.
    var freed: [[String]] = []
    /// A state as it was read.
    var bytes: [UInt8] = []

    /// Stock's settings, and the systems that hold copies of its positions.
    let ledger: StockRules
    let stockSubscribers: [String]
    /// The position that is at work.
    var stock = StockState()
    var object = ObjectWriter()
    /// Mostly the next event's, too.
    private var latest: (kind: String, context: EntityContext)?

    /// An engine.
    ///
    /// - Parameters:
    ///   - model: the entities and their rules.
    ///   - subscribers: by entity, the systems whose copies are kept in sync: those with a sink.
    ///   - bounds: what may be reserved; of no meaning for an engine that only reads states.
    public init(model: Model, subscribers: [String: [String]], bounds: HoldBounds = HoldBounds()) {
        self.model = model
        self.bounds = bounds
        contexts = model.entities.map { EntityContext($0, subscribers: subscribers[$0.name] ?? []) }
        let stock = contexts.first { $0.name == "stock" }
        ledger = StockRules(stock?.entity.rules.ledger ?? Rules.Ledger())
        stockSubscribers = stock?.subscribers ?? []
    }

    /// Decides one event.
    ///
    /// - Parameters:
    ///   - event: the event; envelope and data are checked already, as is that its key is its data's key.
    ///   - state: the state of the event's domain.
    ///   - now: the time; must not go backwards within a partition.
    ///   - effects: takes what is to be done. An event that can't be used adds ``Effect/rejected(_:)`` alone.
    /// - Throws: ``StateError`` when a state can't be read. Nothing was changed then.
    public mutating func decide(
        _ event: borrowing Event, state: inout some StateAccess, now: Tick, effects: inout Effects
    ) throws(StateError) {
        guard let context = context(ofKind: event.envelope.type.kind) else {
            let kind = event.envelope.type.kind
            effects.add(.rejected(Rejection(.unknownType, "there is no kind of data '\(kind)'; add it to Schemas/")))
            return
        }
        let rejection: Rejection?
        switch context.entity.engine {
        case .record: rejection = try decideRecord(context, event, &state, now, &effects)
        case .stock: rejection = try decideStock(context, event, &state, now, &effects)
        case .customer: rejection = try decideCustomer(context, event, &state, now, &effects)
        }
        if let rejection { effects.add(.rejected(rejection)) }
    }
}

extension Engine {
    private mutating func context(ofKind kind: String) -> EntityContext? {
        if let latest, latest.kind == kind { return latest.context }
        for context in contexts where context.kinds.contains(kind) {
            latest = (kind, context)
            return context
        }
        return nil
    }
}

/// What the engine knows of one entity, made ready.
final class EntityContext: Sendable {
    let entity: EntityType
    let merge: Merge
    let subscribers: [String]
    let kinds: [String]
    /// The rules' version as a number.
    let rules: UInt32
    let readOnly: [[UInt8]]
    /// Fields that follow another one.
    let followers: [(field: String, leader: String)]

    var name: String { entity.name }

    init(_ entity: EntityType, subscribers: [String]) {
        self.entity = entity
        self.subscribers = subscribers
        merge = Merge(rules: entity.rules, ofMembers: entity.engine == .customer)
        kinds = entity.kinds.map(\.name)
        rules = UInt32(entity.rules.version, radix: 16) ?? 0
        readOnly = entity.readOnly.map { Array($0.utf8) }
        followers = entity.rules.fields.compactMap { field in
            if case .with(let leader) = field.strategy { (field.name, leader) } else { nil }
        }
    }
}
