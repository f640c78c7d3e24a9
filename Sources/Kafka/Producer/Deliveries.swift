import CRdKafka
import Logging
import Synchronization

/// What became of one record, told to whoever gave it a token.
public struct Delivery: Sendable {
    /// The token that was given to ``Producer/produce(to:partition:key:value:headers:timestamp:token:)``.
    public let token: UInt64
    /// Why it was not delivered; nil if it was.
    public let error: KafkaError?
    private let whereabouts: Whereabouts

    private enum Whereabouts {
        case known(TopicPartitionOffset)
        /// The topic handle's address, which the producer keeps: most who hear of a delivery don't ask for the name.
        case handle(UInt, partition: Int32, offset: Int64)
    }

    /// Where it was meant to go, and the offset it got: -1 if it failed, or if the broker acknowledged it only on a
    /// repetition and did not say. To be asked for while the producer lives.
    public var place: TopicPartitionOffset {
        switch whereabouts {
        case .known(let place): return place
        case .handle(let address, let partition, let offset):
            let name = rd_kafka_topic_name(OpaquePointer(bitPattern: address))
            return TopicPartition(name.map { String(cString: $0) } ?? "", partition).at(offset)
        }
    }

    package init(token: UInt64, place: TopicPartitionOffset, error: KafkaError?) {
        self.token = token
        self.error = error
        whereabouts = .known(place)
    }

    init(token: UInt64, topic: OpaquePointer, partition: Int32, offset: Int64, error: KafkaError?) {
        self.token = token
        self.error = error
        whereabouts = .handle(UInt(bitPattern: topic), partition: partition, offset: offset)
    }
}

/// What was delivered to one partition since it was last asked for.
public struct Delivered: Sendable, Hashable {
    /// The partition.
    public let partition: TopicPartition
    /// How many records.
    public let count: Int
    /// The highest offset among them; nil if none is known.
    public let highestOffset: Int64?
    /// False if an acknowledgement came without its offset, which happens when an idempotent producer had to repeat:
    /// records may then lie behind ``highestOffset``. Ask ``Admin/watermarks(of:timeout:)`` instead.
    public let isExact: Bool
    /// When the broker appended the latest of them, by its own clock: milliseconds since 1970-01-01 UTC. nil if its
    /// topic leaves the time to the producer (`message.timestamp.type` is not `LogAppendTime`).
    public let appended: Int64?

    package init(partition: TopicPartition, count: Int, highestOffset: Int64?, isExact: Bool, appended: Int64?) {
        self.partition = partition
        self.count = count
        self.highestOffset = highestOffset
        self.isExact = isExact
        self.appended = appended
    }
}

/// Collects delivery reports. librdkafka calls it on whichever thread polls the producer.
final class DeliveryContext: ClientContext, @unchecked Sendable {
    private struct Tally {
        /// The topic handle's address. The producer keeps the handles of topics it has written to.
        let topic: UInt
        let partition: Int32
        var count = 0
        var highest: Int64 = -1
        var isExact = true
        var appended: Int64?
    }

    private struct State {
        var tallies: [Tally] = []
        var latest = 0
        var failure: KafkaError?
    }

    private let state = Mutex(State())
    private let onDelivery: (@Sendable (Delivery) -> Void)?

    init(log: Logger, onDelivery: (@Sendable (Delivery) -> Void)?) {
        self.onDelivery = onDelivery
        super.init(log: log)
    }

    static func installDelivery(in configuration: OpaquePointer) {
        installErrors(in: configuration)
        rd_kafka_conf_set_dr_msg_cb(configuration) { _, message, opaque in
            guard let message else { return }
            ClientContext.of(opaque, as: DeliveryContext.self).report(message)
        }
    }

    private func report(_ pointer: UnsafePointer<rd_kafka_message_t>) {
        let message = pointer.pointee
        guard let topic = message.rkt else { return }
        if message.err == RD_KAFKA_RESP_ERR_NO_ERROR {
            let (address, partition, offset) = (UInt(bitPattern: topic), message.partition, message.offset)
            let appended = Self.appended(pointer)
            state.withLock { Self.count(&$0, address, partition, offset, appended) }
        } else {
            let error = Self.failure(message, topic)
            state.withLock { if $0.failure == nil { $0.failure = error } }
        }
        // Outside of the lock: the callback may produce.
        let token = UInt64(UInt(bitPattern: message._private))
        guard token != 0, let onDelivery else { return }
        let error = message.err == RD_KAFKA_RESP_ERR_NO_ERROR ? nil : Self.failure(message, topic)
        let offset = error == nil ? max(-1, message.offset) : -1
        onDelivery(
            Delivery(token: token, topic: topic, partition: message.partition, offset: offset, error: error))
    }

    /// By the message's own address: librdkafka keeps the time beside the message, not in it.
    private static func appended(_ message: UnsafePointer<rd_kafka_message_t>) -> Int64? {
        var kind = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
        let time = rd_kafka_message_timestamp(message, &kind)
        return kind == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME && time >= 0 ? time : nil
    }

    private static func failure(_ message: rd_kafka_message_t, _ topic: OpaquePointer) -> KafkaError {
        var error = KafkaError(message.err, "deliver record")
        error.topic = String(cString: rd_kafka_topic_name(topic))
        if message.partition >= 0 { error.partition = message.partition }
        return error
    }

    /// Reports come in runs of one partition, so the latest tally is mostly the right one.
    private static func count(
        _ state: inout State, _ topic: UInt, _ partition: Int32, _ offset: Int64, _ appended: Int64?
    ) {
        func isTally(_ index: Int) -> Bool {
            state.tallies[index].topic == topic && state.tallies[index].partition == partition
        }
        if state.latest >= state.tallies.count || !isTally(state.latest) {
            if let found = state.tallies.indices.first(where: isTally) {
                state.latest = found
            } else {
                state.tallies.append(Tally(topic: topic, partition: partition))
                state.latest = state.tallies.count - 1
            }
        }
        state.tallies[state.latest].count += 1
        if let appended { state.tallies[state.latest].appended = appended }
        if offset >= 0 {
            state.tallies[state.latest].highest = max(state.tallies[state.latest].highest, offset)
        } else {
            state.tallies[state.latest].isExact = false
        }
    }

    func takeDelivered() -> [Delivered] {
        let tallies = state.withLock { state in
            defer { (state.tallies, state.latest) = ([], 0) }
            return state.tallies
        }
        return tallies.map { tally in
            let topic = OpaquePointer(bitPattern: tally.topic)
            return Delivered(
                partition: TopicPartition(String(cString: rd_kafka_topic_name(topic)), tally.partition),
                count: tally.count, highestOffset: tally.highest < 0 ? nil : tally.highest, isExact: tally.isExact,
                appended: tally.appended)
        }
    }

    func takeFailure() -> KafkaError? {
        state.withLock { state in
            defer { state.failure = nil }
            return state.failure
        }
    }
}
