import Canonical
import Transports

/// Whose number is that, and which number has it there: the content of `omni.id.*`, followed by one thread and asked by
/// the others.
final class IdentityTable: Sendable {
    private struct State: Sendable {
        /// Entity → system's number → key.
        var keys: [String: [Reference: String]] = [:]
        /// Entity → key → numbers. A golden customer may have several in one system.
        var numbers: [String: [String: Set<Reference>]] = [:]
        var generation: UInt64 = 0
    }

    private let state = Monitor(State())

    /// Notes whose number it is; nil: nobody's any more.
    func set(_ reference: Reference, of entity: String, to key: String?) {
        state.withLock { state in
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

    /// All numbers of a system for an entity, with their keys.
    func all(entity: String, in system: String) -> [(id: String, key: String)] {
        state.withLock { state in
            (state.keys[entity] ?? [:]).filter { $0.key.system == system }.map { ($0.key.id, $0.value) }
        }.sorted { $0.id < $1.id }
    }

    /// Rises with every change.
    var generation: UInt64 { state.withLock { $0.generation } }
}
