import Canonical
import Document
import Kafka

/// Compares what went into the topics with what was committed. It knows the contracts and nothing of the engine: no code of
/// Consistency or Hub decides anything here.
package struct Auditor {
    let world: SimulatedWorld
    var verdict = Verdict()
    var broker: SimulatedBroker { world.broker }
    var names: TopicNames { world.names }

    package init(_ world: SimulatedWorld) { self.world = world }

    package mutating func audit() -> Verdict {
        auditTransactions()
        auditPatience()
        auditOutcomes()
        auditRevisions()
        auditMerge()
        auditStock()
        auditRest()
        return verdict
    }

    // MARK: What there is

    /// The committed records of a topic, all that there ever were, partition by partition.
    func committed(_ topic: String) -> [MadeRecord] {
        broker.logs(of: topic).flatMap { log in log.history.filter(\.isCommitted).compactMap(\.record) }
    }

    /// The newest committed value of each key.
    func table(_ topic: String) -> [String: MadeRecord] {
        var table: [String: MadeRecord] = [:]
        for record in committed(topic) { table[record.keyText] = record.value == nil ? nil : record }
        return table
    }
}

extension MadeRecord {
    var keyText: String { key.map { String(decoding: $0, as: UTF8.self) } ?? "" }

    var json: JSON? { value.flatMap { try? JSON(parsing: Array($0)) } }

    /// The text of the first header of a name.
    func header(_ name: String) -> String? { headers.first { $0.name == name }?.text }

    /// The number in a header.
    func number(_ name: String) -> Int64? { header(name).flatMap { Int64($0) } }
}
