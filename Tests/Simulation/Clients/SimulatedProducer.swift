package import Kafka

/// A transactional producer of a simulated process.
///
/// As librdkafka does it keeps a queue and sends when it likes, at the latest on commit; repeats what got no answer; and knows of
/// a fence only when it next talks to a broker.
package final class SimulatedProducer: TransactionalProducer {
    private struct Queued {
        let record: MadeRecord
        let log: PartitionLog
    }

    private let broker: SimulatedBroker
    private let process: SimulatedProcess
    private let name: String
    private var scheduler: Scheduler { broker.scheduler }
    private var coordinator: TransactionCoordinator { broker.transactions }
    private var session: (id: TransactionalID, epoch: Int32)?
    private var queue: [Queued] = []
    private var isOpen = false
    /// What spoilt the open transaction.
    private var failure: KafkaError?
    /// The broker has committed, and the answer was lost.
    private var isCommitted = false
    private var positions: [TopicPartitionOffset] = []
    private var tallies: [TopicPartition: (count: Int, highest: Int64?, isExact: Bool, time: Int64)] = [:]
    /// Whose positions it commits: told when they count.
    package weak var consumer: SimulatedConsumer?

    package init(_ broker: SimulatedBroker, _ process: SimulatedProcess, transactionalID: String) {
        self.broker = broker
        self.process = process
        name = transactionalID
    }

    // MARK: Transactions

    package func initTransactions(timeout: Duration) throws(KafkaError) {
        try call("initialise transactions") { () throws(KafkaError) in session = coordinator.initialise(name) }
    }

    package func begin() throws(KafkaError) {
        try scheduler.point(process, "begin transaction")
        guard session != nil, !isOpen else { throw KafkaError(.state, operation: "begin transaction") }
        (isOpen, failure, isCommitted) = (true, nil, false)
        (queue, positions) = ([], [])
        tallies = [:]
    }

    package func produce(
        to topic: String, partition: Int32?, key: RawSpan?, value: RawSpan?, headers: consuming Headers?,
        timestamp: Int64?, token: UInt64
    ) throws(KafkaError) {
        try scheduler.point(process, "produce to \(topic)")
        guard isOpen else { throw KafkaError(.state, operation: "produce") }
        if let failure {
            let verdict: KafkaError.Verdict = failure.isFatal ? failure.verdict : .abortable
            throw KafkaError(.state, operation: "produce", message: "the transaction has failed", verdict: verdict)
        }
        let record = MadeRecord(
            at: TopicPartitionOffset(topic, partition ?? -1, -1), timestamp: nil, key: key, value: value,
            headers: headers)
        guard let log = broker.place(topic, partition, record.key) else {
            throw KafkaError(.unknownTopicOrPartition, operation: "produce", topic: topic)
        }
        queue.append(Queued(record: record, log: log))
        if scheduler.random.one(in: 8) { send(scheduler.random.within(1...queue.count)) }
    }

    /// Sends some of what is queued; the first failure spoils the transaction.
    private func send(_ count: Int) {
        guard let session, failure == nil else { return }
        for queued in queue.prefix(count) {
            if coordinator.isFenced(session.id, session.epoch) { return failure = fenced("produce") }
            if scheduler.fails(scheduler.profile.faults / 20) {
                return failure = KafkaError(.messageTimedOut, operation: "deliver record", verdict: .abortable)
            }
            if broker.refusing.contains(queued.log.place.topic) {
                scheduler.trace.count("refused", process.name, queued.log.place.topic)
                return failure = KafkaError(.messageTooLarge, operation: "deliver record", verdict: .abortable)
            }
            coordinator.join(session.id, queued.log)
            let offset = queued.log.append(queued.record, at: broker.now, inTransactionOf: session.id.producer)
            tally(queued.log.place, offset)
        }
        queue.removeFirst(min(count, queue.count))
    }

    private func tally(_ place: TopicPartition, _ offset: Int64) {
        var tally = tallies[place] ?? (0, nil, true, 0)
        tally.count += 1
        tally.time = broker.now
        // A repetition is acknowledged without its offset.
        if scheduler.fails(scheduler.profile.faults / 4) { tally.isExact = false } else { tally.highest = offset }
        tallies[place] = tally
    }

    package func sendOffsets(
        _ positions: [TopicPartitionOffset], group: borrowing ConsumerGroupMetadata, timeout: Duration
    ) throws(KafkaError) {
        let membership = group.membership
        try call("send offsets \(positions.map(\.description).joined(separator: " "))") { () throws(KafkaError) in
            guard isOpen, let session, let membership else { throw KafkaError(.state, operation: "send offsets") }
            if coordinator.isFenced(session.id, session.epoch) { throw fenced("send offsets to transaction") }
            let group = broker.group(membership.group)
            if let code = group.refusal(of: membership) {
                scheduler.trace.count("offsets refused", process.name, code.name)
                throw KafkaError(code, operation: "send offsets to transaction", verdict: .abortable)
            }
            coordinator.join(session.id, group)
            group.add(positions, of: session.id.producer, since: consumer?.since ?? [:])
            self.positions = positions
        }
    }

    package func commit(timeout: Duration) throws(KafkaError) {
        try call("commit transaction") { () throws(KafkaError) in
            guard isOpen || isCommitted, let session else { throw KafkaError(.state, operation: "commit transaction") }
            if isCommitted { return }
            send(queue.count)
            if let failure { throw failure }
            if coordinator.isFenced(session.id, session.epoch) { throw fenced("commit transaction") }
            coordinator.end(session.id, commit: true, by: process)
            (isOpen, isCommitted) = (false, true)
            consumer?.moved(to: positions)
        }
        isCommitted = false
    }

    package func abort(timeout: Duration) throws(KafkaError) {
        try call("abort transaction") { () throws(KafkaError) in
            guard isOpen, let session else { throw KafkaError(.state, operation: "abort transaction") }
            if coordinator.isFenced(session.id, session.epoch) { throw fenced("abort transaction") }
            queue = []
            coordinator.end(session.id, commit: false, by: process)
            isOpen = false
        }
        (failure, tallies) = (nil, [:])
    }

    /// A request that may get lost before the broker has it, or whose answer may. A call that is repeated goes on.
    private func call(_ what: String, _ effect: () throws(KafkaError) -> Void) throws(KafkaError) {
        try scheduler.point(process, what)
        if scheduler.fails(scheduler.profile.faults) { throw KafkaError(.timedOut, operation: what) }
        try effect()
        let isLost = scheduler.fails(scheduler.profile.faults)
        try scheduler.point(process, "\(what): done")
        if isLost, isCommitted { scheduler.trace.count("commit's answer lost", process.name) }
        if isLost, isCommitted || what.hasPrefix("send") || what.hasPrefix("init") {
            throw KafkaError(.timedOut, operation: what)
        }
    }

    private func fenced(_ what: String) -> KafkaError {
        scheduler.trace.count("fenced", process.name, what)
        return KafkaError(
            .producerFenced, operation: what, message: "\(name) is another process's now", verdict: .fenced)
    }

    package func hasten(timeout: Duration) { send(queue.count) }

    package func takeDelivered() -> [Delivered] {
        defer { tallies = [:] }
        return tallies.sorted { $0.key < $1.key }.map { place, tally in
            Delivered(
                partition: place, count: tally.count, highestOffset: tally.highest, isExact: tally.isExact,
                appended: tally.time)
        }
    }

    // MARK: Offsets

    package func watermarks(
        of partitions: [TopicPartition], timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: Watermarks] {
        try scheduler.point(process, "read watermarks")
        return broker.watermarks(partitions, stable: true)
    }

    package func offsets(
        from times: [TopicPartition: Int64], timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: Int64] {
        try scheduler.point(process, "find offsets by time")
        var offsets: [TopicPartition: Int64] = [:]
        for (place, time) in times { offsets[place] = broker.log(place)?.offset(from: time) }
        return offsets
    }

    package func partitionCount(of topic: String, timeout: Duration) throws(KafkaError) -> Int32? {
        let count = broker.logs(of: topic).count
        return count == 0 ? nil : Int32(count)
    }

    package func ends(
        of partitions: [TopicPartition], timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: Int64] {
        try watermarks(of: partitions, timeout: timeout).mapValues(\.high)
    }

    // MARK: The end

    /// What a killed process had on its way may still arrive.
    package func leaveInFlight() {
        guard let session, isOpen, !queue.isEmpty else { return }
        let left = queue.prefix(scheduler.random.below(queue.count + 1))
        scheduler.after(scheduler.random.below(2_000)) { [coordinator, broker] in
            for queued in left {
                // Only into the transaction that the partition had joined.
                guard session.id.phase == .open, session.id.epoch == session.epoch,
                    session.id.logs.contains(where: { $0 === queued.log })
                else { continue }
                coordinator.join(session.id, queued.log)
                _ = queued.log.append(queued.record, at: broker.now, inTransactionOf: session.id.producer)
            }
        }
    }
}
