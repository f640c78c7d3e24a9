import Canonical
import Consistency
import Digests
import Document
import Kafka

/// Looks at the systems' copies and at the logs when a house has come to rest: independent of what the connectors believe.
package struct HouseAuditor: ~Copyable {
    private let house: House
    private let engine: Engine
    package private(set) var findings: [String] = []

    package init(_ house: House) {
        self.house = house
        engine = Engine(model: house.plan.model, subscribers: house.plan.subscribers, bounds: HoldBounds())
    }

    package mutating func audit() throws {
        for gtin in House.gtins {
            let state = latest(house.plan.names.state(domain: "product"), gtin)
            try auditClaims(gtin, state)
            try auditCopies(gtin, state)
        }
        auditNotes()
        for connector in house.connectors {
            for failure in connector.failures { find("\(connector.name) ended by itself: \(failure)") }
        }
    }

    private mutating func find(_ what: String) { findings.append(what) }

    // MARK: I6

    /// What a system is believed to say was typed there: nothing that a sink wrote, nor what a system made of it.
    private mutating func auditClaims(_ gtin: String, _ state: [UInt8]?) throws {
        guard let state else { return }
        for field in ["name", "description", "price", "currency", "costPrice"] {
            guard let explanation = try engine.explain(field: field, of: "product", state: state) else { continue }
            for claim in explanation.claims where !claim.value.isNull {
                let typed = house.people.typed["\(claim.system)/\(field)"] ?? []
                if !typed.contains(claim.value.text) {
                    find(
                        "I6: \(claim.system) is believed to say \(field) \(claim.value.text) of \(gtin), which nobody typed"
                    )
                }
            }
        }
    }

    // MARK: I9

    private mutating func auditCopies(_ gtin: String, _ state: [UInt8]?) throws {
        let golden = self.golden(gtin)
        var conditions: [String: CopyCondition] = [:]
        if let state {
            let now = Tick(house.scheduler.clock.now)
            for copy in try engine.drift(of: "product", state: state, now: now, grace: 60_000) {
                conditions[copy.system] = copy
            }
        }
        for system in ["till", "shop"] {
            let held = system == "till" ? tillCopy(gtin) : shopCopy(gtin)
            let flaw = difference(system, held, golden)
            let condition = conditions[system]?.condition
            switch condition {
            case .parked, .diverged, .unobservable: continue
            case .lagging: find("I9: \(system) still lags behind with \(gtin)")
            case .missing, .extra: find("I9: \(gtin) is \(condition!.rawValue) in \(system) for good")
            case .inSync, nil:
                if let flaw {
                    find("I9: \(system) holds of \(gtin) \(flaw); the hub says \(condition?.rawValue ?? "nothing")")
                }
            }
        }
    }

    /// The golden document; nil when there is none.
    private func golden(_ gtin: String) -> JSON? {
        for log in house.broker.logs(of: house.plan.names.golden(entity: "product")) {
            guard let entry = newest(log, gtin) else { continue }
            let type = entry.headers.first { $0.name == "ce_type" }?.text
            guard let value = entry.value, type == "omni.product.golden" else { return nil }
            return try? JSON(parsing: Array(value))
        }
        return nil
    }

    /// Why a copy isn't the golden record as that system can hold it; nil when it is.
    private func difference(_ system: String, _ held: JSON?, _ golden: JSON?) -> String? {
        guard let golden else { return held.map { "\($0.text), and should hold nothing" } }
        let isAssorted = golden["assortment"]?.array?.contains(.string(system)) ?? false
        guard let held else { return isAssorted ? "nothing, and should hold \(golden.text)" : nil }
        for field in ["name", "price", "currency"] + (system == "shop" ? ["description"] : []) {
            guard let wanted = golden[field] else { continue }
            let projected = system == "till" ? StoreTill.projection(field, wanted) : Shop.projection(field, wanted)
            if (held[field] ?? .null) != projected {
                return "\(field) \(held[field]?.text ?? "nothing") instead of \(projected.text)"
            }
        }
        return nil
    }

    private func tillCopy(_ gtin: String) -> JSON? {
        guard let row = house.till.article(ean: String(gtin.dropFirst()))?.row, row["active"] == 1 else { return nil }
        return [
            "name": row["name"] ?? .null, "price": row["sale_price"] ?? .null, "currency": row["currency"] ?? .null,
        ]
    }

    private func shopCopy(_ gtin: String) -> JSON? {
        house.shop.all.first { $0.row["sku"]?.string == gtin && $0.row["active"] == true }?.row
    }

    // MARK: I1 and I7

    /// Every note of the till's outbox up to the position that was noted became an event, and those of one article in their order.
    private mutating func auditNotes() {
        var offsets: [String: (partition: Int32, offset: Int64)] = [:]
        for log in house.broker.logs(of: house.plan.names.input(domain: "product")) {
            for entry in log.history where entry.isCommitted {
                guard let record = entry.record,
                    let id = record.headers.first(where: { $0.name == "ce_id" })?.text
                else { continue }
                if offsets[id] == nil { offsets[id] = (record.place.partition.partition, entry.offset) }
            }
        }
        let positions = self.positions("retailer", "articles")
        // What is before the first is in the snapshot.
        guard let first = positions.first, let position = positions.last else { return }
        let letters = house.broker.logs(of: house.plan.names.dead(of: "retailer")).flatMap(\.history)
        let dead = Set(letters.compactMap { $0.record?.key.map { String(decoding: $0, as: UTF8.self) } })
        var last: [Int: Int64] = [:]
        for note in house.till.notes where note.number > first && note.number <= position {
            let id = EventID.make(source: "/till/articles", reference: "outbox/\(note.number)", index: 0).description
            if dead.contains("outbox/\(note.number)") { continue }
            guard let place = offsets[id] else {
                find("I1: the till's note \(note.number) was passed over: the position is \(position)")
                continue
            }
            if let before = last[note.id], before > place.offset {
                find("I7: the till's note \(note.number) overtook one of the same article")
            }
            last[note.id] = place.offset
        }
    }

    private func positions(_ connector: String, _ source: String) -> [Int64] {
        let logs = house.broker.logs(of: house.plan.names.position(connector: connector))
        return logs.flatMap(\.history).compactMap { entry in
            guard let record = entry.record, record.key.map({ $0.elementsEqual(source.utf8) }) == true,
                let value = record.value
            else { return nil }
            return (try? JSON(parsing: Array(value)))?["position"]?["seq"]?.integer.map(Int64.init)
        }
    }

    // MARK: Logs

    private func latest(_ topic: String, _ key: String) -> [UInt8]? {
        for log in house.broker.logs(of: topic) {
            if let record = newest(log, key) { return record.value.map(Array.init) }
        }
        return nil
    }

    private func newest(_ log: PartitionLog, _ key: String) -> MadeRecord? {
        log.history.last { entry in
            entry.isCommitted && entry.record?.key.map { $0.elementsEqual(key.utf8) } ?? false
        }?.record
    }
}

