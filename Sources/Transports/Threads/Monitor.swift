import Glibc

/// A value behind a lock, and a way to wait until it is as wanted: for the few places where threads meet.
///
///     let queue = Monitor<[Job]>([])
///     queue.withLock { $0.append(job) }                                    // wakes those who wait
///     let job = queue.wait { $0.isEmpty ? nil : $0.removeFirst() }
///
/// As with `Mutex`, the value need not be Sendable: what goes in or out belongs to nobody else. Unlike `Mutex`, it can be
/// waited for, and the thread sanitizer understands it (on Linux it takes what a `Mutex` guards for a race).
public final class Monitor<State: ~Copyable>: @unchecked Sendable {
    // Unchecked: `state` is touched with `mutex` held only. On the heap, as pthread's objects must not move.
    private let state = UnsafeMutablePointer<State>.allocate(capacity: 1)
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    /// A monitor of `state`.
    public init(_ state: consuming sending State) {
        self.state.initialize(to: state)
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        // Timeouts must not follow the wall clock, which administrators and NTP move.
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(changed, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        state.deinitialize(count: 1)
        state.deallocate()
        changed.deallocate()
        mutex.deallocate()
    }

    /// Reads or changes the value, then wakes all who wait for it. Keep it short, and never call back into the monitor.
    public func withLock<Result>(
        _ body: (inout sending State) throws -> sending Result
    ) rethrows -> sending Result {
        pthread_mutex_lock(mutex)
        defer {
            pthread_cond_broadcast(changed)
            pthread_mutex_unlock(mutex)
        }
        return try body(&state.pointee)
    }

    /// The same, but wakes one of those who wait: where each change is for one of them, and it does not matter which.
    public func withLockWakingOne<Result>(
        _ body: (inout sending State) throws -> sending Result
    ) rethrows -> sending Result {
        pthread_mutex_lock(mutex)
        defer {
            pthread_cond_signal(changed)
            pthread_mutex_unlock(mutex)
        }
        return try body(&state.pointee)
    }

    /// Blocks this thread until `body` returns a value, looking after each change.
    public func wait<Result>(until body: (inout sending State) -> sending Result?) -> sending Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let result = body(&state.pointee) { return result }
            pthread_cond_wait(changed, mutex)
        }
    }

    /// Blocks this thread until `body` returns a value, for as long as `timeout`; nil after that.
    public func wait<Result>(
        for timeout: Duration, until body: (inout sending State) -> sending Result?
    ) -> sending Result? {
        var deadline = timespec.monotonic(after: timeout)
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let result = body(&state.pointee) { return result }
            if pthread_cond_timedwait(changed, mutex, &deadline) == ETIMEDOUT { return body(&state.pointee) }
        }
    }
}

extension timespec {
    /// `CLOCK_MONOTONIC`'s time when `duration` will have passed.
    fileprivate static func monotonic(after duration: Duration) -> timespec {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        let (seconds, attoseconds) = duration.components
        let nanoseconds = now.tv_nsec + Int(attoseconds / 1_000_000_000)
        // A year is for ever; more might overflow.
        let whole = now.tv_sec + Int(min(max(seconds, 0), 31_536_000))
        return timespec(tv_sec: whole + nanoseconds / 1_000_000_000, tv_nsec: max(0, nanoseconds % 1_000_000_000))
    }
}
