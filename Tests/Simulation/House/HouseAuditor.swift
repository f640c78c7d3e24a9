import Canonical
import Connector
import Consistency
import Document
import Kafka

/// Looks at the systems' copies and at the logs when a house has come to rest: independent of what the connectors believe.
final class HouseAuditor {
    let house: House
    private let engine: Engine
    var verdict = Verdict()
    var names: TopicNames { house.plan.names }
    private var tables: [String: [String: MadeRecord]] = [:]

    init(_ house: House) {
        self.house = house
        engine = Engine(model: house.plan.model, subscribers: house.subscribers, bounds: HoldBounds())
    }

    func audit() -> Verdict {
        if house.trade != .people { auditGoods() }
        if house.trade != .goods { auditCustomers() }
        auditNotes()
        auditFiles()
        // Hubs end when their disks are full, and whoever is replaced ends; a supervisor starts them again.
        for connector in house.connectors {
            for failure in connector.failures
            where (failure as? KafkaError)?.code != .fencedInstanceID && !(failure is Overtaken) {
                verdict.add("I9", "\(connector.name) ended by itself: \(failure)")
            }
        }
        return verdict
    }

    // MARK: I6

    /// What a system is believed to say was typed there: nothing that a sink wrote, nor what a system made of it. A system that
    /// came back from a backup says anew what it was given before.
    func auditClaims(_ entity: String, _ name: String, _ fields: [String], _ state: [UInt8]) {
        for field in fields {
            let explanation = read("\(entity) \(name)") { () throws(StateError) in
                try engine.explain(field: field, of: entity, state: state)
            }
            for claim in explanation??.claims ?? [] where !claim.value.isNull {
                let system = claim.system.split(separator: ":")[0]
                guard !wasRestored(String(system), entity), !isShared(String(system)) else { continue }
                verdict.count("claims")
                verdict.check(
                    "I6", house.people.typed["\(system)/\(field)"]?.contains(claim.value.text) ?? false,
                    "\(claim.system) is believed to say \(field) \(claim.value.text) of \(name), which nobody typed")
            }
        }
    }

    /// Whether two processes have read a system without a log of its changes: what one writes the other may read before it is
    /// reported (docs/contracts.md: a connector is one process).
    private func isShared(_ system: String) -> Bool {
        system != "till" && house.scheduler.trace.counts["connector replaced"] != nil
    }

    func wasRestored(_ system: String, _ entity: String) -> Bool {
        switch (system, entity) {
        case ("shop", "product"): house.shop.products.wasRestored
        case ("shop", "customer"): house.shop.customers.wasRestored
        case ("crm", _): house.crm.wasRestored
        default: false
        }
    }

    // MARK: I9

    /// How the copies stand in the hub's eyes, by system or member.
    func conditions(_ entity: String, _ name: String, _ state: [UInt8]) -> [String: CopyCondition] {
        let now = Tick(house.scheduler.clock.now)
        let copies = read("\(entity) \(name)") { () throws(StateError) in
            try engine.drift(of: entity, state: state, now: now, grace: 60_000)
        }
        return Dictionary((copies ?? []).map { ($0.system, $0) }) { $1 }
    }

    /// Compares a copy with what it ought to hold, and with what the hub says of it.
    ///
    /// - Parameter difference: what is wrong with it; nil: nothing.
    func auditCopy(_ what: String, _ condition: CopyCondition?, _ difference: String?) {
        verdict.count("copies")
        switch condition?.condition {
        case .parked, .diverged, .unobservable: verdict.count(condition!.condition.rawValue)
        case .lagging: verdict.add("I9", "\(what) still lags behind: \(difference ?? "no difference")")
        case .missing, .extra:
            verdict.add("I9", "\(what) is \(condition!.condition.rawValue) for good: \(difference ?? "no difference")")
        case .inSync, nil:
            if let difference {
                verdict.add(
                    "I9", "\(what) holds \(difference); the hub says \(condition?.condition.rawValue ?? "nothing")")
            }
        }
    }

    private func read<Result>(_ what: String, _ body: () throws(StateError) -> Result) -> Result? {
        do throws(StateError) { return try body() } catch {
            verdict.add("I4", "the state of \(what) can't be read: \(error)")
            return nil
        }
    }

    // MARK: Logs

    /// The newest committed record of each key that is no tombstone.
    func table(_ topic: String) -> [String: MadeRecord] {
        if let table = tables[topic] { return table }
        var table: [String: MadeRecord] = [:]
        for log in house.broker.logs(of: topic) {
            for record in log.history.filter(\.isCommitted).compactMap(\.record) {
                table[record.keyText] = record.value == nil ? nil : record
            }
        }
        tables[topic] = table
        return table
    }

    /// A golden document; nil when there is none.
    func golden(_ entity: String, _ key: String) -> JSON? {
        guard let record = table(names.golden(entity: entity))[key],
            record.header("ce_type") == "omni.\(entity).golden"
        else { return nil }
        return record.json
    }

    /// The hub's state under a key; nil when there is none.
    func state(_ domain: String, _ key: String) -> [UInt8]? {
        table(names.state(domain: domain))[key]?.value.map(Array.init)
    }

    /// Whose number that is.
    func owner(_ entity: String, _ system: String, _ id: String) -> String? {
        table(names.identity(entity: entity))["\(system):\(id)"]?.json?["key"]?.string
    }
}
