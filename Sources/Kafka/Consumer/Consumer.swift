import CRdKafka
public import Logging

/// Reads topics, as a member of a group (``subscribe(to:hooks:)``) or by itself (``assign(_:)``).
///
/// One thread owns a consumer: polls, seeks, assignments and commits share it, which is what keeps librdkafka's batch
/// reads in order. There is no pause: stop polling, and `queued.max.messages.kbytes` bounds what is fetched ahead.
///
/// By default nothing is committed unless ``commit(_:wait:)`` or a transaction does, only committed records are read,
/// and a start offset that is gone is an error (`auto.offset.reset=error`).
public final class Consumer {
    let client: Client
    let assignment: Assignment
    private let context: ConsumerContext
    private let queue: OpaquePointer
    private let startsAtBeginning: Bool
    /// Whether its place in the group has a name (`group.instance.id`), which outlives its processes.
    let isStatic: Bool
    /// Whether the group hands out what it reads.
    private(set) var isMember = false
    private var hooks = RebalanceHooks()
    private var buffer: UnsafeMutableBufferPointer<UnsafeMutablePointer<rd_kafka_message_t>?>
    private var reminder: FetchReminder
    private var lending = false
    private var closed = false
    /// An error that came with records: they are handed out first.
    private var pending: KafkaError?
    /// A hook's error: the partitions are in a state their owner does not want.
    private var broken: (any Error)?

    static let defaults: Settings = [
        "enable.auto.commit": "false", "enable.auto.offset.store": "false", "isolation.level": "read_committed",
        "auto.offset.reset": "error",
    ]

    /// Creates a consumer. `group.id` must be set, even if partitions are assigned by hand: librdkafka keeps
    /// assignments in the group's state. Nothing is sent before it subscribes or assigns.
    public init(_ settings: Settings, log: Logger) throws(KafkaError) {
        guard settings["group.id"]?.isEmpty == false else {
            throw KafkaError(.invalidArgument, operation: "create consumer", message: "group.id is not set")
        }
        context = ConsumerContext(log: log)
        let settings = Self.defaults.merging(settings)
        reminder = FetchReminder(settings)
        isStatic = settings["group.instance.id"] != nil
        startsAtBeginning = ["earliest", "beginning", "smallest"].contains(settings["auto.offset.reset"])
        client = try Client(
            RD_KAFKA_CONSUMER, settings, context,
            destroyFlags: RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE, prepare: ConsumerContext.installRebalance)
        _ = rd_kafka_poll_set_consumer(client.handle)
        queue = rd_kafka_queue_get_consumer(client.handle)
        context.queue = queue
        assignment = Assignment(handle: client.handle)
        buffer = .allocate(capacity: 0)
    }

    deinit {
        if !closed {
            // Leaves the group politely, but runs no hook: their owner may be half gone.
            context.answer = { [client] rebalance in
                if case .revoke(let partitions) = rebalance { _ = client.unassign(partitions) }
            }
            _ = rd_kafka_consumer_close(client.handle)
            context.answer = nil
        }
        rd_kafka_queue_destroy(queue)
        buffer.deallocate()
    }

    /// Joins the group with these topics; names that begin with `^` are regular expressions. Partitions come and go
    /// inside ``poll(max:timeout:_:)``.
    public func subscribe(to topics: [String], hooks: RebalanceHooks = RebalanceHooks()) throws(KafkaError) {
        self.hooks = hooks
        let code = PartitionList(topics.map { TopicPartition($0, -1) }).lend { rd_kafka_subscribe(client.handle, $0) }
        try client.check(code, "subscribe to \(topics.joined(separator: ", "))")
        isMember = true
    }

    /// Reads these partitions from these offsets, in place of all before, outside of any group's hand-outs.
    public func assign(_ places: [TopicPartitionOffset]) throws(KafkaError) {
        try client.check(PartitionList(places).lend { rd_kafka_assign(client.handle, $0) }, "assign")
        assignment.replace(with: places)
    }

    /// The partitions being read.
    public var partitions: [TopicPartition] { assignment.partitions }

    /// Lends what has arrived, at most `max` records. Waits up to `timeout` for the first one, then takes what is
    /// there. The batch is empty if nothing came; the closure runs in any case.
    ///
    /// Throws a ``KafkaError`` for what a partition or the group reports, after the records that came before it were
    /// handed out. A retriable one is mended by polling on. If the closure throws, the positions have moved all the
    /// same: seek back, or its records are passed over.
    public func poll<Result>(
        max: Int = 1_000, timeout: Duration, _ body: (borrowing Batch) throws -> Result
    ) throws -> Result {
        precondition(!lending, "a batch is still lent: poll again after its closure has returned")
        lending = true
        defer { lending = false }
        return try body(read(max: max, timeout: timeout))
    }

