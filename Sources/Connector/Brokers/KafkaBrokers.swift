import Canonical
import Kafka
import Logging

/// The brokers that the installation names.
struct KafkaBrokers: Brokers {
    private let settings: Kafka.Settings
    private let group: String
    private let log: Logger

    /// - Parameter settings: how they are reached.
    init(_ settings: Kafka.Settings, _ names: TopicNames, connector: String, log: Logger) {
        group = "\(names.prefix).\(connector)"
        self.settings = settings.merging(["client.id": group])
        self.log = log
    }

    // Room for headers and the batch around the record.
    var largest: Int { (settings["message.max.bytes"].flatMap { Int($0) } ?? 1_000_000) - 4096 }

    func producer(_ onDelivery: @escaping @Sendable (Kafka.Delivery) -> Void) throws(KafkaError) -> any Outlet {
        // Three seconds without a free place: the brokers take nothing. The page is read again later.
        try Producer(settings, log: log, queuePatience: .seconds(3), onDelivery: onDelivery)
    }

    func member() throws(KafkaError) -> any Member {
        try Consumer(
            settings.merging([
                "group.id": group, "group.instance.id": group, "auto.offset.reset": "earliest",
                // A system may be out of order for hours; this member stays, as its heartbeats go on.
                "max.poll.interval.ms": "86400000", "queued.max.messages.kbytes": "16384",
            ]), log: log)
    }

    func follower() throws(KafkaError) -> any Follower {
        try Consumer(reading.merging(["enable.partition.eof": "true"]), log: log)
    }

    func partitions(of topics: [String]) throws -> [TopicPartition] {
        let known = try Admin(reading, log: log).topics(topics, timeout: .seconds(10))
        return try topics.flatMap { name -> [TopicPartition] in
            guard let topic = known.first(where: { $0.name == name }), !topic.partitions.isEmpty else {
                throw WrongSetting("there is no topic \(name); create it with `omni topics`")
            }
            return topic.topicPartitions
        }
    }

    func watermarks(of partitions: [TopicPartition]) throws(KafkaError) -> [TopicPartition: Watermarks] {
        try Admin(reading, log: log).watermarks(of: partitions, timeout: .seconds(10))
    }

    func read(_ partitions: [TopicPartition], _ body: (borrowing Batch) throws -> Void) throws {
        try Table.read(partitions, reading, timeout: .seconds(120), log: log, body)
    }

    /// For reading without a group, which librdkafka wants a name for all the same.
    private var reading: Kafka.Settings { settings.merging(["group.id": "\(group).tables"]) }
}
