import CRdKafka
public import Logging
import Synchronization

/// Writes records, idempotently and acknowledged by all replicas unless its settings say otherwise.
///
/// Any thread may use it. Records are queued and sent in the background; acknowledgements are taken in by the threads
/// that call ``produce(to:partition:key:value:headers:timestamp:token:)``, ``flush(timeout:)``, ``poll(timeout:)`` or
/// ``commit(timeout:)``, so there is no thread of its own to wake. Nothing is known to be written before
/// ``flush(timeout:)`` or ``commit(timeout:)`` has returned (or a token's delivery was reported): what is still queued
/// when the last reference goes is dropped.
public final class Producer: Sendable {
    let client: Client
    let context: DeliveryContext
    let inTransaction = Atomic(false)
    private let topics: Topics
    private let produced = Atomic<UInt64>(0)
    /// Owners of values that are not copied: librdkafka may read them for as long as there is a client, so they end behind it.
    private let owners = Mutex<[Owner]>([])

    private struct Owner: @unchecked Sendable {
        // Never touched, only kept.
        let object: AnyObject
    }
    private let patience: Duration

    static let defaults: Settings = [
        "enable.idempotence": "true", "partitioner": partitioner, "transaction.timeout.ms": "10000",
    ]

    /// Java's default. Writers that disagree would scatter a key over partitions.
    private static let partitioner = "murmur2_random"

    /// Creates a producer; with `transactional.id` set, a transactional one. `queuePatience` is how long a full queue
    /// (`queue.buffering.max.messages`, `.kbytes`) is waited for. `onDelivery` hears of each record that was given a
    /// token, on the thread that takes the acknowledgement in.
    public init(
        _ settings: Settings, log: Logger, queuePatience: Duration = .seconds(60),
        onDelivery: (@Sendable (Delivery) -> Void)? = nil
    ) throws(KafkaError) {
        if let other = settings["partitioner"], other != Self.partitioner {
            throw KafkaError(
                .invalidArgument, operation: "create producer",
                message: "partitioner is \(other): every producer must use \(Self.partitioner)")
        }
        context = DeliveryContext(log: log, onDelivery: onDelivery)
        client = try Client(
            RD_KAFKA_PRODUCER, Self.defaults.merging(settings), context, prepare: DeliveryContext.installDelivery)
        topics = Topics(client)
        patience = queuePatience
    }

    /// Queues a record; its bytes are copied.
    ///
    /// - Parameters:
    ///   - partition: nil lets the key decide (``Partitioner``).
    ///   - key: nil for none.
    ///   - value: nil writes a tombstone, which deletes the key from a compacted topic.
    ///   - timestamp: Milliseconds since 1970-01-01 UTC; nil takes the present.
    ///   - token: Handed to `onDelivery`; 0 if nobody asks.
    ///
    /// A full queue is waited for; then the error is retriable. In a transaction that has failed already the error is
    /// ``KafkaError/Verdict/abortable``.
    public func produce(
        to topic: String, partition: Int32? = nil, key: RawSpan? = nil, value: RawSpan?,
        headers: consuming Headers? = nil, timestamp: Int64? = nil, token: UInt64 = 0
    ) throws(KafkaError) {
        try produce(
            to: topic, partition, key, value, RD_KAFKA_MSG_F_COPY, headers, timestamp: timestamp, token: token)
    }

    /// Queues a record whose value is not copied: it must stay as it is until the transaction has ended, committed or
    /// aborted. The owner of its memory is kept for as long as the producer: take few, and use them again.
    package func produce(
        to topic: String, partition: Int32?, key: UnsafeRawBufferPointer, lasting value: UnsafeRawBufferPointer?,
        of owner: AnyObject, headers: consuming Headers?
    ) throws(KafkaError) {
        owners.withLock { owners in
            if !owners.contains(where: { $0.object === owner }) { owners.append(Owner(object: owner)) }
        }
        try produce(to: topic, partition, key.bytes, value?.bytes, 0, headers, timestamp: nil, token: 0)
    }

    private func produce(
        to topic: String, _ partition: Int32?, _ key: RawSpan?, _ value: RawSpan?, _ flags: Int32,
        _ headers: consuming Headers?, timestamp: Int64?, token: UInt64
    ) throws(KafkaError) {
        let handle = try topics.handle(of: topic)
        let headers = headers?.take()
        do throws(KafkaError) {
            try withBytes(of: key) { key, keyCount throws(KafkaError) in
                try withBytes(of: value) { value, valueCount throws(KafkaError) in
                    var fields = [8 of rd_kafka_vu_t](repeating: rd_kafka_vu_t())
                    fields[0].set(topic: handle)
                    fields[1].set(partition: partition ?? RD_KAFKA_PARTITION_UA)
                    fields[2].set(RD_KAFKA_VTYPE_KEY, key, keyCount)
                    fields[3].set(RD_KAFKA_VTYPE_VALUE, value, valueCount)
                    fields[4].set(flags: flags)
                    fields[5].set(timestamp: timestamp ?? 0)
                    fields[6].set(token: token)
                    fields[7].set(headers: headers)
                    try enqueue(fields, topic, partition)
                }
            }
        } catch {
            // librdkafka owns the headers of accepted records only.
            if let headers { rd_kafka_headers_destroy(headers) }
            throw error
        }
    }

    /// Takes acknowledgements in, waiting up to `timeout` for the first.
    public func poll(timeout: Duration) { rd_kafka_poll(client.handle, timeout.milliseconds) }

