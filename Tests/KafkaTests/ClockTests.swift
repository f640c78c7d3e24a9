import Testing
import WaitSpy

@testable import Kafka

/// The clock of the machine may be set back at any time.
@Suite struct Clocks {
    @Test func aPollWaitsByTheMonotonicClock() throws {
        let consumer = try Cluster.reader(try Cluster.topic("idle"))
        try consumer.poll(timeout: .milliseconds(50)) { _ in }
        let before = omni_waits_by_the_day()
        let began = ContinuousClock.now
        let isEmpty = try consumer.poll(timeout: .milliseconds(300)) { $0.isEmpty }
        #expect(isEmpty)
        #expect(ContinuousClock.now - began >= .milliseconds(300))
        #expect(omni_waits_by_the_day() == before)
        // Other waits of librdkafka's are as they were; so the spy sees them.
        try Cluster.producer().poll(timeout: .milliseconds(1))
        #expect(omni_waits_by_the_day() > before)
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

    @Test func onlyASetBackClockIsOne() {
        let second: Int64 = 1_000_000_000
        var clock = DayClock(ahead: 100 * second)
        // Drifting, set forward, set back; and that is told once.
        let steps = [100 * second - second / 1_000, 200 * second, 150 * second, 150 * second]
        let setBack = steps.map { clock.wasSetBack($0) }
        #expect(setBack == [false, false, true, false])
    }
}
