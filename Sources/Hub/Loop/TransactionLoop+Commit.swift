import Canonical
import Consistency
import Kafka
import Logging

// From a decided turn to a committed one, and back to the last commit where that fails (I4).
extension TransactionLoop {
    /// Completes the turn, waits for the one before it, and lets this one be committed.
    func handOver() throws {
        company.end()
        let overlay = turn.overlay
        for place in turn.positions {
            guard let domain = domains[place.partition.topic] else { continue }
            let partition = DomainPartition(domain, place.partition.partition)
            let mirror = Mirror(inputOffset: place.offset, tick: turn.now, mark: inputMarks[partition])
            overlay.put(partition, Mirror.key, mirror.bytes)
            if settlement.unnoted.contains(partition) {
                overlay.put(partition, Note.settled, settlement.digest(of: partition))
            }
            if let epoch = newEpochs[partition] { overlay.put(partition, Note.epoch, Epoch(epoch).bytes) }
        }
        turn.group = consumer.groupMetadata()
        try collected()
        swap(&turn, &underWay)
        for place in underWay.positions { reached[place.partition] = place.offset }
        let handover = Handover(commits, underWay, insistence)
        outcome = handover
        courier.carry(handover)
        if courier.isImmediate { try collected() }
    }

    /// Hands over what waits for company, and waits until nothing is on its way.
    func settle() -> Collected {
        guard company.isAwaited else { return collect() }
        do {
            try handOver()
            return collect()
        } catch {
            return .failed(error)
        }
    }

    /// The same; throws why it has failed, if so.
    func settled() throws {
        if case .failed(let error) = settle() { throw error }
    }

    /// Waits for the turn on its way, and throws why it has failed, if so.
    func collected() throws {
        if case .failed(let error) = collect() { throw error }
    }

    /// Waits for the turn on its way, and takes over what became of it.
    func collect() -> Collected {
        guard let handover = outcome else { return .done }
        courier.wait()
        outcome = nil
        let found = handover.outcome
        if let began = underWay.began { hear(found.deliveries, from: began) }
        if found.isCommitted {
            note(found.deliveries)
            for place in underWay.positions where committed[place.partition] != nil {
                committed[place.partition] = place.offset
            }
            let overlay = underWay.overlay
            for partition in overlay.partitions {
                settlement.noted(partition)
                if let epoch = newEpochs.removeValue(forKey: partition) { epochs[partition] = epoch }
            }
            for entry in overlay.entries {
                guard let due = entry.due else { continue }
                timers.set(
                    overlay.partitions[Int(entry.partition)], String(decoding: entry.key, as: UTF8.self),
                    due.isKnown ? due : nil)
            }
        }
        if let error = found.error {
            isStoreBehind = isStoreBehind || found.isCommitted
            return .failed(error)
        }
        underWay.reset()
        return .done
    }

    /// After an abort: everything decided on the overlay is dropped, and the partitions are read again from where the
    /// last commit left them (I4).
    func rewind() throws {
        // The error may have come while another turn was on its way: that one may be committed yet.
        if case .failed(let error) = collect() {
            // What waiting and reading again can't mend is for a new process.
            if (error as? StoreError)?.isCorruption ?? !(error is KafkaError) { throw error }
            log.warning("dropped, too", metadata: ["error": "\(error)"])
        }
        // Until that has ended, the producer may read what the turns hold.
        try abort()
        company.end()
        turn.reset()
        underWay.reset()
        reached = committed
        let places = consumer.partitions.compactMap { partition in committed[partition].map { partition.at($0) } }
        try consumer.seek(to: places, timeout: .seconds(30))
    }

    func abort() throws {
        do {
            try insist("an abort") { timeout throws(KafkaError) in try producer.abort(timeout: timeout) }
        } catch let error as KafkaError where error.code == .state {
            // No transaction was open: the failure came before it began.
        }
    }

    /// A commit that the store missed is in the changelog: reads it from there, once the disk allows.
    func mendStore() throws {
        let owned = committed.keys.compactMap { place in
            domains[place.topic].map { DomainPartition($0, place.partition) }
        }
        try restore.run(owned, now: clock.time(clocks.now()).tick, until: isStopping)
        isStoreBehind = false
    }
}
