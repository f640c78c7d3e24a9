import Canonical
import Document
import Hub
import Kafka
import Testing

@testable import Simulation

/// A turn that fails again and again rests longer and longer, whoever carries its commits.
@Suite struct RepetitionTests {
    private static let setup = Result { try SimulatedWorld.Setup() }

    /// Some seeds commit on the loop's own thread, most of them beside it.
    @Test(arguments: Array(UInt64(1)...8)) func whatFailsForAMinuteIsTriedSeldom(seed: UInt64) throws {
        let setup = try Self.setup.get()
        let clock = VirtualClock(start: 1_772_366_400_000)
        let scheduler = Scheduler(
            clock: clock, random: Randomness(seed: seed), profile: .quiet, trace: Trace(clock, tell: nil))
        let broker = SimulatedBroker(scheduler)
        let names = TopicNames(prefix: "sim")
        broker.create(TopicTable(names: names, model: setup.model, connectors: [], partitions: { _ in 1 }))
        let hub = SimulatedHub(
            "1", broker,
            HubPlan(
                model: setup.model, kinds: setup.kinds, names: names, subscribers: [:], partitions: 1,
                largest: 900_000))
        hub.start()
        #expect(scheduler.run(rounds: 100_000) { hub.owned.count == setup.model.domains.count })
        broker.remove(names.golden(entity: "product"))
        let gtin = SimulatedModel.gtin(1)
        broker.append(
            SimulatedEvent.make(
                EventType("product", .stated), key: gtin, from: "till", id: "till/1", data: ["gtin": .string(gtin)],
                topic: names.input(domain: "product"), at: broker.now))
        let end = clock.now + 60_000
        #expect(scheduler.run(rounds: 1_000_000) { clock.now >= end })
        let tries = scheduler.trace.counts["rewound"] ?? 0
        #expect(hub.failures.isEmpty && 10...50 ~= tries, "\(tries) tries in a minute")
        // Once it is there again, what waited is decided.
        broker.create(names.golden(entity: "product"), partitions: 1, isCompacted: true)
        let place = TopicPartition(names.golden(entity: "product"), 0)
        #expect(scheduler.run(rounds: 100_000) { broker.log(place)?.history.contains(where: \.isCommitted) == true })
        scheduler.shutDown()
    }
}
