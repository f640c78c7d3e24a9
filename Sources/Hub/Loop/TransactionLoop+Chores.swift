import Canonical
import Consistency
import Kafka
import Logging

/// Work on states that no input asks for, in portions: one portion rides in one transaction, beside the input.
enum Chore {
    /// How many waiting records, or states that are settled or told again, one transaction takes besides its input.
    static let size = 200

    /// Records that have waited, with their notes.
    case waiting(DomainPartition, [(note: [UInt8], bytes: [UInt8])])
    /// States that may be settled by other rules; `isLast`: behind them there are none.
    case settling(DomainPartition, keys: [String], isLast: Bool)
    /// States that are told again, into a topic that was made anew.
    case telling(DomainPartition, keys: [String], isLast: Bool, topic: String)
    /// By which records the topics are known that a partition is told into.
    case noting(DomainPartition)

    var partition: DomainPartition {
        switch self {
        case .waiting(let partition, _), .settling(let partition, _, _), .telling(let partition, _, _, _),
            .noting(let partition):
            partition
        }
    }
}

extension TransactionLoop {
    var hasChores: Bool { !settlement.open.isEmpty || !waiting.unsettled.isEmpty || outputMarks.hasWork }

    /// What there is to do next, read from the store: within the poll, which may have brought or taken partitions.
    func chores() throws -> [Chore] {
        var chores: [Chore] = []
        for (partition, after) in waiting.unsettled {
            var found: [(note: [UInt8], bytes: [UInt8])] = []
            try store.scan(partition, keysFrom: Note.waiting, after: after) { key, value in
                found.append((Array(key), Array(value)))
                return found.count < Chore.size
            }
            if !found.isEmpty { chores.append(.waiting(partition, found)) }
        }
        // One partition at a time: what comes in must not wait for it.
        if let (partition, after) = settlement.open.min(by: { $0.key.description < $1.key.description }) {
            let (keys, isLast) = try states(of: partition, after: after)
            chores.append(.settling(partition, keys: keys, isLast: isLast))
        }
        if let (partition, topic, after) = outputMarks.next {
            let (keys, isLast) = try states(of: partition, after: after)
            chores.append(.telling(partition, keys: keys, isLast: isLast, topic: topic))
        }
        return chores + outputMarks.unnoted.map { .noting($0) }
    }

    /// The next states of a partition, and whether there are none behind them.
    private func states(of partition: DomainPartition, after: [UInt8]?) throws -> (keys: [String], isLast: Bool) {
        var keys: [String] = []
        var isLast = true
        try store.scan(partition, after: after) { key, _ in
            if Note.isNote(key) { return true }
            keys.append(String(decoding: key, as: UTF8.self))
            isLast = keys.count < Chore.size
            return isLast
        }
        return (keys, isLast)
    }

    func work(off chore: Chore, _ now: Tick) throws {
        switch chore {
        case .waiting(let partition, let found):
            for (note, bytes) in found { try decideWaiting(note, bytes, partition, now) }
        case .settling(let partition, let keys, let isLast):
            for key in keys {
                let excess = try change(partition, now, nil) { engine, state, effects in
                    try engine.settleAgain(
                        domain: partition.domain, key: key, state: &state, now: now, effects: &effects)
                }
                tell(excess, partition, "a state by the present rules")
            }
            if let last = keys.last { settlement.look(partition, after: Array(last.utf8)) }
            guard isLast else { return }
            turn.overlay.begin()
            turn.overlay.put(partition, Note.settled, settlement.digest(of: partition))
            settlement.close(partition)
            log.info("all states are settled by the present rules", metadata: ["partition": "\(partition)"])
        case .telling(let partition, let keys, let isLast, let topic):
            for key in keys { try tellAgain(key, partition, into: topic, now) }
            outputMarks.told(partition, into: topic, upTo: isLast ? nil : keys.last.map { Array($0.utf8) })
            guard isLast else { return }
            log.notice("all is told again", metadata: ["partition": "\(partition)", "topic": "\(topic)"])
        case .noting(let partition):
            turn.overlay.begin()
            turn.overlay.put(partition, Note.outputs, outputMarks.note(partition))
        }
    }

    private func tellAgain(_ key: String, _ partition: DomainPartition, into topic: String, _ now: Tick) throws {
        var failure: StoreError?
        let full = Array(key.utf8)
        let excess = try change(partition, now, nil, into: topic) { engine, state, effects in
            try engine.tellAgain(domain: partition.domain, key: key, state: &state, effects: &effects) { name in
                do throws(StoreError) {
                    return try store.find(name).map { $0.partition == partition && $0.key == full } ?? true
                } catch {
                    failure = failure ?? error
                    return true
                }
            }
        }
        if let failure { throw failure }
        tell(excess, partition, "what is told again")
    }

    // MARK: What is kept in memory of it

    /// Takes from the store what waits in a partition, and by which rules its states are settled.
    func recall(_ partition: DomainPartition) throws {
        waiting.drop(partition)
        try store.scan(partition, keysFrom: Note.waiting, after: nil) { note, _ in
            waiting.add(partition, WaitingRecord.key(ofNote: note))
            return true
        }
        epochs[partition] = try store.stateBytes(partition, Array(Note.epoch.utf8)).flatMap { Epoch($0)?.milliseconds }
        let isEmpty = try store.stateBytes(partition, Array(Mirror.key.utf8)) == nil
        let noted = try store.stateBytes(partition, Array(Note.settled.utf8))
        settlement.take(partition, noted: noted, isEmpty: isEmpty)
        outputMarks.take(partition, note: try store.stateBytes(partition, Array(Note.outputs.utf8)))
    }

    /// The same of all partitions: a transaction was dropped, and what was noted in memory with it.
    func recall() throws {
        for place in committed.keys {
            if let domain = domains[place.topic] { try recall(DomainPartition(domain, place.partition)) }
        }
    }
}
