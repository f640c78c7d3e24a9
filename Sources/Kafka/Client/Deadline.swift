/// The moment until which an operation may go on, on the monotonic clock.
struct Deadline {
    private let end: ContinuousClock.Instant

    init(after timeout: Duration) { end = .now.advanced(by: timeout) }

    var passed: Bool { ContinuousClock.now >= end }

    /// Milliseconds left, as librdkafka takes them; 0 once passed.
    var milliseconds: Int32 { max(0, (end - .now).milliseconds) }

    /// Milliseconds left, but never more than `limit`.
    func milliseconds(atMost limit: Int32) -> Int32 { min(limit, milliseconds) }
}

extension Duration {
    /// Whole milliseconds, rounded up so that a short wait is not a busy loop, within what librdkafka's `int` holds.
    var milliseconds: Int32 {
        let (seconds, attoseconds) = components
        guard seconds < Int64(Int32.max) / 1_000 - 1 else { return Int32.max }
        guard seconds > Int64(Int32.min) / 1_000 + 1 else { return Int32.min }
        let fraction = (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return Int32(seconds * 1_000 + fraction)
    }
}
