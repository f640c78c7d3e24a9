import Canonical
import Digests
import Document
import Kafka

// I1, I2, I7: every note of the till's outbox up to the position that was noted became an event, a dead letter or is parked, and
// those of one row came in their order.

extension HouseAuditor {
    func auditNotes() {
        guard house.connectors.contains(where: { $0.name == "retailer" }) else { return }
        if house.trade != .people {
            auditNotes(of: .article, "articles", "product")
            auditNotes(of: .count, "counts", "stock")
        }
        if house.trade != .goods { auditNotes(of: .customer, "customers", "customer") }
        auditParked()
    }

    /// Where each event stands first, by its id.
    func ids(of topic: String) -> [String: (partition: Int32, offset: Int64)] {
        var ids: [String: (partition: Int32, offset: Int64)] = [:]
        for log in house.broker.logs(of: topic) {
            for entry in log.history where entry.isCommitted {
                guard let record = entry.record, let id = record.header("ce_id"), ids[id] == nil else { continue }
                ids[id] = (record.place.partition.partition, entry.offset)
            }
        }
        return ids
    }

    static func event(_ source: String, _ note: StoreTill.Note) -> String { event(source, "outbox/\(note.number)") }

    private static func event(_ source: String, _ reference: String) -> String {
        EventID.make(source: "/till/\(source)", reference: reference, index: 0).description
    }

    private func auditNotes(of table: StoreTill.Table, _ source: String, _ domain: String) {
        let positions = self.positions("retailer", source)
        // What is before the first is in the snapshot; or in a later one, of a process that began when nothing was noted yet.
        let snapshots = house.till.snapshots[table] ?? []
        guard let first = positions.filter(snapshots.contains).max() ?? positions.first, let position = positions.max()
        else { return }
        let published = ids(of: names.input(domain: domain))
        let dead = Set(
            house.broker.logs(of: names.dead(of: "retailer")).flatMap(\.history).compactMap { $0.record?.keyText })
        let parked = parkedReferences()
        var last: [Int: Int64] = [:]
        for note in house.till.notes where note.table == table && note.number > first && note.number <= position {
            verdict.count("notes")
            guard let place = published[Self.event(source, note)] else {
                verdict.check(
                    "I1", dead.contains("outbox/\(note.number)") || parked.contains("\(source)/outbox/\(note.number)"),
                    "the till's note \(note.number) was passed over: the position of \(source) is \(position)")
                continue
            }
            verdict.check(
                "I7", (last[note.id] ?? -1) < place.offset,
                "the till's note \(note.number) overtook one of the same \(table.rawValue)")
            last[note.id] = place.offset
        }
    }

    /// What waits, as `source/reference`.
    private func parkedReferences() -> Set<String> {
        var references: Set<String> = []
        for (key, record) in table(names.parked(connector: "retailer")) {
            guard let reference = record.json?["record"]?["reference"]?.string,
                let source = key.split(separator: "/").first
            else { continue }
            references.insert("\(source)/\(reference)")
        }
        return references
    }

    /// Nothing waits for a number that is known; but for what a killed process parked in its last moment, which reached the topic
    /// behind the next one's start. That one has read it again and published it, and the one after it will find it parked.
    private func auditParked() {
        let published = ["articles": "product", "counts": "stock", "customers": "customer"]
            .mapValues { ids(of: names.input(domain: $0)) }
        let hasRestarted = house.connectors.contains { $0.name == "retailer" && $0.hasRestarted }
        // Others wait behind what came first of the same.
        var waited: Set<String> = []
        for (key, waiting) in parked.sorted(by: { ($0.number, $0.key) < ($1.number, $1.key) }).map({ ($0.key, $0.json) }
        ) {
            let source = String(key.prefix { $0 != "/" })
            let entities = Set((waiting["entities"]?.array ?? []).compactMap(\.string).map { "\(source)/\($0)" })
            defer { waited.formUnion(entities) }
            guard waited.isDisjoint(with: entities) else { continue }
            verdict.count("parked records")
            if hasRestarted, let reference = waiting["record"]?["reference"]?.string,
                published[source]?[Self.event(source, reference)] != nil
            {
                continue
            }
            for missing in waiting["missing"]?.array?.compactMap(\.string) ?? [] {
                // `product/till:5`
                let parts = missing.split(separator: "/", maxSplits: 1).map(String.init)
                let number = parts[1].split(separator: ":", maxSplits: 1).map(String.init)
                let owner = owner(parts[0], number[0], number[1])
                verdict.check("I2", owner == nil, "\(key) waits for \(missing), which is \(owner ?? "")")
            }
        }
    }

    /// What sources have parked, with the numbers in whose order they were read.
    private var parked: [(key: String, number: Int, json: JSON)] {
        table(names.parked(connector: "retailer")).compactMap { key, record in
            guard let json = record.json, let number = json["number"]?.integer else { return nil }
            return (key, number, json)
        }
    }

    private func positions(_ connector: String, _ source: String) -> [Int64] {
        house.broker.logs(of: names.position(connector: connector)).flatMap(\.history).compactMap { entry in
            guard let record = entry.record, record.keyText == source else { return nil }
            return record.json?["position"]?["seq"]?.integer.map(Int64.init)
        }
    }
}
