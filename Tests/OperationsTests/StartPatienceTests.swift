import Kafka
import Logging
import Operations
import Testing
import Transports

@Suite struct StartPatienceTests {
    private let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    @Test func brokersThatAreAwayAreWaitedForWithGrowingRests() throws {
        var (tries, rested) = (0, Duration.zero)
        let patience = StartPatience(until: { false }, rest: { rested += $0 }, log: log)
        let result = try patience {
            tries += 1
            if tries < 5 { throw KafkaError(.transport, operation: "ask") }
            return tries
        }
        #expect(result == 5)
        #expect(rested == .milliseconds(100 + 200 + 400 + 800))
    }

    @Test func itEndsWhenItIsTimeTo() throws {
        var (tries, rests) = (0, 0)
        let patience = StartPatience(until: { rests == 7 }, rest: { _ in rests += 1 }, log: log)
        let result: Int? = try patience {
            tries += 1
            throw KafkaError(.timedOut, operation: "ask")
        }
        #expect(result == nil && tries == 3, "within a rest")
    }

    @Test func whatElsePassesIsWaitedForInItsOwnWords() throws {
        struct Full: Error {}
        let heard = Monitor<[String]>([])
        let log = Logger(label: "test") { _ in Listener(heard: heard) }
        var (tries, rests) = (0, 0)
        let patience = StartPatience(until: { false }, rest: { _ in rests += 1 }, log: log) { error in
            error is Full ? "the disk is full" : nil
        }
        let result = try patience {
            tries += 1
            if tries < 4 { throw Full() }
            return tries
        }
        #expect(result == 4 && rests > 0)
        #expect(
            heard.withLock { $0 } == ["error: the disk is full", "error: the disk is full", "debug: the disk is full"])
        #expect(throws: LostTopics.self) { _ = try patience { throw LostTopics(names: ["a"]) } }
    }

    private struct Listener: LogHandler {
        let heard: Monitor<[String]>
        var logLevel = Logger.Level.debug
        var metadata: Logger.Metadata = [:]
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { nil }
            set {}
        }
        func log(event: LogEvent) { heard.withLock { $0.append("\(event.level): \(event.message)") } }
    }

    @Test func whatDoesntPassIsNotWaitedFor() {
        let patience = StartPatience(until: { false }, rest: { _ in }, log: log)
        #expect(throws: KafkaError.self) { _ = try patience { throw KafkaError(.authentication, operation: "ask") } }
        #expect(throws: LostTopics.self) { _ = try patience { throw LostTopics(names: ["a"]) } }
    }
}
