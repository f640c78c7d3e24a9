import Canonical
import Consistency
import Kafka
import Logging

// Partitions come and go, as the group deals them out.
extension TransactionLoop {
    func take(_ partitions: [TopicPartition]) throws -> [TopicPartitionOffset] {
        // Producers place keys by the new number, intake checks them by the old one: each stray would be written again for ever.
        for place in partitions where place.partition >= partitionCounts[place.topic] ?? .max {
            try checkSpread(of: place.topic)
            throw HubError.respread(
                place.topic, place.partition + 1, before: partitionCounts[place.topic] ?? 0, isInput: true)
        }
        finish()
        log.info("partitions come", metadata: ["partitions": "\(partitions.map(\.description).joined(separator: " "))"])
        let owned = partitions.compactMap { place in
            domains[place.topic].map { (place, DomainPartition($0, place.partition)) }
        }
        taking(owned.map(\.1))
        // The order matters: committed offsets that are stable first, then the broker's time, then the changelog's end.
        let stable = try stableOffsets(partitions)
        if let first = owned.first { _ = try hearBroker(first.1) }
        try restore.run(owned.map(\.1), now: clock.time(clocks.now()).tick, until: isStopping)
        for (place, partition) in owned { try checkKeys(of: partition, place) }
        var starts: [TopicPartitionOffset] = []
        for (place, partition) in owned {
            let start = try beginning(place, partition, committed: stable[place])
            if partition.domain == "stock" { try setTimers(partition) }
            committed[place] = start
            reached[place] = start
            starts.append(place.at(start))
            try recall(partition)
        }
        looks.hurry()
        tellOwnership()
        return starts
    }

    /// Expiry times are derived from the state, so they come with it.
    private func setTimers(_ partition: DomainPartition) throws {
        var failure: StateError?
        try store.scan(partition) { key, state in
            do throws(StateError) {
                if let time = try Engine.nextDue(Array(state)) {
                    timers.set(partition, String(decoding: key, as: UTF8.self), time)
                }
            } catch {
                failure = error
            }
            return failure == nil
        }
        if let failure { throw failure }
    }

    /// The group's offsets, waited for while an open transaction holds them: unknown is not "none".
    private func stableOffsets(_ partitions: [TopicPartition]) throws -> [TopicPartition: Int64] {
        try insist("the group's offsets") { timeout throws(KafkaError) in
            try consumer.committed(partitions, timeout: timeout)
        }
    }

    /// The group moves partitions: what is on its way is finished first. Its failure is dealt with after the poll.
    private func finish() {
        guard case .failed(let error) = settle() else { return }
        hookFailure = error
        // What comes next in the hook needs a producer that is in order.
        do { try abort() } catch { hookFailure = error }
    }

    /// They belong to others by now: what waits for company may be decided by them already.
    func lose(_ partitions: [TopicPartition]) {
        if company.isAwaited {
            company.end()
            turn.reset()
            // Of what stays, it is read again.
            hookFailure = KafkaError(
                .state, operation: "decide", message: "the group has dealt the partitions out anew",
                verdict: .abortable)
        }
        giveBack(partitions)
    }

    func giveBack(_ partitions: [TopicPartition]) {
        finish()
        log.info("partitions go", metadata: ["partitions": "\(partitions.map(\.description).joined(separator: " "))"])
        for place in partitions {
            committed[place] = nil
            reached[place] = nil
            guard let domain = domains[place.topic] else { continue }
            let partition = DomainPartition(domain, place.partition)
            timers.drop(partition)
            waiting.drop(partition)
            settlement.drop(partition)
            inputMarks.drop(partition)
            outputMarks.drop(partition)
            epochs[partition] = nil
            newEpochs[partition] = nil
        }
        tellOwnership()
    }

    private func tellOwnership() {
        ownership(
            Set(
                committed.keys.compactMap { place in
                    domains[place.topic].map { DomainPartition($0, place.partition) }
                }))
    }
}
