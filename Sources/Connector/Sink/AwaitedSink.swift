import Installation
import Kafka

/// A sink that hasn't begun: at the start each of them, later those whose system isn't there, or isn't to be given what they have.
struct AwaitedSink {
    let settings: SinkSettings
    /// Opens the system, for writing.
    let open: (SinkSettings) throws -> Sink
    private(set) var backOff: BackOff
    /// When it is tried next; nil: at once.
    private(set) var due: ContinuousClock.Instant?
    /// Why what it has is refused, and when that was found: it is refused again as long as there is nothing new.
    private(set) var unfit: (failure: SystemFailure, seen: Seen)?

    /// All that decides what it has.
    struct Seen: Equatable {
        let ends: [TopicPartition: Int64]
        let generation: UInt64
    }

    init(_ settings: SinkSettings, _ errors: ErrorSettings, _ open: @escaping (SinkSettings) throws -> Sink) {
        self.settings = settings
        self.open = open
        backOff = BackOff(errors)
    }

    /// It can't begin now. Returns the pause until it is tried again.
    mutating func wait(_ failure: SystemFailure, unfit seen: Seen?, now: ContinuousClock.Instant) -> Duration {
        let pause = backOff.next(asked: failure.pause)
        due = now + pause
        unfit = seen.map { (failure, $0) }
        return pause
    }

    /// The name under which what it may have left unreported is in doubt: longer than any of its writes.
    static func doubt(_ settings: SinkSettings) -> String { "\(settings.name)/before" }
}

/// What a sink would hand over isn't fit: its system keeps what it has.
struct UnfitSink: Error, @unchecked Sendable {
    // Unchecked: it is thrown and caught on one thread.
    let failure: SystemFailure
    /// What has handed it over before.
    let writer: any WholeWriter
}
