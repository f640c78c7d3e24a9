import Glibc

/// Notices that the time of the day was set back: what waits for such a time then waits too long, once.
struct DayClock {
    /// Nanoseconds since 1970, less those of the monotonic clock.
    private var ahead: Int64

    /// What is no step: the clocks drift against each other.
    private static let least: Int64 = 100_000_000

    init(ahead: Int64 = Self.now) { self.ahead = ahead }

    /// Whether it was set back since this was last asked.
    mutating func wasSetBack(_ now: Int64 = Self.now) -> Bool {
        defer { ahead = now }
        return now < ahead - Self.least
    }

    private static var now: Int64 { nanoseconds(CLOCK_REALTIME) - nanoseconds(CLOCK_MONOTONIC) }

    private static func nanoseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
