import Glibc

/// Turns the request to end this process (SIGTERM, SIGINT) into one call on a thread of its own, where everything is
/// allowed, unlike in a signal handler.
///
///     let signals = try Signals.onStop { signal in hub.stop() }    // first in main, before any other thread
///
/// The signals are blocked in the calling thread, and in all that are started from it later. A second SIGINT ends the
/// process at once, with code 130: whoever presses Ctrl-C twice means it.
public final class Signals: Sendable {
    let thread: NamedThread

    /// Calls `body` once, with the first of these signals.
    public static func onStop(_ body: @escaping @Sendable (Int32) -> Void) throws(SystemError) -> Signals {
        try Signals(body)
    }

    private init(_ body: @escaping @Sendable (Int32) -> Void) throws(SystemError) {
        var waited = sigset_t()
        sigemptyset(&waited)
        for signal in [SIGTERM, SIGINT] { sigaddset(&waited, signal) }
        let failure = pthread_sigmask(SIG_BLOCK, &waited, nil)
        guard failure == 0 else { throw SystemError("pthread_sigmask", "stop signals", code: failure) }
        let set = waited
        thread = try NamedThread("signals", stackSize: 262_144) { Self.wait(for: set, body) }
    }

    private static func wait(for signals: sigset_t, _ body: (Int32) -> Void) {
        var signals = signals
        var isCalled = false
        while true {
            var signal: Int32 = 0
            guard sigwait(&signals, &signal) == 0 else { continue }
            if isCalled && signal == SIGINT { _exit(130) }
            if !isCalled { body(signal) }
            isCalled = true
        }
    }
}

/// Writing to a peer that has gone shall fail with an error (EPIPE), not end the process.
enum BrokenPipes {
    static func ignore() { _ = ignored }

    private static let ignored: Void = { _ = signal(SIGPIPE, SIG_IGN) }()
}
