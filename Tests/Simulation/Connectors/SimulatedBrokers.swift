package import Connector
package import Kafka

extension SimulatedConsumer: Member {}

/// The simulated broker as one process of a connector sees it.
package final class SimulatedBrokers: Brokers, @unchecked Sendable {
    // Unchecked: a simulation has one thread.
    private let broker: SimulatedBroker
    private let process: SimulatedProcess
    private let group: String
    private let flaw: HouseFlaw?
    private var scheduler: Scheduler { broker.scheduler }
    package private(set) var outlet: ConnectorOutlet?
    private weak var consumer: SimulatedConsumer?

    package init(_ broker: SimulatedBroker, _ process: SimulatedProcess, group: String, flaw: HouseFlaw? = nil) {
        self.flaw = flaw
        self.broker = broker
        self.process = process
        self.group = group
    }

    package var largest: Int { 1_000_000 - 4096 }

    package func producer(_ onDelivery: @escaping @Sendable (Delivery) -> Void) throws(KafkaError) -> any Outlet {
        let outlet = ConnectorOutlet(broker, process, flaw: flaw, onDelivery)
        self.outlet = outlet
        return outlet
    }

    package func member() throws(KafkaError) -> any Member {
        let member = SimulatedConsumer(broker, process, group: group, instance: group, startsAtBeginning: true)
        consumer = member
        return member
    }

    /// Whether the sinks have joined their group.
    package var hasSubscribed: Bool { consumer?.hasSubscribed ?? false }

    package func follower() throws(KafkaError) -> any Follower { SimulatedFollower(broker, process) }

    package func partitions(of topics: [String]) throws -> [TopicPartition] {
        try scheduler.point(process, "ask for topics")
        return topics.flatMap { broker.partitions(of: $0) }
    }

    package func watermarks(of partitions: [TopicPartition]) throws(KafkaError) -> [TopicPartition: Watermarks] {
        try SimulatedReader(broker, process).watermarks(of: partitions, timeout: .seconds(10))
    }

    package func read(_ partitions: [TopicPartition], _ body: (borrowing Batch) throws -> Void) throws {
        let reader = SimulatedReader(broker, process)
        let marks = try reader.watermarks(of: partitions, timeout: .seconds(10))
        try reader.read(
            from: partitions.map { $0.at(marks[$0]?.low ?? 0) }, to: marks.mapValues(\.high), max: 10_000,
            timeout: .seconds(120), body)
    }
}

/// Follows partitions that are assigned by hand.
package final class SimulatedFollower: Follower {
    private let broker: SimulatedBroker
    private let process: SimulatedProcess
    private var scheduler: Scheduler { broker.scheduler }
    private var positions: [TopicPartition: Int64] = [:]

    package init(_ broker: SimulatedBroker, _ process: SimulatedProcess) {
        self.broker = broker
        self.process = process
    }

    package func assign(_ places: [TopicPartitionOffset]) throws(KafkaError) {
        positions = Dictionary(uniqueKeysWithValues: places.map { ($0.partition, $0.offset) })
    }

    package func poll<Result>(
        max: Int, timeout: Duration, _ body: (borrowing Batch) throws -> Result
    ) throws -> Result {
        try scheduler.point(process, "follow")
        if scheduler.fails(scheduler.profile.faults / 4) { throw KafkaError(.transport, operation: "poll") }
        var found: [MadeRecord] = []
        for place in scheduler.random.shuffled(positions.keys.sorted()) where found.count < max {
            guard let log = broker.log(place), let start = positions[place] else { continue }
            let most = min(max - found.count, scheduler.random.within(1...(4 * scheduler.profile.batch)))
            let (records, position) = log.read(from: start, most: most, before: log.stable)
            found += records
            positions[place] = position
        }
        if found.isEmpty { scheduler.doze(timeout) }
        return try body(Batch(found, positions: positions.sorted { $0.key < $1.key }.map { $0.key.at($0.value) }))
    }

    package func close() throws {}
}
