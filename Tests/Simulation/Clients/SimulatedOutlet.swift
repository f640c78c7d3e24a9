package import Kafka

/// A record on its way into a topic.
package struct OutgoingRecord {
    package var topic: String
    package var key: String?
    package var value: [UInt8]?
    package var headers: [(name: String, text: String)]
    package var partition: Int32?

    package init(
        topic: String, key: String?, value: [UInt8]?, headers: [(name: String, text: String)] = [],
        partition: Int32? = nil
    ) {
        self.topic = topic
        self.key = key
        self.value = value
        self.headers = headers
        self.partition = partition
    }

    /// The record, without a place yet.
    var made: MadeRecord {
        let place = TopicPartitionOffset(topic, partition ?? -1, -1)
        let headers = headers.isEmpty ? nil : Headers(headers)
        let key = key.map { Array($0.utf8) }
        switch (key, value) {
        case (let key?, let value?):
            return MadeRecord(
                at: place, timestamp: nil, key: key.span.bytes, value: value.span.bytes, headers: headers)
        case (let key?, nil):
            return MadeRecord(at: place, timestamp: nil, key: key.span.bytes, value: nil, headers: headers)
        case (nil, let value?):
            return MadeRecord(at: place, timestamp: nil, key: nil, value: value.span.bytes, headers: headers)
        case (nil, nil): return MadeRecord(at: place, timestamp: nil, key: nil, value: nil, headers: headers)
        }
    }
}

/// An idempotent producer without transactions, of a simulated process: what it is given arrives in order, each at most once,
/// and what it says has failed may have arrived.
package final class SimulatedOutlet {
    private let broker: SimulatedBroker
    private let process: SimulatedProcess
    private var queue: [OutgoingRecord] = []
    private var scheduler: Scheduler { broker.scheduler }

    package init(_ broker: SimulatedBroker, _ process: SimulatedProcess) {
        self.broker = broker
        self.process = process
    }

    package func produce(_ record: OutgoingRecord) throws(KafkaError) {
        try scheduler.point(process, "produce to \(record.topic)")
        queue.append(record)
        if scheduler.random.one(in: 4) { send(scheduler.random.within(1...queue.count)) }
    }

    /// Waits for all acknowledgements.
    package func flush() throws(KafkaError) {
        try scheduler.point(process, "flush")
        let isLost = scheduler.fails(scheduler.profile.faults)
        send(isLost ? scheduler.random.below(queue.count + 1) : queue.count)
        queue = []
        try scheduler.point(process, "flushed")
        if isLost { throw KafkaError(.timedOut, operation: "flush") }
    }

    private func send(_ count: Int) {
        for record in queue.prefix(count) { broker.append(record) }
        queue.removeFirst(count)
    }

    /// What a killed process had on its way may still arrive, but not for long.
    package func leaveInFlight() { if !queue.isEmpty { send(scheduler.random.below(queue.count + 1)) } }
}

extension SimulatedBroker {
    /// Appends a record of no transaction.
    package func append(_ record: OutgoingRecord) {
        let made = record.made
        guard let log = place(record.topic, record.partition, made.key) else { return }
        _ = log.append(made, at: now, inTransactionOf: nil)
    }
}
