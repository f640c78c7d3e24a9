import Kafka

/// When Kafka doesn't let the sinks go on: how long they pause, and when that is said. It may last for hours; but what makes it pass,
/// such as a topic that is created, is to be seen soon.
struct BrokerTrouble {
    /// How long no step may have failed, after the last pause, until it has passed.
    static let quiet = Duration.seconds(10)
    /// How often it is said that it lasts.
    static let reminder = Duration.seconds(60)

    private var backOff = BackOff(first: .milliseconds(500), longest: .seconds(5))
    private var lasting: Lasting?

    private struct Lasting {
        /// When a step failed first, and last.
        let since: ContinuousClock.Instant
        var latest: ContinuousClock.Instant
        /// The end of the pause.
        var end: ContinuousClock.Instant
        /// What was said of it, and when.
        var said: [KafkaError.Code: ContinuousClock.Instant]
    }

    /// A step has failed: how long to pause, and whether that is to be said.
    ///
    /// - Parameter least: how long at least.
    mutating func fail(
        _ error: KafkaError, least: Duration = .zero, at now: ContinuousClock.Instant
    ) -> (pause: Duration, isNews: Bool) {
        let pause = max(backOff.next(), least)
        var said = lasting?.said ?? [:]
        // Of a broker that is gone one thing and another is heard in turns.
        let isNews = said[error.code].map { now - $0 >= Self.reminder } ?? true
        if isNews { said[error.code] = now }
        lasting = Lasting(since: lasting?.since ?? now, latest: now, end: now + pause, said: said)
        return (pause, isNews)
    }

    /// A step hasn't failed. Where that says that it has passed: how long it lasted.
    mutating func pass(at now: @autoclosure () -> ContinuousClock.Instant) -> Duration? {
        guard let lasting, now() - lasting.end >= Self.quiet else { return nil }
        self.lasting = nil
        backOff.reset()
        return lasting.latest - lasting.since
    }
}
