import Transports

/// What the hub decided about reservations: the content of `omni.reservation`, followed by one thread where a mapping asks for
/// it.
final class DecisionTable: Sendable {
    /// One decision.
    struct Decision: Sendable, Equatable {
        var state: String
        var reason: String?
    }

    private struct State: Sendable {
        var decisions: [String: Decision] = [:]
        var generation: UInt64 = 0
    }

    private let state = Monitor(State())

    /// Notes a decision; nil: the hub has forgotten it.
    func set(_ reservation: String, to decision: Decision?) {
        state.withLock { state in
            guard state.decisions[reservation] != decision else { return }
            state.decisions[reservation] = decision
            state.generation += 1
        }
    }

    /// What was decided; nil: nothing yet.
    subscript(_ reservation: String) -> Decision? { state.withLock { $0.decisions[reservation] } }

    /// Rises with every change.
    var generation: UInt64 { state.withLock { $0.generation } }
}
