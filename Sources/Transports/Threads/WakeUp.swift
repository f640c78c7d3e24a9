import CLinux
import Glibc

/// Ends another thread's wait for files or sockets: a counter with a descriptor that poll(2) understands.
public final class WakeUp: Sendable {
    let descriptor: Int32

    /// A new one, not signalled.
    public init() throws(SystemError) {
        descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard descriptor >= 0 else { throw .last("eventfd", "wake-up") }
    }

    deinit { close(descriptor) }

    /// Ends the wait that is going on, or else the next one.
    public func signal() {
        var one: UInt64 = 1
        write(descriptor, &one, 8)
    }

    /// Forgets signals. Never blocks.
    func clear() {
        var count: UInt64 = 0
        read(descriptor, &count, 8)
    }
}
