import Canonical
import Kafka
import Transports

/// Whose number is that, and which number has it there: the content of `omni.id.*`, followed by one thread and asked by
/// the others.
final class IdentityTable: Sendable {
    private struct State: Sendable {
        /// Entity → system's number → key.
        var keys: [String: [Reference: String]] = [:]
        /// Entity → key → numbers. A golden customer may have several in one system.
        var numbers: [String: [String: Set<Reference>]] = [:]
        /// Entity → key → the number that was created for it and that nobody has heard of yet.
        var created: [String: [String: Reference]] = [:]
        /// Entity → created number → key.
        var createdFor: [String: [Reference: String]] = [:]
        var generation: UInt64 = 0
        /// How far the topics have been followed.
        var positions: [TopicPartition: Int64] = [:]
    }

    private let state = Monitor(State())

    /// Notes whose number it is; nil: nobody's any more.
    func set(_ reference: Reference, of entity: String, to key: String?) {
        state.withLock { state in
            // Now it is known whose it is: the table alone counts.
            if let key = state.createdFor[entity]?[reference] { Self.forget(key, of: entity, &state) }
            if let key, state.created[entity]?[key]?.system == reference.system { Self.forget(key, of: entity, &state) }
            let before = state.keys[entity]?[reference]
            guard before != key else { return }
            if let before {
                state.numbers[entity]?[before]?.remove(reference)
                if state.numbers[entity]?[before]?.isEmpty == true { state.numbers[entity]?[before] = nil }
            }
            state.keys[entity, default: [:]][reference] = key
            if let key { state.numbers[entity, default: [:]][key, default: []].insert(reference) }
            state.generation += 1
        }
    }

    /// The key of the entity that has this number.
    func key(of reference: Reference, entity: String) -> String? {
        state.withLock { $0.keys[entity]?[reference] }
    }

    /// The system's own numbers for the entity with that key, in their order.
    func numbers(of key: String, entity: String, in system: String) -> [String] {
        state.withLock { state in
            (state.numbers[entity]?[key] ?? []).filter { $0.system == system }.map(\.id).sorted()
        }
    }

    /// Whether the system has a number for the entity with that key.
    func hasNumber(_ key: String, entity: String, in system: String) -> Bool {
        state.withLock { state in
            state.numbers[entity]?[key]?.contains { $0.system == system } ?? false
        }
    }

    // MARK: Created, and not known yet

    /// Notes the number under which an entity was created, until `omni.id` shows whose it is, or the system's number
    /// for that key. Nothing is noted where one is known.
    func create(_ reference: Reference, of entity: String, key: String) {
        state.withLock { state in
            let known = state.numbers[entity]?[key] ?? []
            guard state.keys[entity]?[reference] == nil, !known.contains(where: { $0.system == reference.system })
            else { return }
            state.created[entity, default: [:]][key] = reference
            state.createdFor[entity, default: [:]][reference] = key
        }
    }

    /// The key of the entity that has this number, or for which it was created.
    func owner(of reference: Reference, entity: String) -> String? {
        state.withLock { $0.keys[entity]?[reference] ?? $0.createdFor[entity]?[reference] }
    }

    /// Forgets what was created: it is gone before anybody knew it.
    func forgetCreated(_ key: String, of entity: String) {
        state.withLock { Self.forget(key, of: entity, &$0) }
    }

    /// The numbers that are written to: the known ones, or else the one that was created here.
    func targets(of key: String, entity: String, in system: String) -> [String] {
        state.withLock { state in
            let all = state.numbers[entity]?[key]
            let known = all.map { $0.filter { $0.system == system }.map(\.id).sorted() } ?? []
            guard known.isEmpty, !state.created.isEmpty, let own = state.created[entity]?[key] else {
                return known
            }
            return [own.id]
        }
    }

    private static func forget(_ key: String, of entity: String, _ state: inout State) {
        guard let forgotten = state.created[entity]?.removeValue(forKey: key) else { return }
        state.createdFor[entity]?[forgotten] = nil
    }

    /// All numbers of a system for an entity, with their keys.
    func all(entity: String, in system: String) -> [(id: String, key: String)] {
        state.withLock { state in
            (state.keys[entity] ?? [:]).filter { $0.key.system == system }.map { ($0.key.id, $0.value) }
        }.sorted { $0.id < $1.id }
    }

    // MARK: How much it knows

    /// The topics have been followed up to here.
    func reach(_ positions: [TopicPartitionOffset]) {
        state.withLock { state in
            for place in positions {
                state.positions[place.partition] = max(place.offset, state.positions[place.partition] ?? 0)
            }
        }
    }

    /// Whether the topics have been followed up to these ends.
    func hasReached(_ ends: [TopicPartition: Int64]) -> Bool {
        state.withLock { state in ends.allSatisfy { (state.positions[$0.key] ?? 0) >= $0.value } }
    }

    /// Rises with every change.
    var generation: UInt64 { state.withLock { $0.generation } }
}
