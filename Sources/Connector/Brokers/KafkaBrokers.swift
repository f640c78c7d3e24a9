import Canonical
import Kafka
import Logging
import Transports

/// The brokers that the installation names.
///
/// The producer's connections serve whatever is asked beside reading: each client has threads and connections of its own.
final class KafkaBrokers: Brokers {
    private let settings: Kafka.Settings
    /// The connector's group, and its only member.
    let group: String
    private let log: Logger
    private let shared = Monitor<Producer?>(nil)

    /// - Parameter settings: how they are reached.
    init(_ settings: Kafka.Settings, _ names: TopicNames, connector: String, log: Logger) {
        group = "\(names.prefix).\(connector)"
        self.settings = settings.merging(["client.id": group])
        self.log = log
    }

    // Room for headers and the batch around the record.
    var largest: Int { (settings["message.max.bytes"].flatMap { Int($0) } ?? 1_000_000) - 4096 }

    func producer(_ onDelivery: @escaping @Sendable (Kafka.Delivery) -> Void) throws(KafkaError) -> any Outlet {
        let defaults: Kafka.Settings = [
            // What is on its way is bounded, however large a page is; one record always fits.
            "queue.buffering.max.kbytes": "\(max(16_384, 4 * largest / 1_024))",
            // Whoever says something waits for it by flushing, which ends the lingering. Until then it makes few large
            // requests: with more on their way than a partition may have, librdkafka's sender asks without a pause whether
            // it may send another.
            "linger.ms": "100",
        ]
        // Three seconds without a free place: the brokers take nothing. The page is read again later.
        let producer = try Producer(
            defaults.merging(settings).merging([
                "isolation.level": Isolation.readUncommitted.rawValue,
                // No record is ever given up alone: what came behind it would overtake it (I7). The brokers are waited for.
                "message.timeout.ms": "0",
            ]), log: log, queuePatience: .seconds(3), onDelivery: onDelivery)
        shared.withLock { $0 = producer }
        return producer
    }

    /// Asks by the producer's connections. There must be one.
    var admin: Admin {
        get throws(KafkaError) {
            guard let producer = shared.withLock({ $0 }) else {
                throw KafkaError(.state, operation: "ask the brokers", message: "there is no producer yet")
            }
            return Admin(of: producer)
        }
    }

    /// A static member doesn't say that it goes: after so long it is missed, and `omni lag` says `stopped`.
    private static let membership: Settings = ["session.timeout.ms": "10000"]

    func member() throws(KafkaError) -> any Member {
        try Consumer(
            Self.membership.merging(settings).merging([
                "group.id": group, "group.instance.id": group, "auto.offset.reset": "earliest",
                // A system may be out of order for hours; this member stays, as its heartbeats go on.
                "max.poll.interval.ms": "86400000", "queued.max.messages.kbytes": "4096",
                // Else an answer may hold a megabyte of each partition.
                "fetch.max.bytes": "2097152",
            ]), log: log)
    }

    func follower() throws(KafkaError) -> any Follower { try reader() }

    func partitions(of topics: [String]) throws -> [TopicPartition] {
        let known = try admin.topics(topics, timeout: .seconds(10))
        return try topics.flatMap { name -> [TopicPartition] in
            guard let topic = known.first(where: { $0.name == name }), !topic.partitions.isEmpty else {
                throw WrongSetting("there is no topic \(name); create it with `omni topics`")
            }
            return topic.topicPartitions
        }
    }

    func watermarks(of partitions: [TopicPartition]) throws(KafkaError) -> [TopicPartition: Watermarks] {
        try admin.watermarks(of: partitions, timeout: .seconds(10))
    }

    func ends(of partitions: [TopicPartition]) throws(KafkaError) -> [TopicPartition: Int64] {
        try admin.ends(of: partitions, timeout: .seconds(10))
    }

    func read(_ partitions: [TopicPartition], _ body: (borrowing Batch) throws -> Void) throws {
        guard !partitions.isEmpty else { return }
        let marks = try watermarks(of: partitions)
        let filled = partitions.filter { marks[$0].map { $0.low < $0.high } ?? false }
        guard !filled.isEmpty else { return }
        let consumer = try reader()
        try consumer.assign(filled.map { $0.at(marks[$0]?.low ?? 0) })
        let ends = marks.filter { $0.value.low < $0.value.high }.mapValues(\.high)
        try consumer.read(to: ends, timeout: .seconds(120), body)
        try consumer.close()
    }

    /// Reads without a group, which librdkafka wants a name for all the same.
    private func reader() throws(KafkaError) -> Consumer {
        try Consumer(
            settings.merging([
                "group.id": "\(group).tables", "enable.partition.eof": "true", "queued.max.messages.kbytes": "4096",
            ]), log: log)
    }
}
