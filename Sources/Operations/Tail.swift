public import Document
public import Kafka
public import Logging

/// One record as `omni tail` shows it.
public struct TailedRecord: Sendable {
    /// Where it lies.
    public let place: TopicPartitionOffset
    /// Milliseconds since 1970.
    public let timestamp: Int64?
    /// The key as text; nil when there is none.
    public let key: String?
    /// The headers in their order.
    public let headers: [(name: String, text: String)]
    /// The value.
    public let value: Value

    /// What a record's value is.
    public enum Value: Sendable {
        /// No value: the key is deleted.
        case tombstone
        /// JSON.
        case json(JSON)
        /// Anything else.
        case bytes([UInt8])
    }

    /// A record, decoded.
    init(_ record: borrowing Record) {
        place = record.topicPartition.at(record.offset)
        timestamp = record.timestamp
        if let bytes = record.key {
            key = bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        } else {
            key = nil
        }
        var headers: [(name: String, text: String)] = []
        record.forEachHeader { header in
            if let bytes = header.value {
                headers.append((header.name, bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }))
            }
        }
        self.headers = headers
        guard let bytes = record.value else {
            value = .tombstone
            return
        }
        let copy = bytes.withUnsafeBytes { Array($0) }
        value = (try? JSON(parsing: copy)).map { .json($0) } ?? .bytes(copy)
    }
}

/// Reads a topic as it grows.
public struct Tail {
    /// Where to begin.
    public enum Start: Sendable {
        /// With what comes now.
        case end
        /// With everything there is.
        case beginning
        /// With the last so many offsets of each partition.
        case last(Int64)
    }

    private let consumer: Consumer
    private let ends: [TopicPartition: Int64]
    private var positions: [TopicPartition: Int64]

    /// Opens a topic.
    ///
    /// - Parameter prefix: what the names begin with that are told when there is no such topic: other installations' may stand on
    ///   the same brokers.
    public init(
        _ topic: String, from start: Start, _ settings: Settings, prefix: String = "", log: Logger
    ) throws {
        let admin = try Admin(settings, log: log)
        let partitions = try admin.topics([topic], timeout: .seconds(10)).flatMap(\.topicPartitions)
        guard !partitions.isEmpty else {
            let known = try admin.topics(timeout: .seconds(10)).map(\.name).filter { $0.hasPrefix(prefix) }
            throw TailError(topic: topic, known: known.sorted())
        }
        let marks = try admin.watermarks(of: partitions, timeout: .seconds(10))
        consumer = try Consumer(
            settings.merging([
                "group.id": "omni-tail", "isolation.level": "read_committed", "enable.partition.eof": "true",
                "auto.offset.reset": "earliest",
            ]), log: log)
        let starts = partitions.map { partition in
            let (low, high) = (marks[partition]?.low ?? 0, marks[partition]?.high ?? 0)
            switch start {
            case .end: return partition.at(high)
            case .beginning: return partition.at(low)
            case .last(let count): return partition.at(max(low, high - max(0, count)))
            }
        }
        try consumer.assign(starts)
        ends = marks.mapValues(\.high)
        positions = Dictionary(uniqueKeysWithValues: starts.map { ($0.partition, $0.offset) })
    }

    /// Whether everything that was there at the opening has been read.
    public var isLevel: Bool { ends.allSatisfy { positions[$0.key] ?? 0 >= $0.value } }

    /// The records that have come, after waiting at most `timeout` for the first.
    public mutating func next(timeout: Duration) throws -> [TailedRecord] {
        try consumer.poll(max: 500, timeout: timeout) { batch in
            var records: [TailedRecord] = []
            batch.forEach { records.append(TailedRecord($0)) }
            for place in batch.positions() + batch.ends { positions[place.partition] = place.offset }
            return records
        }
    }

    /// Leaves.
    public func close() throws { try consumer.close() }
}

/// A topic that isn't there.
public struct TailError: Error, Sendable, CustomStringConvertible {
    /// The name asked for.
    public let topic: String
    /// The names there are.
    public let known: [String]

    /// Names what there is.
    public var description: String {
        "there is no topic \(topic); there are: \(known.isEmpty ? "none (create them with 'omni topics --create')" : known.joined(separator: ", "))"
    }
}
