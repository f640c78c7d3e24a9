import Canonical
import Document
import Hub
import Kafka

// I4, I9: when all has come to rest, stores agree with the changelog, and every system's copy with the golden record.

extension Auditor {
    mutating func auditRest() {
        for hub in world.hubs { auditStore(hub) }
        auditOwnership()
        for contributor in world.contributors where contributor.hasSink { auditCopies(contributor) }
    }

    private mutating func auditStore(_ hub: SimulatedHub) {
        for partition in hub.owned.sorted(by: { $0.description < $1.description }) {
            verdict.count("stores")
            let place = TopicPartition(names.state(domain: partition.domain), partition.partition)
            var state: [[UInt8]: [UInt8]] = [:]
            for entry in broker.log(place)?.history ?? [] where entry.isCommitted {
                guard let record = entry.record, let key = record.key else { continue }
                state[Array(key)] = record.value.map { Array($0) }
            }
            let found = hub.disk.contents(partition)
            for (key, value) in state where found[key] != value {
                verdict.add(
                    "I4",
                    "hub \(hub.instance) has an old state of \(String(decoding: key, as: UTF8.self)) in \(partition)")
            }
            for key in found.keys where state[key] == nil {
                verdict.add(
                    "I4",
                    "hub \(hub.instance) has \(String(decoding: key, as: UTF8.self)) in \(partition), which is gone")
            }
        }
    }

    /// Every partition has one owner.
    private mutating func auditOwnership() {
        let owned = world.hubs.flatMap(\.owned)
        verdict.check("I5", Set(owned).count == owned.count, "partitions have two owners")
        let all = world.plan.model.domains.flatMap { broker.partitions(of: names.input(domain: $0)) }
        verdict.check("I9", owned.count == all.count, "\(owned.count) of \(all.count) partitions are owned")
    }

    private mutating func auditCopies(_ contributor: Contributor) {
        for (key, record) in table(names.golden(entity: "product")).sorted(by: { $0.key < $1.key }) {
            guard let golden = record.json, !isGivenUp(key) else { continue }
            verdict.count("copies")
            for field in contributor.fields {
                guard let value = golden[field] else { continue }
                let held = contributor.rows[key]?.fields[field]
                verdict.check(
                    "I9", held == contributor.kept(field, value),
                    "\(contributor.name) has \(key) \(field) = \(held?.text ?? "absent"), golden is \(value.text)")
            }
        }
    }

    /// Whether the hub has stopped to correct a copy: after three times the same.
    private func isGivenUp(_ key: String) -> Bool {
        let documents = committed(names.golden(entity: "product")).filter { $0.keyText == key }.compactMap(\.json)
        return documents.suffix(4).count == 4 && Set(documents.suffix(4)).count == 1
    }
}
