import Canonical
import Consistency

/// What states can be found by, for the store's index. The hub's own mirror has no names.
final class StateNames {
    private let engine: Engine

    init(_ model: Model) { engine = Engine(model: model, subscribers: [:]) }

    func of(_ domain: String, _ key: String, _ state: [UInt8]) throws(StateError) -> [StateName] {
        guard !Note.isNote(key.utf8) else { return [] }
        return try engine.names(domain: domain, key: key, state: state)
    }
}
