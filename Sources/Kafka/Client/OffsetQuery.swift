import CRdKafka
import Glibc

extension Client {
    /// Asks the partitions' leaders for offsets by time (Kafka's ListOffsets): -2 the oldest, -1 the end, else the
    /// first record at or after these milliseconds since 1970-01-01. One request a leader, repeated while partitions
    /// move. `isolation.level` decides what the end is.
    func offsets(
        of partitions: [TopicPartition], at time: Int64, timeout: Duration, _ operation: String
    ) throws(KafkaError) -> [TopicPartitionOffset] {
        try offsets(at: partitions.map { $0.at(time) }, timeout: timeout, operation)
    }

    /// The same, where each partition is asked for a time of its own, which stands in the place of an offset.
    private func offsets(
        at times: [TopicPartitionOffset], timeout: Duration, _ operation: String
    ) throws(KafkaError) -> [TopicPartitionOffset] {
        guard !times.isEmpty else { return [] }
        return try asking { () throws(KafkaError) in try answered(times, Deadline(after: timeout), operation) }
    }

    private func answered(
        _ times: [TopicPartitionOffset], _ deadline: Deadline, _ operation: String
    ) throws(KafkaError) -> [TopicPartitionOffset] {
        while true {
            let list = PartitionList(times)
            let code = list.lend { rd_kafka_offsets_for_times(handle, $0, deadline.milliseconds) }
            let failure: KafkaError
            if code == RD_KAFKA_RESP_ERR_NO_ERROR {
                do { return try list.places(operation) } catch { failure = error }
            } else {
                failure = error(code, operation).at(times.count == 1 ? times[0].partition : nil)
            }
            guard failure.isRetriable, !deadline.passed else { throw failure }
            usleep(20_000)
        }
    }
}

/// What a partition holds: from the oldest offset to the one behind the newest.
public struct Watermarks: Sendable, Hashable {
    /// The oldest offset that is still there.
    public let low: Int64
    /// The offset behind the newest.
    public let high: Int64

    /// Names what a partition holds.
    public init(low: Int64, high: Int64) {
        self.low = low
        self.high = high
    }
}

extension Client {
    func watermarks(
        of partitions: [TopicPartition], timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: Watermarks] {
        let deadline = Deadline(after: timeout)
        let operation = "read watermarks"
        let low = try offsets(of: partitions, at: Offset.beginning, timeout: timeout, operation)
        let left = Duration.milliseconds(max(1, deadline.milliseconds))
        let high = try offsets(of: partitions, at: Offset.end, timeout: left, operation)
        let lows = Dictionary(low.map { ($0.partition, $0.offset) }) { $1 }
        return Dictionary(high.map { ($0.partition, Watermarks(low: lows[$0.partition] ?? 0, high: $0.offset)) }) { $1 }
    }

    func ends(
        of partitions: [TopicPartition], timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: Int64] {
        let ends = try offsets(of: partitions, at: Offset.end, timeout: timeout, "read the ends")
        return Dictionary(ends.map { ($0.partition, $0.offset) }) { $1 }
    }

    func offsets(
        from times: [TopicPartition: Int64], timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: Int64] {
        let places = try offsets(
            at: times.map { $0.key.at(max(0, $0.value)) }, timeout: timeout, "find offsets by time")
        return Dictionary(places.filter { $0.offset >= 0 }.map { ($0.partition, $0.offset) }) { $1 }
    }
}

// A consumer's connections carry its fetches, and each of them lets what comes behind it wait for `fetch.wait.max.ms`: nothing
// long waits in front of a producer's questions.
extension Producer {
    /// What partitions hold, asked through the producer's connections. Under `read_committed`, which is librdkafka's default,
    /// the end is the last stable offset: the first record of the oldest open transaction. ``Admin/watermarks(of:timeout:)`` knows the
    /// end behind it.
    public func watermarks(
        of partitions: [TopicPartition], timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: Watermarks] {
        try client.watermarks(of: partitions, timeout: timeout)
    }

    /// Where partitions end, as ``watermarks(of:timeout:)`` has it; one request a leader.
    public func ends(
        of partitions: [TopicPartition], timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: Int64] {
        try client.ends(of: partitions, timeout: timeout)
    }

    /// The offset of the first record at or after a time, milliseconds since 1970-01-01 UTC, which each partition has its
    /// own of. Partitions without such a record are left out.
    public func offsets(
        from times: [TopicPartition: Int64], timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: Int64] {
        try client.offsets(from: times, timeout: timeout)
    }
}

extension Consumer {
    /// As ``Producer/offsets(from:timeout:)`` has it, asked through the consumer's connections.
    public func offsets(
        from times: [TopicPartition: Int64], timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: Int64] {
        try client.offsets(from: times, timeout: timeout)
    }
}
