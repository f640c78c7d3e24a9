package import Logging

/// What it takes to read partitions from somewhere to an end, outside of any group: how a changelog is restored.
package protocol PartitionReader {
    /// What partitions hold, uncommitted records included.
    func watermarks(of partitions: [TopicPartition], timeout: Duration) throws(KafkaError) -> [TopicPartition:
        Watermarks]
    /// The offset of the first record appended at or after a time, in milliseconds since 1970; nil when there is none.
    func offset(of partition: TopicPartition, from milliseconds: Int64, timeout: Duration) throws(KafkaError) -> Int64?
    /// Lends the committed records between `starts` and `ends`, in batches of at most `max`; returns when every
    /// position has reached its end. What stands open before an end is waited for.
    func read(
        from starts: [TopicPartitionOffset], to ends: [TopicPartition: Int64], max: Int, timeout: Duration,
        _ body: (borrowing Batch) throws -> Void
    ) throws
}

extension PartitionReader {
    /// A reader that has no times knows no such offset.
    package func offset(
        of partition: TopicPartition, from milliseconds: Int64, timeout: Duration
    ) throws(KafkaError) -> Int64? { nil }
}

/// Reads with clients of its own, which last as long as each call.
package struct CommittedReader: PartitionReader {
    private let settings: Settings
    private let log: Logger

    /// - Parameter settings: of a consumer, `group.id` among them; nothing is committed.
    package init(_ settings: Settings, log: Logger) {
        self.settings = settings
        self.log = log
    }

    package func watermarks(
        of partitions: [TopicPartition], timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: Watermarks] {
        try Admin(settings, log: log).watermarks(of: partitions, timeout: timeout)
    }

    package func offset(
        of partition: TopicPartition, from milliseconds: Int64, timeout: Duration
    ) throws(KafkaError) -> Int64? {
        try Consumer(settings, log: log).offsets(from: [partition: milliseconds], timeout: timeout)[partition]
    }

    package func read(
        from starts: [TopicPartitionOffset], to ends: [TopicPartition: Int64], max: Int, timeout: Duration,
        _ body: (borrowing Batch) throws -> Void
    ) throws {
        let consumer = try Consumer(
            settings.merging(["isolation.level": Isolation.readCommitted.rawValue, "enable.partition.eof": "true"]),
            log: log)
        try consumer.assign(starts)
        try consumer.read(to: ends, max: max, timeout: timeout, body)
        try consumer.close()
    }
}
