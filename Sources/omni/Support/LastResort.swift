import Logging
import Transports

#if canImport(Glibc)
    import Glibc
#endif

/// Ends a process that was asked to stop and hasn't in time (four and a half seconds, where nothing else is said), so that supervisors needn't kill it: its
/// broker or its system doesn't answer, and clients wait for that while they close.
///
/// It does no harm, as SIGKILL does none: what is committed is committed, and the next start ends what stands open.
enum LastResort {
    /// Begins to wait; call it when the signal comes.
    ///
    /// - Parameter last: done before the process ends so.
    static func begin(
        _ log: Logger, after patience: Duration = .milliseconds(4_500), _ last: @escaping @Sendable () -> Void = {}
    ) {
        _ = try? NamedThread("last-resort", stackSize: 1 << 17) {
            let (seconds, attoseconds) = patience.components
            usleep(UInt32(seconds) * 1_000_000 + UInt32(attoseconds / 1_000_000_000_000))
            log.warning(
                "ending at once: the broker or a system doesn't answer, and what stands open is ended by the next start"
            )
            last()
            _exit(0)
        }
    }
}
