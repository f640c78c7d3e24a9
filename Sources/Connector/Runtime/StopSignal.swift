import Transports

/// Tells every thread of a connector to end, and ends their waits.
package final class StopSignal: Sendable {
    private struct State: Sendable {
        var isSet = false
        /// Why the connector can't go on; nil when it was asked to stop.
        var failure: String?
        var callbacks: [@Sendable () -> Void] = []
    }

    private let state = Monitor(State())

    /// Whether it is time to end.
    package var isSet: Bool { state.withLock { $0.isSet } }

    /// Why the connector can't go on; nil when it was asked to stop.
    var failure: String? { state.withLock { $0.failure } }

    /// Ends all. The first reason counts.
    func set(failure: String? = nil) {
        let callbacks = state.withLock { state in
            if !state.isSet { state.failure = failure }
            state.isSet = true
            defer { state.callbacks = [] }
            return state.callbacks
        }
        for callback in callbacks { callback() }
    }

    /// Has something done when the time comes, on the thread that says so; at once when it has come.
    package func whenSet(_ body: @escaping @Sendable () -> Void) {
        let isSet = state.withLock { state in
            if !state.isSet { state.callbacks.append(body) }
            return state.isSet
        }
        if isSet { body() }
    }

    /// Blocks this thread, until it is time to end at most. Returns whether it is.
    @discardableResult
    package func wait(for time: Duration) -> Bool {
        state.wait(for: time) { $0.isSet ? true : nil } ?? false
    }

    /// Blocks this thread until it is time to end.
    func wait() { _ = state.wait { $0.isSet ? true : nil } }
}

/// Something that happens once, and is waited for: the tables are read, the interrupted writes are repeated.
package final class Gate: Sendable {
    private let state = Monitor(false)

    /// It has happened.
    func open() { state.withLock { $0 = true } }

    /// Whether it has happened.
    package var isOpen: Bool { state.withLock { $0 } }

    /// Blocks this thread until it has happened, for so long at most.
    func wait(for time: Duration) { _ = state.wait(for: time) { $0 ? true : nil } }

    /// Waits until it has happened; false when it was time to end before.
    func pass(_ stop: StopSignal) -> Bool {
        while !stop.isSet {
            if isOpen { return true }
            wait(for: .milliseconds(100))
        }
        return false
    }
}
