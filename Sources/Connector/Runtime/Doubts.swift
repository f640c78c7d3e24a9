import Canonical
import Synchronization

/// The kinds of which a write has failed, and may have gone through all the same: what the system shows of them can't be told from
/// our own write until that is repeated and reported (I6; docs/contracts.md, Turns).
///
/// Changed and asked within a turn, so a source never sees between a write and its failure.
final class Doubts: Sendable {
    private let kinds = Mutex<Set<String>>([])

    /// Notes a failed write.
    func begin(_ kind: String) { _ = kinds.withLock { $0.insert(kind) } }

    /// The write has been repeated, and its reports precede whatever is read from now on.
    func end(_ kind: String) { _ = kinds.withLock { $0.remove(kind) } }

    /// Throws ``InDoubt`` when one of the events may be the echo of a write that is in doubt.
    func check(_ events: [OutgoingEvent]) throws(InDoubt) {
        let kinds = kinds.withLock { $0 }
        guard !kinds.isEmpty else { return }
        for event in events where kinds.contains(event.envelope.type.kind) { throw InDoubt() }
    }
}

/// What was read must be read again later: a write of the same kind is in doubt.
struct InDoubt: Error {}
