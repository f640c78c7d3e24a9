import Canonical
import Transports

/// The kinds of which a write is under way, or has failed and may have gone through all the same: what the system shows of them
/// can't be told from our own write until that is repeated and reported (I6; docs/contracts.md, Turns).
///
/// Begun and ended within turns, so a source never sees between a write and its failure.
final class Doubts: Sendable {
    private struct Doubt: Hashable {
        let kind: String
        let sink: String
    }

    private let open = Monitor<Set<Doubt>>([])

    /// Notes that a sink begins to write.
    func begin(_ kind: String, by sink: String) { _ = open.withLock { $0.insert(Doubt(kind: kind, sink: sink)) } }

    /// All that the sink has begun to write is done, and its reports are handed to the producer.
    func end(_ kind: String, by sink: String) { _ = open.withLock { $0.remove(Doubt(kind: kind, sink: sink)) } }

    /// Throws ``InDoubt`` when one of the events may be the echo of a write that is in doubt.
    func check(_ events: [OutgoingEvent]) throws(InDoubt) {
        let open = open.withLock { $0 }
        guard !open.isEmpty else { return }
        let kinds = Set(open.map(\.kind)).intersection(events.map(\.envelope.type.kind))
        if !kinds.isEmpty { throw InDoubt(kinds: kinds) }
    }

    /// Whether one of these kinds is in doubt.
    func areOpen(_ kinds: Set<String>) -> Bool { open.withLock { Self.holds($0, kinds) } }

    /// Waits until none of these kinds is in doubt: reading again before that would only meet the same doubt. Others' may last
    /// for as long as their systems are away.
    func waitUntilNone(of kinds: Set<String>, _ stop: StopSignal) {
        while !stop.isSet {
            let isOver = open.wait(for: .milliseconds(100)) { Self.holds($0, kinds) ? nil : true }
            if isOver == true { return }
        }
    }

    private static func holds(_ open: Set<Doubt>, _ kinds: Set<String>) -> Bool {
        open.contains { kinds.contains($0.kind) }
    }
}

/// What was read must be read again later: a write of the same kind is in doubt.
struct InDoubt: Error {
    /// The kinds that were met.
    let kinds: Set<String>
}
