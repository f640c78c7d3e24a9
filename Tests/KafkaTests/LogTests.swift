import Logging
import Synchronization
import TestBroker
import Testing

@testable import Kafka

@Suite struct Logs {
    /// Keeps what is logged.
    final class Sink: LogHandler, @unchecked Sendable {
        let lines = Mutex<[(level: Logger.Level, text: String)]>([])
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let metadata = event.metadata ?? [:]
            lines.withLock { $0.append((event.level, "\(event.message) \(metadata)")) }
        }
    }

    @Test func aBrokerThatIsAwayIsToldOnceWhicheverClientSeesItAndHoweverOften() throws {
        let sink = Sink()
        let log = Logger(label: "test", factory: { _ in sink })
        // An address of its own: of one that another test's clients have found away nothing new is told.
        let away: Settings = ["bootstrap.servers": "127.0.0.1:3"]
        let clients = [try Admin(away, log: log), try Admin(away, log: log)]
        try eventually("librdkafka has tried again") {
            for client in clients { _ = try? client.topics(timeout: .milliseconds(100)) }
            return sink.lines.withLock { lines in
                lines.count { $0.text.contains("FAIL") && $0.text.contains("refused") } >= 3
            }
        }
        sink.lines.withLock { lines in
            let told = lines.filter { $0.text.contains("a broker can't be reached") }
            #expect(told.map(\.level) == [.warning])
            #expect(told.allSatisfy { $0.text.contains("127.0.0.1:3") && $0.text.contains("refused") })
            #expect(!lines.contains { $0.level >= .error })
        }
        #expect(BrokerWatch.isAway(away))
        #expect(try !BrokerWatch.isAway(Cluster.settings))
    }

    @Test func oneLineTellsThatABrokerIsBack() throws {
        let sink = Sink()
        let broker = try TestBroker()
        let settings: Settings = ["bootstrap.servers": broker.bootstrapServers]
        let admin = try Admin(settings, log: Logger(label: "test", factory: { _ in sink }))
        _ = try admin.topics(timeout: patience)
        #expect(!BrokerWatch.isAway(settings))
        broker.stop()
        try eventually("it is seen to be away") {
            _ = try? admin.topics(timeout: .milliseconds(100))
            return BrokerWatch.isAway(settings)
        }
        let port = try #require(broker.bootstrapServers.split(separator: ":").last.flatMap { UInt16($0) })
        let again = try TestBroker(port: port)
        defer { again.stop() }
        try eventually("it is seen to be back") {
            _ = try? admin.topics(timeout: .milliseconds(200))
            return !BrokerWatch.isAway(settings)
        }
        sink.lines.withLock { lines in
            #expect(lines.filter { $0.level > .info }.map(\.level) == [.warning, .notice], "\(lines)")
            #expect(lines.contains { $0.text.contains("the broker is back") })
        }
    }

    /// As librdkafka writes them: a coordinator's connection fails with an address, and stands without one.
    @Test func aCoordinatorThatIsUpFirstTellsOfItsBroker() throws {
        var connections = BrokerConnections()
        let (client, now) = (ObjectIdentifier(Sink()), ContinuousClock.now)
        func take(_ facility: String, _ text: String, after seconds: Int) throws -> BrokerConnections.News? {
            let line = try #require(BrokerLine(facility: facility, text: text, isError: facility == "FAIL"))
            return connections.take(line, client: client, now: now + .seconds(seconds))
        }
        let broker = "127.0.0.1:39471"
        let news = try take(
            "FAIL", "[thrd:GroupCoordinator]: GroupCoordinator: \(broker): Connect failed: refused", after: 0)
        #expect(news == .away(broker: broker, why: "Connect failed: refused"))
        #expect(connections.isAway)
        let up = try take(
            "STATE", "[thrd:GroupCoordinator]: GroupCoordinator: Broker changed state CONNECT -> UP", after: 3)
        #expect(up == .back(broker: broker, after: .seconds(3)))
        let second = try take(
            "STATE", "[thrd:\(broker)/bootstrap]: \(broker)/1: Broker changed state CONNECT -> UP", after: 4)
        #expect(second == nil && !connections.isAway)
    }

    /// A broker that is stopped keeps its connections: they fail one by one, those that nobody uses never.
    @Test func whatStoodBeforeAConnectionFailedCountsOnlyOnceItAnswers() throws {
        let (client, now) = (ObjectIdentifier(Sink()), ContinuousClock.now)
        let (one, two) = ("127.0.0.1:1", "127.0.0.1:2")
        func take(_ facility: String, _ text: String, by connections: inout BrokerConnections) throws {
            let line = try #require(BrokerLine(facility: facility, text: text, isError: facility == "FAIL"))
            _ = connections.take(line, client: client, now: now)
        }
        func up(_ broker: String) -> String { "[thrd:\(broker)/1]: \(broker)/1: Broker changed state CONNECT -> UP" }
        let coordinator = "[thrd:GroupCoordinator]: GroupCoordinator: "
        var connections = BrokerConnections()
        try take("STATE", up(one), by: &connections)
        try take("STATE", coordinator + "Broker changed state CONNECT -> UP", by: &connections)
        #expect(!connections.isAway)
        try take("FAIL", coordinator + "\(one): 1 request(s) timed out: disconnect", by: &connections)
        #expect(connections.isAway)
        connections.hear()
        #expect(!connections.isAway)

        var several = BrokerConnections()
        try take("STATE", up(one), by: &several)
        try take("STATE", up(two), by: &several)
        try take("FAIL", "[thrd:\(one)/1]: \(one)/1: 1 request(s) timed out: disconnect", by: &several)
        #expect(!several.isAway, "the other broker's stands")
    }

    @Test func whatIsAskedInVainForLongIsSilence() {
        let start = ContinuousClock.now
        var silence = BrokerSilence()
        silence.ask(start)
        silence.ask(start + .seconds(9))
        #expect(!silence.lasts(start + .seconds(9)))
        #expect(silence.lasts(start + .seconds(10)))
        #expect(!silence.lasts(start + .seconds(40)), "nobody asks any more")
        silence.ask(start + .seconds(41))
        #expect(!silence.lasts(start + .seconds(42)), "begun anew")
        silence.end()
        #expect(!silence.lasts(start + .seconds(60)))
    }

    /// Who runs the transaction gets the error, and says what becomes of it.
    @Test func aTransactionThatIsToBeAbortedIsNoErrorAndToldOnce() throws {
        let mock = MockCluster()
        mock.create("t")
        let sink = Sink()
        let producer = try Producer(
            mock.settings.merging(["transactional.id": "t"]), log: Logger(label: "test", factory: { _ in sink }))
        try producer.initTransactions(timeout: patience)
        mock.fail(.transactionOffsetCommit, with: Array(repeating: .illegalGeneration, count: 3))
        for _ in 0..<3 {
            try producer.begin()
            try "v".produce(by: producer, to: "t")
            #expect(throws: KafkaError.self) {
                try producer.sendOffsets(
                    [TopicPartitionOffset("t", 0, 1)], group: ConsumerGroupMetadata(group: "g"), timeout: patience)
            }
            try producer.abort(timeout: patience)
        }
        sink.lines.withLock { lines in
            let told = lines.filter { $0.text.contains("TXNERR") }
            #expect(told.count >= 3)
            #expect(told.filter { $0.level > .debug }.map(\.level) == [.info], "\(told)")
            #expect(!lines.contains { $0.level >= .warning }, "\(lines)")
        }
    }

    @Test func whatRepeatsItselfIsToldOnceAMinute() {
        var repetitions = Repetitions()
        let start = ContinuousClock.now
        func isNews(_ line: String, after seconds: Int) -> Bool {
            repetitions.isNews(line, at: start + .seconds(seconds))
        }
        #expect(isNews("a.stock [0]: topic does not exist (after 11 ms)", after: 0))
        #expect(!isNews("a.stock [1]: topic does not exist (after 9 ms)", after: 1))
        #expect(isNews("a.product [1]: topic does not exist (after 9 ms)", after: 1))
        #expect(isNews("Topic a partition count changed from 3 to 0", after: 1))
        #expect(isNews("Topic a partition count changed from 0 to 3", after: 2))
        #expect(!isNews("a.stock [2]: topic does not exist (after 9 ms)", after: 59))
        #expect(isNews("a.stock [2]: topic does not exist (after 9 ms)", after: 60))
        #expect(!isNews("a.stock [0]: topic does not exist (after 9 ms)", after: 119))
    }

    @Test func whatIsRememberedOfRepetitionsIsBounded() {
        var repetitions = Repetitions()
        let start = ContinuousClock.now
        func isNews(_ line: String, after time: Duration) -> Bool { repetitions.isNews(line, at: start + time) }
        for number in 0..<(2 * Repetitions.most) { #expect(isNews("\(number)", after: .zero)) }
        #expect(!isNews("0", after: .zero), "remembered")
        #expect(isNews("\(Repetitions.most)", after: .zero), "said as often as it comes")
        #expect(isNews("x", after: Repetitions.pause))
        #expect(!isNews("x", after: Repetitions.pause), "there is room again")
    }

    @Test func debugContextsAreLoggedAsDebug() throws {
        let sink = Sink()
        let admin = try Admin(
            Cluster.settings.merging(["debug": "broker"]), log: Logger(label: "test", factory: { _ in sink }))
        _ = try admin.topics(timeout: patience)
        #expect(sink.lines.withLock { lines in lines.contains { $0.level == .debug } })
    }
}
