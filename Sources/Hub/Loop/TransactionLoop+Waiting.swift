import Canonical
import Consistency
import Document
import Kafka
import Logging

// Records of schema versions that this hub doesn't know yet: they wait by key, committed with everything else (I2, I4), and
// whatever comes for the same key waits behind them (I7). A hub that knows the version decides them when it starts.

extension TransactionLoop {
    /// - Parameter major: the version that isn't known; nil when it waits behind another one.
    func wait(
        _ record: borrowing Record, _ partition: DomainPartition, _ envelope: Envelope, major: Int?, _ now: Tick
    ) throws {
        guard let waiter = WaitingRecord(record), case let bytes = waiter.bytes, bytes.count <= outputs.largest else {
            return try refuse(
                record, partition.domain, "it has to wait for a newer hub, and is too large to be kept", now)
        }
        let key = envelope.subject
        let isFirst = !waiting.holds(partition, key)
        turn.overlay.begin()
        turn.overlay.put(partition, waiter.noteKey, bytes)
        waiting.add(partition, key)
        guard isFirst, let major else { return }
        waiting.block(partition, key)
        // Once an entity: what follows says nothing new.
        log.warning(
            "a record waits for a hub that knows its schema; update the hub",
            metadata: [
                "where": "\(record.topicPartition)@\(record.offset)", "type": "\(envelope.type)",
                "version": "\(major)", "waiting": "\(waiting.count)",
            ])
    }

    /// Decides a record that has waited, unless it must wait on.
    func decideWaiting(_ note: [UInt8], _ bytes: [UInt8], _ partition: DomainPartition, _ now: Tick) throws {
        let key = WaitingRecord.key(ofNote: note)
        waiting.look(partition, after: note)
        if waiting.isBlocked(partition, key) { return }
        guard let record = WaitingRecord(bytes) else {
            throw HubError("a waiting record of \(partition) can't be read; remove the local store, and start again")
        }
        let topic = TopicPartition(names.input(domain: partition.domain), partition.partition)
        let count = partitionCounts[topic.topic] ?? 1
        switch intake.check(record, partition: partition, partitions: count, tape: &tape) {
        case .early: return waiting.block(partition, key)
        case .refused(let reason): try refuse(record, topic, partition, reason, now)
        case .stray(let right):
            if let letter = letters.again(record, to: topic.topic, key: right) {
                turn.letters.append(letter)
            } else {
                try refuse(record, topic, partition, "under the wrong key, and too large to be written again", now)
            }
        case .event(let envelope):
            let event = Event(
                envelope, arrival: Tick(record.timestamp ?? now.milliseconds),
                origin: Origin(partition: partition.partition, offset: record.offset), data: tape.root)
            // It must lie there until the decision is noted.
            let trace = envelope.traceparent.map { turn.overlay.arena.copy($0) }
            for reason in try decide(event, partition, now, trace) { try refuse(record, topic, partition, reason, now) }
        }
        turn.overlay.begin()
        turn.overlay.put(partition, record.noteKey, nil)
        waiting.remove(partition, key)
    }

    private func refuse(
        _ record: WaitingRecord, _ topic: TopicPartition, _ partition: DomainPartition, _ reason: String, _ now: Tick
    ) throws {
        log.warning(
            "a record that has waited can't be used: dead letter",
            metadata: ["where": "\(topic)@\(record.offset)", "reason": "\(reason)"])
        turn.letters.append(try letters.deadLetter(record, of: topic, reason: reason))
        guard partition.domain == "stock", let envelope = try? record.envelope(),
            envelope.type == EventType.item("movement")
        else { return }
        try markIncomplete(partition, envelope.subject, now)
    }
}
