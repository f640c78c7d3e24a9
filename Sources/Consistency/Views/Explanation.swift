public import Canonical
public import Document

/// Why a field is what it is: who said what, who won, by which rule.
public struct Explanation: Sendable, Hashable {
    /// The field.
    public let field: String
    /// The golden value; nil when nobody with a say gave one.
    public let value: JSON?
    /// The rule's name, such as `latest`.
    public let rule: String
    /// The golden record's revision that brought this value.
    public let revision: Int64
    /// What the systems say; those that won come first.
    public let claims: [Claim]

    /// What one system (of customers: one member) says.
    public struct Claim: Sendable, Hashable {
        /// The system, or `system:id`.
        public let system: String
        /// Its value.
        public let value: JSON
        /// When it changed; ``Tick/never`` when nobody knows.
        public let stamp: Tick
        /// Where the event stands that brought it, in the domain's input topic.
        public let origin: Origin
        /// What became of it.
        public let verdict: Verdict
    }

    /// What became of a claim.
    public enum Verdict: String, Sendable {
        /// It is the golden value, or is part of it.
        case won
        /// A later one won.
        case older
        /// A system that goes before it has a value.
        case outranked = "outranked by the rule's order"
        /// The rule doesn't hear this system.
        case noSay = "no say"
        /// Another value is greater, less or more complete, as the rule asks.
        case lost = "lost by the rule"
    }
}

extension Engine {
    /// Explains a field of a golden record.
    ///
    /// - Parameters:
    ///   - field: the field's name.
    ///   - entity: the entity's name.
    ///   - state: the state's bytes: a record's under its key, a customer's under `golden:<key>`.
    /// - Returns: nil when nobody ever said anything about this field, or the entity has no fields (stock).
    public func explain(field: String, of entity: String, state: [UInt8]) throws(StateError) -> Explanation? {
        guard let context = contexts.first(where: { $0.name == entity }), context.entity.engine != .stock,
            !Registry.isRedirect(state)
        else {
            return nil
        }
        var record = RecordState()
        try record.load(state)
        guard !field.isEmpty, let index = record.field(field) else { return nil }
        let strategy = context.merge.strategy(record, index)
        let outcome = context.merge.outcome(&record, field: index)
        var claims: [Explanation.Claim] = []
        var slot = record.fields[index].firstSlot
        while slot >= 0 {
            let at = Int(slot)
            slot = record.slots[at].next
            guard record.slots[at].contribution >= 0 else { continue }
            claims.append(
                Explanation.Claim(
                    system: record.name(ofColumn: Int(record.slots[at].column)),
                    value: record.json(record.slots[at].contribution), stamp: record.slots[at].stamp,
                    origin: record.slots[at].origin,
                    verdict: verdict(record, at, outcome, strategy, context.merge)))
        }
        claims.sort {
            ($0.verdict == .won ? 0 : 1, $1.stamp, $0.system) < ($1.verdict == .won ? 0 : 1, $0.stamp, $1.system)
        }
        let golden = record.fields[index].golden
        return Explanation(
            field: field, value: golden < 0 ? nil : record.json(golden), rule: strategy.name,
            revision: record.fields[index].changed, claims: claims)
    }

    private func verdict(
        _ record: borrowing RecordState, _ slot: Int, _ outcome: Merge.Outcome, _ strategy: Strategy, _ merge: Merge
    ) -> Explanation.Verdict {
        if slot == outcome.winner { return .won }
        guard merge.hasSay(record, slot, strategy) else { return .noSay }
        switch strategy {
        case .union: return record.isNull(record.slots[slot].contribution) ? .lost : .won
        case .latest where outcome.winner >= 0 && record.slots[slot].stamp == record.slots[outcome.winner].stamp:
            return .outranked
        case .latest, .ownerOnly: return .older
        case .priority: return .outranked
        case .mostComplete, .max, .min, .with: return .lost
        }
    }

    /// Why a customer's members are one person.
    public struct Link: Sendable, Hashable {
        /// One member.
        public let one: Reference
        /// The other member.
        public let other: Reference
        /// The field whose value they share; `created` when a sink created one for the other.
        public let reason: String
    }

    /// Why a customer's members are one person; values that too many share link nobody and may stand here for their
    /// members, too.
    public func links(of entity: String, state: [UInt8]) throws(StateError) -> [Link] {
        guard let context = contexts.first(where: { $0.name == entity }), context.merge.ofMembers,
            !Registry.isRedirect(state)
        else { return [] }
        var record = RecordState()
        try record.load(state)
        var links: [Link] = []
        let fields = context.entity.rules.match
        for place in record.hashes.indices {
            let hash = record.hashes[place]
            for other in 0..<place where record.hashes[other].isSame(as: hash) && Int(hash.field) < fields.count {
                let reason = fields[Int(hash.field)].field
                if let link = record.link(Int(record.hashes[other].column), Int(hash.column), reason) {
                    links.append(link)
                }
            }
        }
        for index in record.columns.indices where record.columns[index].anchor >= 0 {
            if let link = record.link(Int(record.columns[index].anchor), index, "created") { links.append(link) }
        }
        return links.sorted { ($0.one, $0.other, $0.reason) < ($1.one, $1.other, $1.reason) }
    }
}

extension RecordState {
    func json(_ value: Int32) -> JSON { ValueText.parsed(text(value)) { JSON($0) } }

    fileprivate func link(_ one: Int, _ other: Int, _ reason: String) -> Engine.Link? {
        guard let one = Reference(key: name(ofColumn: one)), let other = Reference(key: name(ofColumn: other)) else {
            return nil
        }
        return Engine.Link(one: min(one, other), other: max(one, other), reason: reason)
    }
}
