import Synchronization
import Transports

/// Set by the first SIGTERM or SIGINT. Make it before other threads start.
final class StopFlag: Sendable {
    private final class Flag: Sendable {
        let value = Atomic(false)
    }

    private let flag = Flag()
    private let signals: Signals

    /// Begins to listen; `also` runs when the signal comes.
    init(also: @escaping @Sendable () -> Void = {}) throws {
        signals = try Signals.onStop { [flag] _ in
            flag.value.store(true, ordering: .relaxed)
            also()
        }
    }

    var isSet: Bool { flag.value.load(ordering: .relaxed) }
}
