import Logging
import Synchronization
import Testing
import WaitSpy

@testable import Kafka

/// The clock of the machine may be set back at any time, while any thread of librdkafka waits. One after the other: there is one clock.
@Suite(.serialized) struct Clocks {
    @Test func aWaitLastsAsLongAsItWasMeantTo() throws {
        omni_begin_wait()
        try eventually("it is over, though its hour hasn't come") { omni_wait_is_over() }
    }

    @Test func aBrokerThatIsAwayIsTriedAgain() throws {
        let sink = Logs.Sink()
        // Nobody listens there.
        let settings: Settings = [
            "bootstrap.servers": "127.0.0.1:4", "reconnect.backoff.ms": "10", "reconnect.backoff.max.ms": "20",
            "debug": "broker",
        ]
        let producer = try Producer(settings, log: Logger(label: "test", factory: { _ in sink }))
        func tries() -> Int { sink.lines.withLock { lines in lines.count { $0.text.contains("-> CONNECT") } } }
        func awaitTries(_ when: String) throws {
            let before = tries()
            // The second one waited from the first on.
            try eventually("two tries \(when)") { tries() >= before + 2 }
        }
        omni_set_clock_ahead(3_600)
        defer { omni_set_clock_ahead(0) }
        try awaitTries("under the clock that is ahead")
        omni_set_clock_ahead(0)
        try awaitTries("after it was set back")
        withExtendedLifetime(producer) {}
    }

    @Test func whatComesEndsTheWait() throws {
        let topic = try Cluster.topic("awaited")
        let (consumer, producer) = (try Cluster.reader(topic), try Cluster.producer())
        for number in 0..<20 {
            // Queued, and on its way while the poll waits.
            try "\(number)".produce(by: producer, to: topic)
            let count = try consumer.poll(timeout: patience) { batch in batch.count }
            #expect(count == 1)
        }
    }
}
