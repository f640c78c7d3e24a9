import Glibc
import Kafka
import Logging
import Transports

/// It was time to stop while the broker was waited for. What stands open is ended by the next start, which fences this one.
struct Interrupted: Error {}

/// How long the loop waits for what.
enum Patience {
    /// For a broker's answer: then it is asked again, unless it is time to stop.
    static let broker = Duration.seconds(1)
    /// For an answer that can be asked for again later.
    static let look = Duration.milliseconds(300)
    /// For the first record of a batch.
    static let idle = Duration.milliseconds(100)
    /// Between two tries of what failed, at most.
    static let longest = Duration.seconds(2)
}

/// Calls the broker again and again as long as that may succeed later: a broker that is away is waited for, and an outcome
/// is never guessed.
struct Insistence: @unchecked Sendable {
    // Unchecked: the loop and its commits ask on two threads whether it is time to stop; both only ask.
    let clocks: LoopClocks
    let log: Logger
    var isStopping: () -> Bool = { false }

    /// Throws ``Interrupted`` when it is time to stop.
    func callAsFunction<Result>(_ what: String, _ call: (Duration) throws(KafkaError) -> Result) throws -> Result {
        try again("the broker is waited for", what) { () throws(KafkaError) -> Swift.Result<Result, KafkaError> in
            do throws(KafkaError) { return .success(try call(Patience.broker)) } catch {
                guard error.isRetriable else { throw error }
                return .failure(error)
            }
        }
    }

    /// Does something that needs room on a disk, again and again as long as there is none. Throws ``Interrupted`` when it is time to
    /// stop.
    func onDisk(_ what: String, _ body: () throws(SystemError) -> Void) throws {
        try again("a full disk is waited for", what) { () throws(SystemError) -> Swift.Result<Void, SystemError> in
            do throws(SystemError) { return .success(try body()) } catch {
                guard error.mayPass else { throw error }
                return .failure(error)
            }
        }
    }

    /// - Parameter attempt: fails where that may pass; throws what won't.
    private func again<Result, Failure: Error>(
        _ message: Logger.Message, _ what: String, _ attempt: () throws(Failure) -> Swift.Result<Result, Failure>
    ) throws -> Result {
        var rest = Duration.milliseconds(10)
        for number in 1... {
            switch try attempt() {
            case .success(let result): return result
            case .failure(let error):
                if isStopping() { throw Interrupted() }
                // Once a while: it may last for hours.
                let level: Logger.Level = number & (number - 1) == 0 ? .warning : .debug
                log.log(
                    level: level, message, metadata: ["for": "\(what)", "error": "\(error)", "tries": "\(number)"])
            }
            clocks.rest(rest)
            rest = min(rest * 2, Patience.longest)
        }
        throw Interrupted()
    }
}

extension SystemError {
    /// Whether it may succeed later: the disk is full.
    fileprivate var mayPass: Bool { [ENOSPC, EDQUOT, EIO].contains(code) }
}

extension TransactionLoop {
    func insist<Result>(_ what: String, _ call: (Duration) throws(KafkaError) -> Result) throws -> Result {
        try insistence(what, call)
    }

    /// Rests, in portions so short that the process can be stopped in between.
    func rest(_ time: Duration) {
        var left = time
        while left > .zero, !isStopping() {
            clocks.rest(min(left, .milliseconds(100)))
            left -= .milliseconds(100)
        }
    }
}
