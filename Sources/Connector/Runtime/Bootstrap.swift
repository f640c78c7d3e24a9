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
        /// When the numbers are not waited for any longer; set when all snapshots are published.
        var end: ContinuousClock.Instant?
    }

    private let state: Monitor<State>
    /// Whether there was anything to wait for at the start.
    let isNeeded: Bool

    /// Whether the connector has never run: nothing was ever written, so there is nothing to repeat before sources read.
    let isFirst: Bool

    /// - Parameters:
    ///   - awaited: the sources whose first snapshot is not read yet.
    ///   - isFirst: whether the connector has never run. A source that was added to one that has doesn't make it new.
    init(awaited: Set<String>, isFirst: Bool) {
        isNeeded = !awaited.isEmpty
        self.isFirst = isFirst
        state = Monitor(State(awaited: awaited))
    }

    /// Whether the source's first snapshot is still being read.
    func awaits(_ source: String) -> Bool { state.withLock { $0.awaited.contains(source) } }

    /// The snapshot is published.
    func finish(_ source: String, numbers: Set<String>) {
        state.withLock { state in
            if state.awaited.remove(source) != nil { state.numbers.formUnion(numbers) }
        }
    }

    /// Whether all snapshots are published and known to the hub.
    ///
    /// - Parameter patience: how long numbers are waited for: the hub may have refused some of them.
    func isDone(
        _ identities: IdentityTable, _ system: String, now: ContinuousClock.Instant, patience: Duration, log: Logger
    ) -> Bool {
        let (awaited, all) = state.withLock { ($0.awaited, $0.numbers) }
        guard awaited.isEmpty else { return false }
        let unknown = all.filter { name in
            guard let slash = name.firstIndex(of: "/") else { return false }
            let reference = Reference(system: system, id: String(name[name.index(after: slash)...]))
            return identities.key(of: reference, entity: String(name[..<slash])) == nil
        }
        if unknown.isEmpty { return true }
        let end = state.withLock { state in
            state.numbers = unknown
            let end = state.end ?? now + patience
            state.end = end
            return end
        }
        guard now >= end else { return false }
        log.warning(
            "the hub doesn't know all records of the first snapshot; the sinks begin without",
            metadata: ["unknown": "\(unknown.count)"])
        return true
    }
}
