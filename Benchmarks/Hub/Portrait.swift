import Canonical
import Kafka
import TestHub

/// What the hub has written for its input, as its topics show it: what the C program then writes as well.
///
/// Taken of one partition: keys are spread evenly.
struct Portrait {
    private(set) var inputs = 0
    private(set) var goldens = 0
    private(set) var goldenBytes = 0
    private(set) var headers = 0
    private(set) var headerBytes = 0
    private(set) var states = 0
    private(set) var stateBytes = 0
    private(set) var transactions = 0
    /// Records whose topic isn't compared: numbers, dead letters. There are none in these workloads.
    let partitions: Int

    /// Where partition 0 of each topic ends: a portrait begins there.
    struct Start {
        fileprivate let ends: [TopicPartition: Int64]
    }

    static func start(_ plant: Plant, _ domain: String) throws -> Start {
        let places = topics(plant, domain).map { TopicPartition($0, 0) }
        return Start(ends: try plant.admin().watermarks(of: places, timeout: .seconds(30)).mapValues(\.high))
    }

    /// - Parameter partitions: the input's.
    init(_ plant: Plant, _ domain: String, partitions: Int, from start: Start) throws {
        self.partitions = partitions
        let topics = Self.topics(plant, domain)
        try Self.read(plant, topics[0], start) { _ in inputs += 1 }
        try Self.read(plant, topics[1], start) { record in
            goldens += 1
            goldenBytes += record.value?.byteCount ?? 0
            record.forEachHeader { header in
                headers += 1
                headerBytes += header.name.utf8.count + (header.value?.byteCount ?? 0)
            }
        }
        try Self.read(plant, topics[2], start) { record in
            guard let key = record.key else { return }
            let first = key.withUnsafeBytes { $0.first ?? 0 }
            if first >= 0x20 {
                states += 1
                stateBytes += record.value?.byteCount ?? 0
            } else if key.withUnsafeBytes({ $0.elementsEqual("\u{1}hub".utf8) }) {
                transactions += 1
            }
        }
        guard inputs > 0, goldens > 0, states > 0, transactions > 0 else {
            throw BenchError("the hub has written nothing for the workload '\(domain)'")
        }
    }

    private static func topics(_ plant: Plant, _ domain: String) -> [String] {
        [
            plant.names.input(domain: domain), plant.names.golden(entity: domain), plant.names.state(domain: domain),
        ]
    }

    private static func read(
        _ plant: Plant, _ topic: String, _ start: Start, _ body: (borrowing Record) -> Void
    ) throws {
        let place = TopicPartition(topic, 0)
        let end = try plant.admin().watermarks(of: [place], timeout: .seconds(30))[place]?.high ?? 0
        let consumer = try Consumer(
            plant.broker.merging(["group.id": "\(plant.prefix).portrait", "enable.partition.eof": "true"]),
            log: plant.log)
        try consumer.assign([place.at(start.ends[place] ?? 0)])
        try consumer.read(to: [place: end], max: 5_000, timeout: .seconds(120)) { batch in
            batch.forEach { body($0) }
        }
        try consumer.close()
    }

    /// Records in one transaction: never fewer than the hub's, as it may have left partition 0 out of some.
    ///
    /// A turn of the hub has 5,000 at most.
    var transaction: Int { min(5_000, max(1, inputs * partitions / transactions)) }

    /// What the C program is told.
    var arguments: [String] {
        [
            "transaction=\(transaction)", "goldens=\(goldens * 1000 / inputs)",
            "golden-bytes=\(goldenBytes / goldens)", "headers=\(headers / goldens)",
            "header-bytes=\(headerBytes / goldens)", "state-bytes=\(stateBytes / states)",
        ]
    }
}
