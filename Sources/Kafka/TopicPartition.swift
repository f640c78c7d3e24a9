/// One partition of one topic.
public struct TopicPartition: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The topic's name.
    public var topic: String
    /// The partition's number, from 0.
    public var partition: Int32

    /// Names a partition.
    public init(_ topic: String, _ partition: Int32) {
        self.topic = topic
        self.partition = partition
    }

    /// This partition at an offset.
    public func at(_ offset: Int64) -> TopicPartitionOffset { TopicPartitionOffset(self, offset) }

    /// By topic, then partition.
    public static func < (left: TopicPartition, right: TopicPartition) -> Bool {
        (left.topic, left.partition) < (right.topic, right.partition)
    }

    /// `topic[partition]`
    public var description: String { "\(topic)[\(partition)]" }
}

/// A place in a partition: the offset of the next record to read (a position), or of one record.
public struct TopicPartitionOffset: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The partition.
    public var partition: TopicPartition
    /// The offset in it; where a function says so, one of the logical offsets of ``Offset``.
    public var offset: Int64

    /// Names a place in a partition.
    public init(_ partition: TopicPartition, _ offset: Int64) {
        self.partition = partition
        self.offset = offset
    }

    /// Names a place in a partition.
    public init(_ topic: String, _ partition: Int32, _ offset: Int64) {
        self.init(TopicPartition(topic, partition), offset)
    }

    /// The topic's name.
    public var topic: String { partition.topic }

    /// By partition, then offset.
    public static func < (left: TopicPartitionOffset, right: TopicPartitionOffset) -> Bool {
        (left.partition, left.offset) < (right.partition, right.offset)
    }

    /// `topic[partition]@offset`
    public var description: String { "\(partition)@\(offset)" }
}

/// The logical offsets that ``Consumer/assign(_:)`` and ``Consumer/seek(to:timeout:)`` understand beside plain numbers.
public enum Offset {
    /// The oldest record that is still there.
    public static let beginning: Int64 = -2
    /// Behind the newest record.
    public static let end: Int64 = -1
    /// What the group has committed, or else what `auto.offset.reset` says. Not for seeking.
    public static let committed: Int64 = -1_000
    /// No offset: librdkafka's `RD_KAFKA_OFFSET_INVALID`.
    static let invalid: Int64 = -1_001
}
