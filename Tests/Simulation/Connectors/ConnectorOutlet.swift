import Connector
package import Kafka

/// A connector's producer: idempotent, not transactional.
///
/// As librdkafka does it keeps a queue for each partition, sends when it likes and in order, and repeats what got no answer.
/// Acknowledgements are taken in by who polls.
package final class ConnectorOutlet: Outlet, @unchecked Sendable {
    // Unchecked: a simulation has one thread.
    private struct Queued {
        let record: MadeRecord
        let token: UInt64
    }

    private let broker: SimulatedBroker
    private let process: SimulatedProcess
    private let flaw: HouseFlaw?
    private let onDelivery: (Delivery) -> Void
    private var scheduler: Scheduler { broker.scheduler }
    private var queues: [TopicPartition: [Queued]] = [:]
    private var isSending: Set<TopicPartition> = []
    private var acknowledged: [Delivery] = []
    /// Who wait for acknowledgements.
    private var waiting: [SimulatedThread] = []

    package init(
        _ broker: SimulatedBroker, _ process: SimulatedProcess, flaw: HouseFlaw? = nil,
        _ onDelivery: @escaping (Delivery) -> Void
    ) {
        self.flaw = flaw
        self.broker = broker
        self.process = process
        self.onDelivery = onDelivery
    }

    package func produce(
        to topic: String, partition: Int32?, key: RawSpan?, value: RawSpan?, headers: consuming Headers?,
        timestamp: Int64?, token: UInt64
    ) throws(KafkaError) {
        try scheduler.point(process, "produce to \(topic)")
        if scheduler.fails(scheduler.profile.faults / 20) { throw KafkaError(.queueFull, operation: "produce") }
        let record = MadeRecord(
            at: TopicPartitionOffset(topic, partition ?? -1, -1), timestamp: nil, key: key, value: value,
            headers: headers)
        guard let log = broker.place(topic, partition, record.key) else {
            throw KafkaError(.unknownTopicOrPartition, operation: "produce", topic: topic)
        }
        queues[log.place, default: []].append(Queued(record: record, token: token))
        guard isSending.insert(log.place).inserted else { return }
        sendLater(log)
    }

    // MARK: On its way

    private func sendLater(_ log: PartitionLog) {
        // Now and then the partition's leader is away.
        let isAway = scheduler.fails(scheduler.profile.faults)
        let delay = isAway ? scheduler.random.pick([100, 3_000, 14_000]) : scheduler.random.below(4)
        scheduler.after(delay) { [self] in send(log) }
    }

    private func send(_ log: PartitionLog) {
        guard !process.isDead, var queue = queues[log.place] else { return }
        if process.isFrozen { return scheduler.after(1_000) { [self] in send(log) } }
        let count = scheduler.random.within(1...queue.count)
        if flaw == .overtaking, queue.count > 1, scheduler.random.one(in: 3) { queue.swapAt(0, queue.count - 1) }
        for queued in queue.prefix(count) {
            let offset = log.append(queued.record, at: broker.now, inTransactionOf: nil)
            acknowledge(Delivery(token: queued.token, place: log.place.at(offset), error: nil))
        }
        queue.removeFirst(count)
        queues[log.place] = queue.isEmpty ? nil : queue
        if queue.isEmpty { isSending.remove(log.place) } else { sendLater(log) }
    }

    private func acknowledge(_ delivery: Delivery) {
        scheduler.after(scheduler.random.below(3)) { [self] in
            acknowledged.append(delivery)
            for thread in waiting { thread.wakes = scheduler.clock.now }
            waiting = []
        }
    }

    // MARK: Taking in

    package func poll(timeout: Duration) {
        let deliveries = acknowledged
        acknowledged = []
        for delivery in deliveries { onDelivery(delivery) }
    }

    /// This thread is not stepped before something is acknowledged.
    package func await(_ thread: SimulatedThread) {
        guard acknowledged.isEmpty else { return }
        thread.wakes = scheduler.clock.now + 1_000
        waiting.append(thread)
    }

    package func flush(timeout: Duration) throws(KafkaError) { poll(timeout: timeout) }

    /// What a killed process had on its way may still arrive, in the order of each partition.
    package func leaveInFlight() {
        for place in queues.keys.sorted() {
            guard let log = broker.log(place), let queue = queues[place] else { continue }
            let left = Array(queue.prefix(scheduler.random.below(queue.count + 1)))
            scheduler.after(scheduler.random.below(2_000)) { [broker] in
                for queued in left { _ = log.append(queued.record, at: broker.now, inTransactionOf: nil) }
            }
        }
        queues = [:]
    }
}
