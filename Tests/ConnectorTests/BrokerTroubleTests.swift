import Kafka
import Testing

@testable import Connector

/// A broker that doesn't let the sinks go on is asked again and again, and told of now and then.
@Suite struct BrokerTroubleTests {
    private let start = ContinuousClock.now

    private func missing(_ code: KafkaError.Code = .unknownTopicOrPartition) -> KafkaError {
        KafkaError(code, operation: "commit offsets")
    }

    @Test func pausesGrowAndWhatLastsIsSaidOnceAMinute() {
        var trouble = BrokerTrouble()
        var now = start
        var (pauses, said): ([Duration], [Duration]) = ([], [])
        while now - start < .seconds(150) {
            let (pause, isNews) = trouble.fail(missing(), at: now)
            pauses.append(pause)
            if isNews { said.append(now - start) }
            now += pause
            // What the broker isn't asked goes well meanwhile.
            let passed = trouble.pass(at: now)
            #expect(passed == nil)
        }
        #expect(
            pauses.prefix(6) == [
                .milliseconds(500), .seconds(1), .seconds(2), .seconds(4), .seconds(5), .seconds(5),
            ])
        #expect(pauses.allSatisfy { $0 <= .seconds(5) })
        #expect(said.count == 3)
        #expect(said.first == .zero)
        #expect(zip(said, said.dropFirst()).allSatisfy { $1 - $0 >= .seconds(60) && $1 - $0 <= .seconds(65) })
    }

    @Test func anotherTroubleIsSaidAtOnce() {
        var trouble = BrokerTrouble()
        let codes: [KafkaError.Code] = [.unknownTopicOrPartition, .unknownTopicOrPartition, .timedOut, .timedOut]
        let said = codes.map { trouble.fail(missing($0), at: start).isNews }
        #expect(said == [true, false, true, false])
    }

    @Test func whatHasPassedIsToldOnceAndTheNextBeginsAnew() {
        var trouble = BrokerTrouble()
        for second in 0..<20 { _ = trouble.fail(missing(), at: start + .seconds(second)) }
        // Paused for five seconds from the last one on, at the nineteenth.
        let passed = [33, 34, 60].map { trouble.pass(at: start + .seconds($0)) }
        #expect(passed == [nil, .seconds(19), nil])
        let (pause, isNews) = trouble.fail(missing(), at: start + .seconds(61))
        #expect(pause == .milliseconds(500) && isNews)
    }

    @Test func whatPausesLongerHasNotPassedMeanwhile() {
        var trouble = BrokerTrouble()
        let (pause, _) = trouble.fail(missing(.messageTooLarge), least: .seconds(300), at: start)
        let passed = trouble.pass(at: start + pause)
        #expect(pause == .seconds(300) && passed == nil)
    }
}
