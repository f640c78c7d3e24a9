public import Canonical

// After the rules have changed: what was settled by the former ones is settled again, without any event.

extension Engine {
    /// Settles a state by the present rules and subscribers, and sends what has changed. Doing so twice is doing so once.
    ///
    /// What was decided about reservations stays; a position is published anew where the ledger's rules say so.
    ///
    /// - Parameters:
    ///   - domain: the domain's name.
    ///   - key: the state's key. A customer's lies under ``stateKey(ofCustomer:)``; her domain's other states stay as they are.
    public mutating func settleAgain(
        domain: String, key: String, state: inout some StateAccess, now: Tick, effects: inout Effects
    ) throws(StateError) {
        guard let context = contexts.first(where: { $0.name == domain }) else { return }
        switch context.entity.engine {
        case .record: try settleRecord(context, key, &state, now, &effects)
        case .stock: try expire(key: key, state: &state, now: now, effects: &effects)
        case .customer:
            guard let golden = Self.goldenKey(ofCustomerState: key) else { return }
            try settleCustomer(context, golden, &state, now, &effects)
        }
    }

    private mutating func settleRecord(
        _ context: EntityContext, _ key: String, _ state: inout some StateAccess, _ now: Tick, _ effects: inout Effects
    ) throws(StateError) {
        guard state.get(key, into: &bytes) else { return }
        try record.load(bytes)
        guard record.mayDiffer(context) else { return }
        record.settle(Place(context: context, key: key), now, &effects)
        if record.modified { save(key, &state) }
    }

    /// Other rules may match other members, too.
    private mutating func settleCustomer(
        _ context: EntityContext, _ golden: String, _ state: inout some StateAccess, _ now: Tick,
        _ effects: inout Effects
    ) throws(StateError) {
        guard case .cluster = try Registry.find(golden, into: &bytes, &state) else { return }
        try record.load(bytes)
        guard record.mayDiffer(context) else { return }
        try conclude(Place(context: context, key: golden), &state, now, &effects)
    }
}

extension RecordState {
    /// Whether settling may change anything; whoever is erased may have waited for a subscriber that there is no more.
    fileprivate mutating func mayDiffer(_ context: EntityContext) -> Bool {
        if flags.contains(.erased) { modified = true }
        return modified || rules != context.rules
    }
}
