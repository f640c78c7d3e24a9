/// When a decided turn is committed: at once, unless nobody waits for what it holds.
///
/// A transaction takes some ten milliseconds, and what comes meanwhile waits for its end. A sink's report, or a system's word
/// that its copy is as it should be, changes a state and nothing that anybody reads: it waits for a moment, and the next change
/// takes it along. Nothing is committed of it until then, so it is like records that were not polled yet (I4): after a crash or an
/// abort they are read again.
struct Company {
    /// How long a turn waits for company, in milliseconds.
    static let patience: Int64 = 20
    /// The most states that wait.
    static let most = 200
    /// Since when a turn waits, by the monotonic clock in milliseconds.
    private var since: Int64?

    /// Whether a turn waits: what is decided next goes on with it.
    var isAwaited: Bool { since != nil }

    /// How long it waits yet, in milliseconds; nil when none does.
    func left(at now: Int64) -> Int64? { since.map { max(1, $0 + Self.patience - now) } }

    /// Whether a turn is to wait for more.
    mutating func isWorthwhile(for turn: Turn, chores: Int, at now: Int64) -> Bool {
        let began = since ?? now
        guard turn.outputs.isEmpty, turn.letters.isEmpty, chores == 0, turn.overlay.entries.count <= Self.most,
            now >= began, now - began < Self.patience
        else { return false }
        since = began
        return true
    }

    /// The turn is handed over, or dropped.
    mutating func end() { since = nil }
}
