import Kafka
public import Logging

/// A process that starts while the brokers are away waits for them, as it does once it runs.
public struct StartPatience {
    private let isStopping: () -> Bool
    private let rest: (Duration) -> Void
    private let log: Logger
    private let obstacle: (any Error) -> String?

    /// - Parameters:
    ///   - isStopping: whether it is time to end.
    ///   - rest: blocks for so long.
    ///   - obstacle: what else passes by itself, or when somebody who knows of it mends it: what to say of such an error; nil:
    ///     it doesn't pass.
    public init(
        until isStopping: @escaping () -> Bool, rest: @escaping (Duration) -> Void, log: Logger,
        obstacle: @escaping (any Error) -> String? = { _ in nil }
    ) {
        self.isStopping = isStopping
        self.rest = rest
        self.log = log
        self.obstacle = obstacle
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
                say("the broker is waited for", .warning, error, attempt)
            } catch {
                guard let words = obstacle(error) else { throw error }
                say(words, .error, error, attempt)
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

    /// Once a while: it may last for hours.
    private func say(_ words: String, _ level: Logger.Level, _ error: any Error, _ attempt: Int) {
        log.log(
            level: attempt & (attempt - 1) == 0 ? level : .debug, "\(words)",
            metadata: ["for": "the start", "error": "\(error)", "tries": "\(attempt)"])
    }
}