    /// Leaves the group; the hooks for what is still assigned run first. Offsets are not committed.
    public func close() throws {
        guard !closed else { return }
        try leave()
    }

    private func leave() throws {
        closed = true
        context.answer = { [unowned self] rebalance in
            do { try apply(rebalance) } catch { broken = broken ?? error }
        }
        defer {
            context.answer = nil
            // They often hold their consumer.
            hooks = RebalanceHooks()
        }
        let code = rd_kafka_consumer_close(client.handle)
        assignment.replace(with: [])
        if let broken { throw broken }
        try client.check(code, "close consumer")
    }
}

// MARK: - One poll

extension Consumer {
    private func read(max: Int, timeout: Duration) throws -> Batch {
        if let broken { throw broken }
        if closed { throw KafkaError(.state, operation: "poll", message: "the consumer is closed") }
        if let error = pending {
            pending = nil
            throw error
        }
        if buffer.count < max {
            buffer.deallocate()
            buffer = .allocate(capacity: max)
        }
        assignment.mark()
        let count = fill(max: max, timeout: timeout)
        // Only where more waits: who reads as it comes needs no reminding.
        if count == max, reminder.isDue(after: bytes(of: count)) { remind() }
        let raised = context.takeRaised()
        if raised.isEmpty {
            // A member that was fenced is told so once, by a callback; after that it would be idle for ever.
            if count == 0, let fatal = KafkaError(fatalOf: client.handle, "poll") { throw fatal }
            return try sort(count: count)
        }
        // The group moves partitions. What was read in the same moment is not handed out.
        for message in buffer.prefix(count) {
            if pending == nil, let message { pending = failure(in: message) }
            rd_kafka_message_destroy(message)
        }
        do {
            try answer(raised)
        } catch {
            broken = Self.beyondRepair(error)
            throw broken!
        }
        return Batch(buffer.baseAddress!, count: 0, ends: [], assignment: assignment)
    }

    /// A member whose answer to its group failed is none that reads, whatever the cause, and however passing: who polls again must
    /// not take it for one.
    private static func beyondRepair(_ error: any Error) -> any Error {
        guard let error = error as? KafkaError, !error.isFatal else { return error }
        return KafkaError(
            error.code, operation: error.operation, message: error.message, verdict: .fatal, topic: error.topic,
            partition: error.partition, offset: error.offset)
    }

    /// librdkafka's batch read waits until the batch is full or the time is up. So what is there is taken first; only if there is
    /// nothing, one record is waited for, and what came with it taken.
    private func fill(max: Int, timeout: Duration) -> Int {
        var count = consume(into: 0, max: max, milliseconds: 0)
        if count == 0, !context.hasRaised, timeout > .zero {
            count = consume(into: 0, max: 1, milliseconds: timeout.milliseconds)
            if count == 1, max > 1 { count += consume(into: 1, max: max - 1, milliseconds: 0) }
        }
        return count
    }

    private func bytes(of count: Int) -> Int {
        var bytes = 0
        for case let message? in buffer.prefix(count) { bytes += message.pointee.len + message.pointee.key_len }
        return bytes
    }

    /// Any question to the partitions' leaders has their threads look at the queue. The answer isn't waited for.
    private func remind() {
        let places = assignment.partitions.map { $0.at(Offset.end) }
        guard !places.isEmpty else { return }
        _ = PartitionList(places).lend { rd_kafka_offsets_for_times(client.handle, $0, 1) }
    }

    private func consume(into start: Int, max: Int, milliseconds: Int32) -> Int {
        // -1 stands for an argument that is not valid, which these are.
        Swift.max(0, rd_kafka_consume_batch_queue(queue, milliseconds, buffer.baseAddress! + start, max))
    }

    /// Answers the group, then reads again what stays from where it was handed out.
    ///
    /// A cooperative group leaves partitions with their member, but librdkafka pauses and resumes them meanwhile on
    /// its own thread. In 2.0 that may drop records a batch read has taken already and count them as consumed
    /// (librdkafka 4208), so its position is not to be relied on.
    private func answer(_ raised: [Rebalance]) throws {
        let staying = try assignment.rebalance {
            for rebalance in raised { try apply(rebalance) }
        }
        let timeout = Duration.seconds(30)
        try seek(to: staying.map { place throws(KafkaError) in try resolve(place, timeout: timeout) }, timeout: timeout)
    }

