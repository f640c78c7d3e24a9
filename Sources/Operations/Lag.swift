public import Kafka

/// How far one partition's reader is.
public struct PartitionLag: Sendable, Hashable {
    /// The topic and the partition.
    public let partition: TopicPartition
    /// The committed position; nil when nothing was committed yet, or an open transaction hides it.
    public let committed: Int64?
    /// Where the partition begins: what a reader without a position has before it.
    public let start: Int64
    /// Whether the committed position could be read: false while an open transaction hides it, which is not lag 0.
    public let isKnown: Bool
    /// Where the partition ends: behind the last record, markers included.
    public let end: Int64
    /// How old the record at the committed position is, in milliseconds; nil when the reader is level or it is unknown.
    public let age: Int64?

    /// Offsets between the committed position and the end. Positions count, never records: transaction markers take
    /// offsets, and a reader that is level shows 0. Nil while the position is unknown.
    public var behind: Int64? { isKnown ? max(0, end - (committed ?? start)) : nil }

    /// A partition's lag.
    public init(
        partition: TopicPartition, committed: Int64?, start: Int64, end: Int64, age: Int64?, isKnown: Bool = true
    ) {
        self.partition = partition
        self.committed = committed
        self.start = start
        self.isKnown = isKnown
        self.end = end
        self.age = age
    }
}

/// How far one consumer group is: the hub, or a connector's sinks.
public struct GroupLag: Sendable, Hashable {
    /// What operators call it: `hub`, or the connector's name.
    public let name: String
    /// The consumer group.
    public let group: String
    /// Its members at this moment; nil when the group's state could not be read.
    public let members: Int?
    /// Its partitions, by topic and number.
    public let partitions: [PartitionLag]
    /// Why something about it is unknown, when it is.
    public let note: String?

    /// A group's lag.
    public init(name: String, group: String, members: Int?, partitions: [PartitionLag], note: String?) {
        self.name = name
        self.group = group
        self.members = members
        self.partitions = partitions
        self.note = note
    }

    /// Offsets behind in all; nil when any is unknown.
    public var behind: Int64? {
        guard note == nil else { return nil }
        return partitions.reduce(0) { sum, partition in sum.flatMap { sum in partition.behind.map { sum + $0 } } }
    }

    /// The greatest age, in milliseconds; nil when level.
    public var age: Int64? { partitions.compactMap(\.age).max() }

    /// The state in a word.
    public var verdict: Verdict {
        if members == 0 { return .stopped }
        guard let behind else { return .unknown }
        return behind == 0 ? .level : .behind
    }

    /// The states.
    public enum Verdict: String, Sendable {
        /// Nothing waits.
        case level = "ok"
        /// Something waits.
        case behind
        /// Nobody reads.
        case stopped
        /// The position can't be read now.
        case unknown
    }
}
