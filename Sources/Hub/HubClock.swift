import Canonical

#if canImport(Glibc)
    import Glibc
#endif

/// Turns two clocks into the ticks that the engine is given: monotone, and deaf to jumps of the machine's clock (I11).
///
/// Pure: the readings are arguments. Within a process time advances with the monotonic clock. While the wall clock
/// differs from that by more than `tolerance`, it has jumped, now or before the process began: time stands still, so
/// nothing expires, until it is back or the process is started anew. A hold that expires by a wrong clock is a sofa sold twice.
struct HubClock: Sendable {
    /// What the clocks say.
    struct Reading: Sendable {
        /// Milliseconds since 1970.
        let wall: Int64
        /// Milliseconds since some moment before; never set.
        let monotonic: Int64

        /// The machine's clocks, now.
        static func now() -> Reading {
            Reading(wall: milliseconds(CLOCK_REALTIME), monotonic: milliseconds(CLOCK_BOOTTIME))
        }

        private static func milliseconds(_ clock: clockid_t) -> Int64 {
            var time = timespec()
            clock_gettime(clock, &time)
            return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
        }
    }

    /// The time now, and whether it may be trusted to let holds expire.
    struct Time: Sendable, Equatable {
        let tick: Tick
        let mayExpire: Bool
    }

    private let start: Reading
    private let tolerance: Int64
    private var last: Int64

    /// A clock that begins at `start`, but never before `saved`, the last tick of an earlier run.
    init(start: Reading, saved: Tick, tolerance: Int64 = 60_000) {
        self.start = start
        self.tolerance = tolerance
        last = max(start.wall, saved.milliseconds)
    }

    /// Takes over partitions that have seen later ticks.
    mutating func advance(to saved: Tick) {
        last = max(last, saved.milliseconds)
    }

    /// The time of a reading.
    mutating func time(_ reading: Reading) -> Time {
        let steady = start.wall + (reading.monotonic - start.monotonic)
        let isTrusted = abs(reading.wall - steady) <= tolerance
        if isTrusted { last = max(last, steady) }
        return Time(tick: Tick(last), mayExpire: isTrusted)
    }
}
