import Canonical
import Consistency

/// What states can be found by, for the store's index. The hub's own mirror has no names.
final class StateNames {
    private var query: StateQuery

    init(_ model: Model) { query = StateQuery(model: model) }

    func of(_ domain: String, _ key: String, _ state: [UInt8]) throws(StateError) -> [StateName] {
        guard key != Mirror.key else { return [] }
        return try query.names(domain: domain, key: key, state)
    }
}
