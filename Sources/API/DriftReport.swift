import Canonical
import Consistency
import Document
import Hub
import Installation

/// How all copies stand: counts by state, and each copy that isn't in sync.
struct DriftReport {
    let hub: HubProcess
    let grace: GraceSettings

    /// The most copies that are listed; the counts are always whole.
    private static let most = 1_000

    /// Reads the states of the partitions that can be read here.
    ///
    /// - Parameter entity: only this one; nil: all.
    func make(entity wanted: String?, now: Tick) throws -> JSON {
        if let wanted { _ = try Records(hub: hub).entity(wanted) }
        var reports: [JSON] = []
        for entity in hub.model.entities where wanted == nil || wanted == entity.name {
            guard entity.name != "reservation", hub.subscribers[entity.name] != nil else { continue }
            reports.append(try report(entity, now))
        }
        let drifting = reports.reduce(0) { $0 + ($1["drifting"]?.integer ?? 0) }
        let (known, all) = (hub.readable.count, hub.allPartitions.count)
        return [
            "drifting": .number(Number(drifting)), "partitions": .number(Number(known)), "of": .number(Number(all)),
            "entities": .array(reports),
        ]
    }

    private func report(_ entity: EntityType, _ now: Tick) throws -> JSON {
        let engine = Engine(model: hub.model, subscribers: hub.subscribers)
        var counts: [CopyCondition.Condition: Int] = [:]
        var copies: [JSON] = []
        var failure: (any Error)?
        for partition in hub.readable where partition.domain == entity.domain {
            try hub.store.scan(partition) { keyBytes, state in
                guard let key = Records.key(entity, state: String(decoding: keyBytes, as: UTF8.self)) else {
                    return true
                }
                do {
                    for found in try conditions(engine, entity, Array(state), now) {
                        let isUnseen = hub.unseen[entity.name]?.contains(found.system) ?? false
                        let copy = isUnseen ? found.unseen : found
                        counts[copy.condition, default: 0] += 1
                        guard copy.condition != .inSync, copy.condition != .unobservable, copies.count < Self.most
                        else {
                            continue
                        }
                        copies.append(Self.json(copy, key))
                    }
                    return true
                } catch {
                    failure = error
                    return false
                }
            }
            if let failure { throw failure }
        }
        let calm = (counts[.inSync] ?? 0) + (counts[.unobservable] ?? 0)
        return [
            "entity": .string(entity.name),
            "drifting": .number(Number(counts.values.reduce(0, +) - calm)),
            "counts": .object(
                counts.sorted { $0.key.rawValue < $1.key.rawValue }
                    .map { .init($0.key.rawValue, .number(Number($0.value))) }),
            "copies": .array(copies.sorted { ($0["key"]?.string ?? "") < ($1["key"]?.string ?? "") }),
        ]
    }

    /// How the copies stand, each judged by how long its own system may lag.
    private func conditions(
        _ engine: borrowing Engine, _ entity: EntityType, _ state: [UInt8], _ now: Tick
    ) throws -> [CopyCondition] {
        func judged(_ grace: Duration) throws -> [CopyCondition] {
            try engine.drift(of: entity.name, state: state, now: now, grace: grace.milliseconds)
        }
        let standard = try judged(grace.standard)
        guard !grace.systems.isEmpty else { return standard }
        return try standard.map { copy in
            // A customer's copy is named by its member, `system:id`.
            let system = String(decoding: copy.system.utf8.prefix { $0 != UInt8(ascii: ":") }, as: UTF8.self)
            guard let own = grace.systems[system], own != grace.standard else { return copy }
            return try judged(own).first { $0.system.isExactly(copy.system) } ?? copy
        }
    }

    private static func json(_ copy: CopyCondition, _ key: String) -> JSON {
        [
            "key": .string(key), "system": .string(copy.system), "condition": .string(copy.condition.rawValue),
            "since": copy.since.map { .string($0.rfc3339) } ?? .null,
            "reason": copy.reason.map { .string($0) } ?? .null,
            "fields": .array(
                copy.fields.map { ["field": .string($0.field), "held": $0.held, "golden": $0.golden ?? .null] }),
        ]
    }
}

extension Duration {
    /// Whole milliseconds.
    fileprivate var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