extension StoreTill {
    static func projection(_ field: String, _ value: JSON) -> JSON { field == "name" ? cut(value) : value }
}

extension Shop {
    static func projection(_ field: String, _ value: JSON) -> JSON { field == "price" ? rounded(value) : value }
}

// MARK: For people

extension HouseAuditor {
    /// All that was said of an entity, in the order of its partitions: for who replays a seed.
    package func story(of gtin: String) -> [String] {
        let names = house.plan.names
        var lines: [String] = []
        for topic in [names.input(domain: "product"), names.golden(entity: "product")] {
            for log in house.broker.logs(of: topic) {
                for entry in log.history where entry.isCommitted {
                    guard let record = entry.record, record.key?.elementsEqual(gtin.utf8) == true else { continue }
                    var heads: [String: String] = [:]
                    for header in record.headers { heads[header.name] = header.text }
                    let about = ["ce_type", "ce_source", "ce_revision", "ce_time", "ce_position", "ce_self"].compactMap
                    {
                        heads[$0]
                    }
                    let value = record.value.map { String(decoding: $0, as: UTF8.self) } ?? "–"
                    lines.append(
                        "\((record.timestamp ?? 0) - 1_766_000_000_000) \(record.place) \(about.joined(separator: " ")) \(value)"
                    )
                }
            }
        }
        return lines
    }
}
