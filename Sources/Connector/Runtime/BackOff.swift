import Installation

/// How long to pause after the n-th failure in a row: doubling, bounded.
struct BackOff: Sendable {
    let first: Duration
    let longest: Duration
    private(set) var failures = 0

    init(first: Duration, longest: Duration) {
        self.first = first
        self.longest = max(first, longest)
    }

    init(_ settings: ErrorSettings) { self.init(first: settings.retry, longest: settings.longest) }

    /// Notes a failure, and tells the pause that follows it.
    ///
    /// - Parameter asked: how long the system asks to be left alone; heeded up to the longest pause.
    mutating func next(asked: Duration? = nil) -> Duration {
        let pause = Self.pause(after: failures, first: first, longest: longest)
        failures += 1
        return min(longest, max(pause, asked ?? .zero))
    }

    /// Notes a success.
    mutating func reset() { failures = 0 }

    /// The pause after so many failures before this one.
    static func pause(after failures: Int, first: Duration, longest: Duration) -> Duration {
        min(longest, first * (1 << min(failures, 30)))
    }
}
