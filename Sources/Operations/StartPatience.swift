import Kafka
public import Logging

/// A process that starts while the brokers are away waits for them, as it does once it runs.
public struct StartPatience {
    private let isStopping: () -> Bool
    private let rest: (Duration) -> Void
    private let log: Logger

    /// - Parameters:
    ///   - isStopping: whether it is time to end.
    ///   - rest: blocks for so long.
    public init(until isStopping: @escaping () -> Bool, rest: @escaping (Duration) -> Void, log: Logger) {
        self.isStopping = isStopping
        self.rest = rest
        self.log = log
    }

    /// Does what needs the brokers, again and again with growing rests as long as they may come back.
    ///
    /// - Returns: nil when it was time to end first.
    /// - Throws: what doesn't pass by itself.
    public func callAsFunction<Result>(_ body: () throws -> Result) throws -> Result? {
        var pause = Duration.milliseconds(100)
        for attempt in 1... {
            if isStopping() { return nil }
            do {
                return try body()
            } catch let error as KafkaError where error.isRetriable {
                // Once a while: it may last for hours.
                let level: Logger.Level = attempt & (attempt - 1) == 0 ? .warning : .debug
                log.log(
                    level: level, "the broker is waited for",
                    metadata: ["for": "the start", "error": "\(error)", "tries": "\(attempt)"])
            }
            var left = pause
            while left > .zero, !isStopping() {
                rest(min(left, .milliseconds(100)))
                left -= .milliseconds(100)
            }
            pause = min(pause * 2, .seconds(5))
        }
        return nil
    }
}
