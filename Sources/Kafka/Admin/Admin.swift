import CRdKafka
public import Logging

/// Creates, describes and changes what the brokers keep: topics, their settings, groups and their offsets.
///
/// Any thread may use it. Each call waits for its answer, at most for `timeout`. Reads what is uncommitted too, so its
/// watermarks are the true ends of partitions.
public final class Admin: Sendable {
    let client: Client

    /// Creates a client that is in no group. Of the settings, only those for connections matter.
    public init(_ settings: Settings, log: Logger) throws(KafkaError) {
        // Group and transaction settings would make librdkafka look for coordinators that nobody needs.
        var connection = settings
        for name in ["group.id", "group.instance.id", "transactional.id"] { connection[name] = nil }
        connection["isolation.level"] = Isolation.readUncommitted.rawValue
        client = try Client(
            RD_KAFKA_CONSUMER, connection, ClientContext(log: log),
            destroyFlags: RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
    }

    /// Asks through a producer's connections, so that a process needs no others. What counts as a partition's end is the
    /// producer's `isolation.level`, which it has no other use for: set `read_uncommitted` for the true ends.
    public init(of producer: Producer) { client = producer.client }

    /// What partitions hold: the oldest offset, and the one behind the newest record, uncommitted ones included.
    public func watermarks(
        of partitions: [TopicPartition], timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: Watermarks] {
        try client.watermarks(of: partitions, timeout: timeout)
    }

    /// Where partitions end: the offset behind the newest record, uncommitted ones included. One request a leader.
    public func ends(
        of partitions: [TopicPartition], timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: Int64] {
        try client.ends(of: partitions, timeout: timeout)
    }

    /// The offset of the first record at or after a time, milliseconds since 1970-01-01 UTC. Partitions without such
    /// a record are left out.
    public func offsets(
        of partitions: [TopicPartition], from milliseconds: Int64, timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: Int64] {
        try client.offsets(from: Dictionary(partitions.map { ($0, milliseconds) }) { $1 }, timeout: timeout)
    }

    /// Runs one admin request: `send` starts it, `read` takes what is wanted out of the answer before it is freed.
    func request<Answer>(
        _ kind: rd_kafka_admin_op_t, _ operation: String, timeout: Duration,
        options configure: (OpaquePointer) -> Void = { _ in },
        send: (_ options: OpaquePointer?, _ queue: OpaquePointer?) -> Void,
        read: (_ answer: OpaquePointer) throws(KafkaError) -> Answer
    ) throws(KafkaError) -> Answer {
        let milliseconds = min(max(1, timeout.milliseconds), 3_600_000)
        guard let options = rd_kafka_AdminOptions_new(client.handle, kind) else {
            throw KafkaError(.unsupportedFeature, operation: operation)
        }
        defer { rd_kafka_AdminOptions_destroy(options) }
        var text = [CChar](repeating: 0, count: 256)
        try client.check(
            rd_kafka_AdminOptions_set_request_timeout(options, milliseconds, &text, text.count), operation)
        configure(options)
        let queue = rd_kafka_queue_new(client.handle)
        defer { rd_kafka_queue_destroy(queue) }
        send(options, queue)
        // librdkafka answers by itself when the time is up; the margin is for its own thread.
        guard let event = rd_kafka_queue_poll(queue, milliseconds + 5_000) else {
            throw client.error(RD_KAFKA_RESP_ERR__TIMED_OUT, operation)
        }
        defer { rd_kafka_event_destroy(event) }
        let code = rd_kafka_event_error(event)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
            let message = rd_kafka_event_error_string(event).map { String(cString: $0) }
            throw client.explained(KafkaError(code, operation, client: client.handle, message: message))
        }
        return try read(event)
    }
}

extension Admin {
    /// The id that a cluster gave itself when it was made; nil from brokers that have none.
    public func clusterID(timeout: Duration) throws(KafkaError) -> String? {
        guard let id = rd_kafka_clusterid(client.handle, timeout.milliseconds) else { return nil }
        defer { rd_kafka_mem_free(client.handle, id) }
        return String(cString: id)
    }
}
