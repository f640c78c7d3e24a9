import Canonical
import Logging
import Transports

/// The first start: what a system holds must be known before anything is written into it, or a sink would create twins of
/// what is there already.
///
/// Sources that begin with a snapshot are waited for; then until the hub has said whose their numbers are.
final class Bootstrap: Sendable {
    private struct State: Sendable {
        var awaited: Set<String>
        /// `<entity>/<number>` of everything that the snapshots held.
        var numbers: Set<String> = []
    }

    private let state: Monitor<State>

    /// - Parameter awaited: the sources whose first snapshot is not read yet.
    init(awaited: Set<String>) { state = Monitor(State(awaited: awaited)) }

    /// Whether the source's first snapshot is still being read.
    func awaits(_ source: String) -> Bool { state.withLock { $0.awaited.contains(source) } }

    /// The snapshot is published.
    func finish(_ source: String, numbers: Set<String>) {
        state.withLock { state in
            if state.awaited.remove(source) != nil { state.numbers.formUnion(numbers) }
        }
    }

    /// Waits until all snapshots are published and known to the hub.
    ///
    /// - Parameter patience: how long to wait for numbers: the hub may have refused some of them.
    func wait(_ identities: IdentityTable, _ system: String, _ stop: StopSignal, patience: Duration, log: Logger) {
        while state.wait(for: .milliseconds(100), until: { $0.awaited.isEmpty ? true : nil }) == nil {
            if stop.isSet { return }
        }
        let deadline = ContinuousClock.now + patience
        var numbers = state.withLock { $0.numbers }
        while !stop.wait(for: numbers.isEmpty ? .zero : .milliseconds(50)) {
            numbers = numbers.filter { name in
                guard let slash = name.firstIndex(of: "/") else { return false }
                let reference = Reference(system: system, id: String(name[name.index(after: slash)...]))
                return identities.key(of: reference, entity: String(name[..<slash])) == nil
            }
            if numbers.isEmpty { return }
            if .now >= deadline {
                return log.warning(
                    "the hub doesn't know all records of the first snapshot; the sinks begin without",
                    metadata: ["unknown": "\(numbers.count)"])
            }
        }
    }
}
