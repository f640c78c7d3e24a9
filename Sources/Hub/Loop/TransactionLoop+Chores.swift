import Canonical
import Consistency
import Kafka
import Logging

/// Work on states that no input asks for, in portions: one portion rides in one transaction, beside the input.
enum Chore {
    /// How many waiting records, or states under other rules, one transaction takes besides its input.
    static let size = 200

    /// Records that have waited, with their notes.
    case waiting(DomainPartition, [(note: [UInt8], bytes: [UInt8])])
    /// States that may be settled by other rules; `isLast`: behind them there are none.
    case settling(DomainPartition, keys: [String], isLast: Bool)

    var partition: DomainPartition {
        switch self {
        case .waiting(let partition, _), .settling(let partition, _, _): partition
        }
    }
}

extension TransactionLoop {
    var hasChores: Bool { !settlement.open.isEmpty || !waiting.unsettled.isEmpty }

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
            chores.append(try settling(partition, after: after))
        }
        return chores
    }

    private func settling(_ partition: DomainPartition, after: [UInt8]?) throws -> Chore {
        var keys: [String] = []
        var isLast = true
        try store.scan(partition, after: after) { key, _ in
            if Note.isNote(key) { return true }
            keys.append(String(decoding: key, as: UTF8.self))
            isLast = keys.count < Chore.size
            return isLast
        }
        return .settling(partition, keys: keys, isLast: isLast)
    }

    func work(off chore: Chore, _ now: Tick) throws {
        switch chore {
        case .waiting(let partition, let found):
            for (note, bytes) in found { try decideWaiting(note, bytes, partition, now) }
        case .settling(let partition, let keys, let isLast):
            for key in keys {
                try change(partition, now, nil) { engine, state, effects in
                    try engine.settleAgain(
                        domain: partition.domain, key: key, state: &state, now: now, effects: &effects)
                }
            }
            if let last = keys.last { settlement.look(partition, after: Array(last.utf8)) }
            guard isLast else { return }
            turn.overlay.begin()
            turn.overlay.put(partition, Note.settled, settlement.digest(of: partition))
            settlement.close(partition)
            log.info("all states are settled by the present rules", metadata: ["partition": "\(partition)"])
        }
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
    }

    /// The same of all partitions: a transaction was dropped, and what was noted in memory with it.
    func recall() throws {
        for place in committed.keys {
            if let domain = domains[place.topic] { try recall(DomainPartition(domain, place.partition)) }
        }
    }
}
