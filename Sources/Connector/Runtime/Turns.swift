import Glibc

/// Who may touch the system: reads and writes take turns (docs/contracts.md, Turns; I6).
///
/// One lock for a connector, not one an entity: a source's mapping may state any entity. Turns are given in the order in
/// which they were asked for, so a busy source can't starve the sinks.
final class Turns: @unchecked Sendable {
    // Unchecked: everything is touched with `mutex` held. On the heap, as pthread's objects must not move.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var next: UInt64 = 0
    private var serving: UInt64 = 0

    /// Whether those who come while another has the turn wait for it; else they must ask ``mayBeTaken`` before.
    private let isWaitedFor: Bool

    init(isWaitedFor: Bool = true) {
        self.isWaitedFor = isWaitedFor
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    /// Whether the turn can be taken now: by waiting for it, or as nobody has it.
    var mayBeTaken: Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return isWaitedFor || next == serving
    }

    /// Runs `body` when it is this thread's turn. Not to be nested.
    func take<Result>(_ body: () throws -> Result) rethrows -> Result {
        let turn = take()
        defer { turn.end() }
        return try body()
    }

    /// Returns when it is this thread's turn, which lasts until it is ended.
    func take() -> Turn {
        pthread_mutex_lock(mutex)
        let ticket = next
        next += 1
        while serving != ticket { pthread_cond_wait(changed, mutex) }
        pthread_mutex_unlock(mutex)
        return Turn(of: self)
    }

    private func pass() {
        pthread_mutex_lock(mutex)
        serving += 1
        pthread_cond_broadcast(changed)
        pthread_mutex_unlock(mutex)
    }

    /// A turn that may last for several steps of a loop. It ends with whoever forgets it.
    final class Turn {
        private let turns: Turns
        private var isOver = false

        fileprivate init(of turns: Turns) { self.turns = turns }

        deinit { end() }

        /// It is the next one's turn.
        func end() {
            guard !isOver else { return }
            isOver = true
            turns.pass()
        }
    }
}
