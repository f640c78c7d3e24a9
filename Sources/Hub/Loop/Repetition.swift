/// How long the loop rests before it repeats what has failed: not at all the first time, then 0.1 seconds and twice as long
/// each time, up to ``Patience/longest``.
///
/// Only time without failures begins anew. A turn that was handed over has not succeeded yet; and one that has, between two
/// failures, was of other partitions.
struct Repetition {
    private var failures = 0
    /// The last failure, by the monotonic clock in milliseconds, and how long was rested for it.
    private var latest: Int64 = 0
    private var rested: Int64 = 0

    /// A turn has failed.
    ///
    /// - Parameter now: by the monotonic clock, in milliseconds.
    /// - Returns: how long to rest before it is repeated.
    mutating func rest(at now: Int64) -> Duration {
        // So resting takes a tenth of the time at most, whatever fails now and then.
        if now - latest > max(1_000, 10 * rested) { failures = 0 }
        rested = failures == 0 ? 0 : min(50 << Int64(min(failures, 6)), Patience.longest.components.seconds * 1_000)
        failures += 1
        latest = now
        return .milliseconds(rested)
    }
}