    /// A committed start as something to seek: the committed offset, or else what `auto.offset.reset` says.
    private func resolve(_ place: TopicPartitionOffset, timeout: Duration) throws(KafkaError) -> TopicPartitionOffset {
        guard place.offset == Offset.committed else { return place }
        let committed = try committed([place.partition], timeout: timeout)[place.partition]
        return place.partition.at(committed ?? (startsAtBeginning ? Offset.beginning : Offset.end))
    }

    private func apply(_ rebalance: Rebalance) throws {
        switch rebalance {
        case .assign(let partitions): try take(partitions)
        case .revoke(let partitions): try giveBack(partitions)
        case .failed(let error):
            _ = rd_kafka_assign(client.handle, nil)
            assignment.replace(with: [])
            throw error
        }
    }

    private func take(_ partitions: [TopicPartition]) throws {
        var places: [TopicPartitionOffset] = []
        var failure: (any Error)?
        do {
            let starts = Dictionary(try hooks.assigned(partitions).map { ($0.partition, $0.offset) }) { $1 }
            places = partitions.map { $0.at(starts[$0] ?? Offset.committed) }
        } catch {
            failure = error
        }
        // Answered in any case, or the group would wait for this member.
        let list = PartitionList(places)
        if client.isCooperative {
            try client.check(list.lend { rd_kafka_incremental_assign(client.handle, $0) }, "take partitions")
            assignment.add(places)
        } else {
            try client.check(list.lend { rd_kafka_assign(client.handle, $0) }, "take partitions")
            assignment.replace(with: places)
        }
        if let failure { throw failure }
    }

    private func giveBack(_ partitions: [TopicPartition]) throws {
        let lost = rd_kafka_assignment_lost(client.handle) != 0
        var failure: (any Error)?
        do {
            try lost ? hooks.lost(partitions) : hooks.revoked(partitions)
        } catch {
            failure = error
        }
        let refusal = client.unassign(partitions)
        assignment.remove(Set(partitions))
        if let failure { throw failure }
        if let refusal { throw refusal }
    }

    /// Keeps the records, at the front of the buffer; takes the events out.
    private func sort(count: Int) throws -> Batch {
        var (kept, ends, failure): (Int, [TopicPartitionOffset], KafkaError?) = (0, [], nil)
        for index in 0..<count {
            let message = buffer[index]!
            if message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR {
                buffer[kept] = message
                kept += 1
                continue
            }
            if message.pointee.err == RD_KAFKA_RESP_ERR__PARTITION_EOF {
                ends.append(place(of: message).at(message.pointee.offset))
            } else {
                failure = failure ?? self.failure(in: message)
            }
            rd_kafka_message_destroy(message)
        }
        let batch = Batch(buffer.baseAddress!, count: kept, ends: ends, assignment: assignment)
        if let failure {
            if kept == 0 { throw failure }
            pending = failure
        }
        return batch
    }

    private func place(of message: UnsafeMutablePointer<rd_kafka_message_t>) -> TopicPartition {
        let name = message.pointee.rkt.map { String(cString: rd_kafka_topic_name($0)) }
        return TopicPartition(name ?? "", message.pointee.partition)
    }

    /// What a partition or the group reports; nil for records and ends of partitions.
    private func failure(in message: UnsafeMutablePointer<rd_kafka_message_t>) -> KafkaError? {
        let quiet = [RD_KAFKA_RESP_ERR_NO_ERROR, RD_KAFKA_RESP_ERR__PARTITION_EOF]
        guard !quiet.contains(message.pointee.err) else { return nil }
        let text = rd_kafka_message_errstr(message).map { String(cString: $0) }
        var error = KafkaError(message.pointee.err, "poll", client: client.handle, message: text)
        if message.pointee.rkt != nil {
            let place = place(of: message)
            error.topic = place.topic
            if place.partition >= 0 { error.partition = place.partition }
            if message.pointee.offset >= 0 { error.offset = message.pointee.offset }
        }
        return error
    }
}

extension Client {
    /// True if the group moves single partitions instead of handing all out anew.
    var isCooperative: Bool { rd_kafka_rebalance_protocol(handle).map { String(cString: $0) } == "COOPERATIVE" }

    /// Gives partitions back to the group.
    func unassign(_ partitions: [TopicPartition]) -> KafkaError? {
        let operation = "give partitions back"
        guard isCooperative else {
            // Eager groups take everything.
            let code = rd_kafka_assign(handle, nil)
            return code == RD_KAFKA_RESP_ERR_NO_ERROR ? nil : error(code, operation)
        }
        let result = PartitionList(partitions).lend { rd_kafka_incremental_unassign(handle, $0) }
        return KafkaError.take(result, operation, client: handle)
    }
}