    /// Waits until every record queued so far is delivered or has failed. Throws the first failure since the last
    /// flush, or a retriable error if the time was not enough: then records are still on their way.
    public func flush(timeout: Duration) throws(KafkaError) {
        let code = rd_kafka_flush(client.handle, timeout.milliseconds)
        if let fatal = KafkaError(fatalOf: client.handle, "flush") { throw fatal }
        try client.check(code, "flush")
        if let failure = context.takeFailure() { throw failure }
    }

    /// Sends what is queued without lingering, until all is acknowledged or the time is up. Another thread may go on with the
    /// transaction meanwhile; what fails shows when it is committed.
    public func hasten(timeout: Duration) { rd_kafka_flush(client.handle, timeout.milliseconds) }

    /// What was delivered since this was last called, by partition. An abort forgets what it undid.
    public func takeDelivered() -> [Delivered] { context.takeDelivered() }

    /// How many partitions a topic has now; nil when it isn't there. Brokers may create topics that are asked for: with
    /// `allow.auto.create.topics=false` they don't.
    public func partitionCount(of topic: String, timeout: Duration) throws(KafkaError) -> Int32? {
        var metadata: UnsafePointer<rd_kafka_metadata>?
        let code = rd_kafka_metadata(
            client.handle, 0, try topics.handle(of: topic), &metadata, timeout.milliseconds)
        try client.check(code, "count partitions")
        guard let metadata else { return nil }
        defer { rd_kafka_metadata_destroy(metadata) }
        guard metadata.pointee.topic_cnt > 0, metadata.pointee.topics[0].err == RD_KAFKA_RESP_ERR_NO_ERROR else {
            return nil
        }
        return metadata.pointee.topics[0].partition_cnt
    }

    /// How many records are not acknowledged yet.
    public var waiting: Int { Int(rd_kafka_outq_len(client.handle)) }

    private func enqueue(
        _ fields: borrowing [8 of rd_kafka_vu_t], _ topic: String, _ partition: Int32?
    ) throws(KafkaError) {
        // Acknowledgements are taken in as they come, or a full queue would never empty.
        let (_, count) = produced.wrappingAdd(1, ordering: .relaxed)
        if count & 63 == 0 { rd_kafka_poll(client.handle, 0) }
        var deadline: Deadline?
        while true {
            let result = fields.span.withUnsafeBufferPointer {
                rd_kafka_produceva(client.handle, $0.baseAddress, $0.count)
            }
            guard var error = KafkaError.take(result, "produce", client: client.handle) else { return }
            error.topic = topic
            error.partition = partition
            guard error.code == .queueFull else { throw spoiled(error) }
            let end = deadline ?? Deadline(after: patience)
            deadline = end
            guard !end.passed else { throw error }
            rd_kafka_poll(client.handle, end.milliseconds(atMost: 50))
        }
    }

    /// librdkafka refuses records with a mere `_STATE` once something of the transaction has failed.
    private func spoiled(_ error: KafkaError) -> KafkaError {
        guard error.code == .state, inTransaction.load(ordering: .relaxed) else { return error }
        return KafkaError(
            error.code, operation: error.operation, message: "the transaction has failed", verdict: .abortable,
            topic: error.topic, partition: error.partition)
    }
}

/// The topics written to so far. librdkafka would look each record's topic up by name.
private final class Topics: Sendable {
    private let client: Client
    private let state = Mutex(State())

    private struct State {
        var handles: [String: Handle] = [:]
        /// The one asked for last: runs of records go to one topic, and equal texts are mostly one text.
        var latest: (name: String, handle: Handle)?
    }

    private struct Handle: @unchecked Sendable {
        let pointer: OpaquePointer
    }

    init(_ client: Client) { self.client = client }

    deinit {
        state.withLock { for handle in $0.handles.values { rd_kafka_topic_destroy(handle.pointer) } }
    }

    func handle(of topic: String) throws(KafkaError) -> OpaquePointer {
        let known = state.withLock { state -> Handle? in
            if let latest = state.latest, latest.name == topic { return latest.handle }
            if let handle = state.handles[topic] {
                state.latest = (topic, handle)
                return handle
            }
            guard let pointer = rd_kafka_topic_new(client.handle, topic, nil) else { return nil }
            state.handles[topic] = Handle(pointer: pointer)
            return state.handles[topic]
        }
        guard let known else {
            var error = client.error(rd_kafka_last_error(), "produce")
            error.topic = topic
            throw error
        }
        return known.pointer
    }
}

extension rd_kafka_vu_t {
    fileprivate mutating func set(topic: OpaquePointer) {
        vtype = RD_KAFKA_VTYPE_RKT
        u.rkt = topic
    }

    fileprivate mutating func set(partition: Int32) {
        vtype = RD_KAFKA_VTYPE_PARTITION
        u.i32 = partition
    }

    fileprivate mutating func set(_ type: rd_kafka_vtype_t, _ start: UnsafeRawPointer?, _ count: Int) {
        vtype = type
        u.mem.ptr = UnsafeMutableRawPointer(mutating: start)
        u.mem.size = count
    }

    fileprivate mutating func set(flags: Int32) {
        vtype = RD_KAFKA_VTYPE_MSGFLAGS
        u.i = flags
    }

    fileprivate mutating func set(timestamp: Int64) {
        vtype = RD_KAFKA_VTYPE_TIMESTAMP
        u.i64 = timestamp
    }

    fileprivate mutating func set(token: UInt64) {
        vtype = RD_KAFKA_VTYPE_OPAQUE
        u.ptr = UnsafeMutableRawPointer(bitPattern: UInt(token))
    }

    fileprivate mutating func set(headers: OpaquePointer?) {
        vtype = RD_KAFKA_VTYPE_HEADERS
        u.headers = headers
    }
}
