public import Canonical
public import Document

/// How one system's copy stands against the golden record (I9).
public struct CopyCondition: Sendable, Hashable {
    /// The system; of customers with a member there: `system:id`.
    public let system: String
    /// How it stands.
    public let condition: Condition
    /// Since when it waits; nil when it doesn't.
    public let since: Tick?
    /// The fields that differ.
    public let fields: [Difference]
    /// Why it is parked; may hold what the system answered.
    public let reason: String?

    /// How a copy can stand.
    public enum Condition: String, Sendable {
        /// It holds the golden record, as that system can hold it.
        case inSync = "in sync"
        /// It doesn't yet, for less than the grace period.
        case lagging
        /// It holds something else.
        case diverged
        /// It should be there and isn't.
        case missing
        /// It should not be there and is.
        case extra
        /// The connector holds it back.
        case parked
        /// It was written, and nobody ever saw what it holds.
        case unobservable
    }

    /// A field that differs.
    public struct Difference: Sendable, Hashable {
        /// The field.
        public let field: String
        /// What the copy was last known to hold.
        public let held: JSON
        /// What it should hold; nil: nothing.
        public let golden: JSON?

        /// A difference.
        public init(field: String, held: JSON, golden: JSON?) {
            self.field = field
            self.held = held
            self.golden = golden
        }
    }

    /// The same of a system whose sink reads nothing back: what the system says of itself is its own say, such as its price
    /// list, and doesn't show what it made of what it was given.
    public var unseen: CopyCondition {
        condition == .diverged ? CopyCondition(system, .unobservable, since: since ?? .never) : self
    }

    init(
        _ system: String, _ condition: Condition, since: Tick = .never, fields: [Difference] = [], reason: String? = nil
    ) {
        self.system = system
        self.condition = condition
        self.since = since.isKnown ? since : nil
        self.fields = fields
        self.reason = reason
    }
}

extension Engine {
    /// How every subscriber's copy of an entity stands: a function of the state and the time alone.
    ///
    /// - Parameters:
    ///   - entity: the entity's name.
    ///   - state: the state's bytes: under its key, a customer's under `golden:<key>`.
    ///   - now: the time.
    ///   - grace: for so many milliseconds a copy may lag before it counts as diverged, missing or extra.
    public func drift(
        of entity: String, state: [UInt8], now: Tick, grace: Int64
    ) throws(StateError) -> [CopyCondition] {
        guard let context = contexts.first(where: { $0.name == entity }) else { return [] }
        let patience = Patience(now: now, grace: grace)
        if context.entity.engine == .stock {
            return try StockState.decode(state).conditions(context.subscribers, patience)
        }
        // What was merged into another customer has no copies of its own.
        if Registry.isRedirect(state) { return [] }
        var record = RecordState()
        try record.load(state)
        _ = record.existence()
        var conditions: [CopyCondition] = []
        for column in record.copies(context) {
            conditions.append(record.condition(record.answering(for: column), patience))
        }
        return conditions.sorted { $0.system.comesBefore($1.system) }
    }
}

/// What still counts as soon.
struct Patience {
    let now: Tick
    let grace: Int64

    func isSoon(since: Tick) -> Bool { since.isKnown && now < since.advanced(by: grace) }
}

extension RecordState {
    /// The copy itself; but for a member that is gone, once its system has said of the latest revision that it isn't meant to have
    /// the record, the place that the system keeps without a number.
    func answering(for column: Int) -> Int {
        guard isMember(column), !isPresent(column) else { return column }
        let place = "\(string(columns[column].name).prefix { $0 != ":" }):"
        let found = columns.indices.first { string(columns[$0].name) == place }
        guard let found, columns[found].status == .absent, columns[found].acknowledged >= revision else {
            return column
        }
        return found
    }

    func condition(_ index: Int, _ patience: Patience) -> CopyCondition {
        let column = columns[index]
        let name = isMember(index) ? string(column.name) : String(string(column.name).dropLast())
        let since = column.pendingSince
        if column.status == .parked {
            return CopyCondition(name, .parked, since: since, reason: string(column.reason))
        }
        let slot = slot(field: 0, column: index)
        let last = slot.flatMap { lastEntry($0) }
        let isPresent = last.map { isTrue($0.value) } ?? false
        guard flags.contains(.alive) else {
            if isPresent || (last == nil && since.isKnown) {
                let condition: CopyCondition.Condition =
                    patience.isSoon(since: since) ? .lagging : isPresent ? .extra : .unobservable
                return CopyCondition(name, condition, since: since)
            }
            return CopyCondition(name, .inSync)
        }
        guard isPresent else {
            // Left out by the sink on purpose: outside of the system's assortment.
            if let slot, last != nil, isInSync(field: 0, slot: slot), !since.isKnown {
                return CopyCondition(name, .inSync)
            }
            return CopyCondition(name, patience.isSoon(since: since) ? .lagging : .missing, since: since)
        }
        let differences = differences(index)
        if !differences.isEmpty {
            let condition: CopyCondition.Condition = patience.isSoon(since: since) ? .lagging : .diverged
            return CopyCondition(name, condition, since: since, fields: differences)
        }
        if !column.isObservable { return CopyCondition(name, .unobservable, since: since) }
        // It was seen to hold everything that was said of it; what is new in it may still be on its way.
        return CopyCondition(name, patience.isSoon(since: since) ? .lagging : .inSync, since: since)
    }

    private func differences(_ column: Int) -> [CopyCondition.Difference] {
        var differences: [CopyCondition.Difference] = []
        for field in fields.indices.dropFirst() {
            guard let slot = slot(field: field, column: column), !isInSync(field: field, slot: slot),
                let held = lastEntry(slot)
            else { continue }
            let golden = fields[field].golden
            differences.append(
                CopyCondition.Difference(
                    field: string(fields[field].name), held: json(held.value), golden: golden < 0 ? nil : json(golden)))
        }
        return differences
    }
}

extension StockState {
    func conditions(_ subscribers: [String], _ patience: Patience) -> [CopyCondition] {
        subscribers.sorted().map { system in
            guard let copy = copies.first(where: { $0.system.isExactly(system) }) else {
                return CopyCondition(system, .missing)
            }
            if copy.status == .parked {
                return CopyCondition(system, .parked, since: copy.pendingSince, reason: copy.reason)
            }
            let isSoon = patience.isSoon(since: copy.pendingSince)
            let differences = differences(copy)
            if copy.writtenRevision >= revision || copy.isSeen && differences.isEmpty {
                return CopyCondition(system, copy.isSeen || copy.status == .absent ? .inSync : .unobservable)
            }
            let isKnown = copy.acknowledged > 0 || copy.isSeen
            return CopyCondition(
                system, isSoon ? .lagging : isKnown ? .diverged : .missing, since: copy.pendingSince,
                fields: differences)
        }
    }

    private func differences(_ copy: StockCopy) -> [CopyCondition.Difference] {
        let available = max(.zero, (onHand ?? .zero) - reserved)
        var differences: [CopyCondition.Difference] = []
        if let held = copy.onHand, held != onHand {
            differences.append(.init(field: "onHand", held: held.json, golden: onHand?.json))
        }
        if let held = copy.available, held != available {
            differences.append(.init(field: "available", held: held.json, golden: available.json))
        }
        return differences
    }
}

extension StockState.StockCopy {
    /// Whether what it holds was ever seen.
    var isSeen: Bool { onHand != nil || available != nil }
}

extension Quantity {
    var json: JSON { Number(text).map { .number($0) } ?? .null }
}
