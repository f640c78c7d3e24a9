import Canonical

#if canImport(Glibc)
    import Glibc
#endif

/// Turns clocks into the ticks that the engine is given: monotone, and deaf to jumps of the machine's clock (I11).
///
/// Pure: the readings are arguments. The broker is the witness: what it said last when it appended a record, advanced by
/// the monotonic clock, is the time. While the wall clock differs from that by more than `tolerance`, or the broker has
/// said nothing yet, one of them is wrong and nobody knows which: time stands still, and nothing expires. A hold that
/// expires by a wrong clock is a sofa sold twice.
package struct HubClock: Sendable {
    /// What the clocks say.
    package struct Reading: Sendable {
        /// Milliseconds since 1970.
        package let wall: Int64
        /// Milliseconds since some moment before; never set.
        package let monotonic: Int64

        package init(wall: Int64, monotonic: Int64) {
            self.wall = wall
            self.monotonic = monotonic
        }

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
    /// The broker's time, and when it was heard by the monotonic clock.
    private var witness: (time: Int64, heard: Int64)?
    /// When the broker was last asked, by the monotonic clock.
    private var asked: Int64?
    /// The latest time that anything was decided at, in this run or an earlier one.
    private var last: Int64?

    init(start: Reading, tolerance: Int64 = 60_000) {
        self.start = start
        self.tolerance = tolerance
    }

    /// Takes over partitions that have seen later ticks. Answers false for a tick that lies beyond what the broker
    /// says: it was saved under a wrong clock, and time goes on without it.
    mutating func advance(to saved: Tick, _ reading: Reading) -> Bool {
        guard saved.isKnown else { return true }
        if let steady = steady(reading), saved.milliseconds > steady + tolerance { return false }
        last = max(last ?? .min, saved.milliseconds)
        return true
    }

    /// The broker has appended something at `time`, between two readings. Where much lies between, it may be as old as
    /// that: it counts only when there is nothing better.
    mutating func hear(_ time: Int64, from: Reading, to: Reading) {
        guard witness == nil || to.monotonic - from.monotonic <= tolerance / 2 else { return }
        witness = (time, to.monotonic)
    }

    /// Whether to ask the broker now: it has said nothing, or the machine contradicts it, and it was not asked for as
    /// long as `tolerance`.
    mutating func wantsWitness(_ reading: Reading) -> Bool {
        if let lead = lead(reading), abs(lead) <= tolerance { return false }
        if let asked, reading.monotonic - asked < tolerance { return false }
        asked = reading.monotonic
        return true
    }

    /// The time of a reading.
    mutating func time(_ reading: Reading) -> Time {
        guard let steady = steady(reading), let lead = lead(reading) else {
            return Time(tick: Tick(last ?? start.wall), mayExpire: false)
        }
        let isTrusted = abs(lead) <= tolerance
        let tick = isTrusted ? max(last ?? steady, steady) : last ?? steady
        last = tick
        return Time(tick: Tick(tick), mayExpire: isTrusted)
    }

    /// How far the wall clock is ahead of the broker, in milliseconds; nil while the broker has said nothing.
    func lead(_ reading: Reading) -> Int64? { steady(reading).map { reading.wall - $0 } }

    /// How far the wall clock is off, in milliseconds, where that is more than the clocks of two machines differ; else 0.
    func error(_ reading: Reading) -> Int64 {
        guard let lead = lead(reading), abs(lead) > tolerance else { return 0 }
        return lead
    }

    private func steady(_ reading: Reading) -> Int64? {
        witness.map { $0.time + (reading.monotonic - $0.heard) }
    }
}
