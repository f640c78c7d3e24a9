import Logging
import Operations

#if canImport(Glibc)
    import Glibc
#endif

extension StartPatience {
    /// Waits until a signal comes.
    init(_ stop: StopFlag, log: Logger, obstacle: @escaping (any Error) -> String? = { _ in nil }) {
        self.init(
            until: { stop.isSet }, rest: { time in usleep(UInt32(time / .microseconds(1))) }, log: log,
            obstacle: obstacle)
    }
}
