package import Kafka

/// Reads partitions to their end, for a simulated process.
package struct SimulatedReader: PartitionReader {
    private let broker: SimulatedBroker
    private let process: SimulatedProcess
    private var scheduler: Scheduler { broker.scheduler }

    package init(_ broker: SimulatedBroker, _ process: SimulatedProcess) {
        self.broker = broker
        self.process = process
    }

    package func watermarks(
        of partitions: [TopicPartition], timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: Watermarks] {
        try scheduler.point(process, "read watermarks")
        let marks = broker.watermarks(partitions, stable: false)
        try scheduler.point(process, "watermarks are read")
        return marks
    }

    package func read(
        from starts: [TopicPartitionOffset], to ends: [TopicPartition: Int64], max: Int, timeout: Duration,
        _ body: (borrowing Batch) throws -> Void
    ) throws {
        var positions = Dictionary(uniqueKeysWithValues: starts.map { ($0.partition, $0.offset) })
        var waited = 0
        while let place = positions.filter({ $0.value < ends[$0.key] ?? 0 }).keys.min() {
            guard let log = broker.log(place), let start = positions[place] else { return }
            let count = min(max, scheduler.random.within(1...(4 * scheduler.profile.batch)))
            let (records, position) = log.read(from: start, most: count, before: log.stable)
            if position == start {
                guard waited < timeout.components.seconds * 1_000 else {
                    throw KafkaError(.timedOut, operation: "read to end", topic: place.topic)
                }
                scheduler.rest(process, 200)
                waited += 200
            }
            positions[place] = position
            try scheduler.point(process, "restore \(place) to \(position)")
            if !records.isEmpty { try body(Batch(records, positions: [place.at(position)])) }
        }
    }
}
