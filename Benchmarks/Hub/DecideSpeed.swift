import Canonical
import Consistency
import Hub
import Installation
import Kafka
import TestHub

/// What the hub's own code takes for a record: its loop over a broker that is a list in memory, with the real store.
///
/// No client, no thread, no network: what changes here is ours, whatever else the machine does. `valgrind
/// --tool=callgrind` on it tells where the instructions go.
enum DecideSpeed: Measurement {
    static let name = "decide"
    static let about = "the hub's loop by itself, no broker: read, check, decide, encode, store"
    private static let partitions = 4

    static func run(_ bench: Bench) throws -> [Figure] {
        let entities = bench.count(10_000, atLeast: 2_000)
        let updates = bench.count(200_000, atLeast: 4_000)
        return try [Workload.Kind.product, .stock].compactMap { kind in
            guard bench.wants("decide/\(kind.rawValue)") else { return nil }
            return try figure(Workload(kind: kind, entities: entities, updates: updates), bench)
        }
    }

    private static func figure(_ workload: Workload, _ bench: Bench) throws -> Figure {
        let plant = try Plant(partitions: partitions, createsTopics: false)
        let feed = Feed(plant, workload, partitions)
        let loop = try TransactionLoop(
            consumer: feed, producer: Drain(), changelog: NoChangelog(),
            store: Store(
                folder: "\(plant.folder)/var", identity: .init(cluster: "none", prefix: plant.prefix), size: 8 << 30,
                log: plant.log),
            clocks: .machine, model: plant.model,
            kinds: try KindCatalog(plant.model), subscribers: [:], bounds: HoldBounds(), names: plant.names,
            largest: 900_000, quarantine: "\(plant.folder)/quarantine",
            partitionCounts: Dictionary(
                uniqueKeysWithValues: plant.model.domains.map {
                    (plant.names.input(domain: $0), Int32(Self.partitions))
                }), ownership: { _ in }, waitingCount: { _ in }, log: plant.log)
        try loop.start()
        feed.load(workload.entities) { ($0, 0) }
        while !feed.isEmpty { try loop.step { false } }
        var random = SplitMix(state: 1)
        var cpu = 0.0
        // Made outside of what is measured, a piece at a time.
        for piece in 0..<(workload.updates / 4_000) {
            feed.load(4_000) {
                (Int(random.next() % UInt64(workload.entities)), piece * 4_000 + $0 + 1)
            }
            let before = ownCPU()
            while !feed.isEmpty { try loop.step { false } }
            cpu += ownCPU() - before
        }
        try loop.end()
        let value = cpu * 1e6 / Double(workload.updates / 4_000 * 4_000)
        bench.say("decide/\(workload.name): \(short(value)) CPU-s a million")
        return Figure(name: "decide/\(workload.name)/cpu", value: value, unit: "CPU-s a million")
    }
}

/// A consumer whose records are there already.
private final class Feed: GroupConsumer {
    private let plant: Plant
    private let workload: Workload
    private let topic: String
    private var waiting: [MadeRecord] = []
    private var ends: [Int64]
    private var hooks = RebalanceHooks()
    private(set) var partitions: [TopicPartition] = []
    private let start = Plant.wall().milliseconds

    init(_ plant: Plant, _ workload: Workload, _ partitions: Int) {
        self.plant = plant
        self.workload = workload
        topic = plant.names.input(domain: workload.domain)
        ends = Array(repeating: 0, count: partitions)
    }

    var isEmpty: Bool { waiting.isEmpty }

    /// A client hands out records in runs of one partition.
    func load(_ count: Int, _ pick: (Int) -> (entity: Int, version: Int)) {
        defer {
            waiting.sort {
                ($0.place.partition.partition, $0.place.offset) < ($1.place.partition.partition, $1.place.offset)
            }
        }
        for number in 0..<count {
            let (entity, version) = pick(number)
            let event = workload.event(entity, version, at: start + Int64(version))
            let place = Int(Partitioner.partition(key: event.key.utf8.span.bytes, count: Int32(ends.count)))
            waiting.append(
                MadeRecord(
                    at: TopicPartitionOffset(topic, Int32(place), ends[place]),
                    timestamp: start + Int64(version),
                    key: event.key.utf8.span.bytes, value: event.value.utf8.span.bytes,
                    headers: Headers(event.headers)))
            ends[place] += 1
        }
    }

    func subscribe(to topics: [String], hooks: RebalanceHooks) { self.hooks = hooks }

    func poll<Result>(max: Int, timeout: Duration, _ body: (borrowing Batch) throws -> Result) throws -> Result {
        if partitions.isEmpty {
            partitions = ends.indices.map { TopicPartition(topic, Int32($0)) }
            _ = try hooks.assigned(partitions)
        }
        let records = Array(waiting.prefix(max))
        waiting.removeFirst(records.count)
        return try body(Batch(records, positions: positions()))
    }

    func positions() -> [TopicPartitionOffset] { ends.enumerated().map { .init(topic, Int32($0), $1) } }
    func commit(_ positions: [TopicPartitionOffset], wait: Bool) {}
    func committed(_ partitions: [TopicPartition], timeout: Duration) -> [TopicPartition: Int64] { [:] }
    func seek(to places: [TopicPartitionOffset], timeout: Duration) {}
    func groupMetadata() -> ConsumerGroupMetadata { ConsumerGroupMetadata(group: "decide") }
    func close() {}
}

/// A producer that writes nothing.
private final class Drain: TransactionalProducer {
    func initTransactions(timeout: Duration) {}
    func begin() {}
    func produce(
        to topic: String, partition: Int32?, key: RawSpan?, value: RawSpan?, headers: consuming Headers?,
        timestamp: Int64?, token: UInt64
    ) {}
    func sendOffsets(
        _ positions: [TopicPartitionOffset], group: borrowing ConsumerGroupMetadata, timeout: Duration
    ) {}
    func commit(timeout: Duration) {}
    func abort(timeout: Duration) {}
    func hasten(timeout: Duration) {}
    func watermarks(of partitions: [TopicPartition], timeout: Duration) -> [TopicPartition: Watermarks] { [:] }
    func offsets(from times: [TopicPartition: Int64], timeout: Duration) -> [TopicPartition: Int64] { [:] }
    func ends(of partitions: [TopicPartition], timeout: Duration) -> [TopicPartition: Int64] { [:] }
    func partitionCount(of topic: String, timeout: Duration) -> Int32? { nil }

    /// The clock is in order, so that the loop doesn't ask for the time at every turn.
    func takeDelivered() -> [Delivered] {
        [
            Delivered(
                partition: TopicPartition("", 0), count: 1, highestOffset: nil, isExact: true,
                appended: Plant.wall().milliseconds)
        ]
    }
}

/// A changelog in which nothing is.
private struct NoChangelog: PartitionReader {
    func watermarks(
        of partitions: [TopicPartition], timeout: Duration
    ) -> [TopicPartition: Watermarks] {
        Dictionary(uniqueKeysWithValues: partitions.map { ($0, Watermarks(low: 0, high: 0)) })
    }

    func read(
        from starts: [TopicPartitionOffset], to ends: [TopicPartition: Int64], max: Int, timeout: Duration,
        _ body: (borrowing Batch) throws -> Void
    ) {}
}
