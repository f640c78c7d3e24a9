package import Kafka

/// One transactional id.
final class TransactionalID {
    enum Phase { case idle, open, ending }

    let name: String
    let producer: Int64
    var epoch: Int32 = 0
    var phase = Phase.idle
    /// Where the open transaction has records, in the order in which it came there.
    var logs: [PartitionLog] = []
    /// What it consumed, by group.
    var groups: [GroupCoordinator] = []
    /// Counts its transactions: timeouts are for one.
    var number = 0
    var timeout: Int64 = 10_000

    init(_ name: String, producer: Int64) {
        self.name = name
        self.producer = producer
    }
}

/// The brokers' transaction coordinator: who may write under which transactional id, and how transactions end.
///
/// A decided end is logged at once, and its markers land later, partition by partition and in any order: until then readers
/// wait at the last stable offset, and the group's offsets are unstable.
final class TransactionCoordinator {
    private let scheduler: Scheduler
    unowned(unsafe) var broker: SimulatedBroker!
    private var ids: [String: TransactionalID] = [:]
    /// Markers that have not landed, in the order in which they will.
    private var landing: [(id: TransactionalID, land: () -> Void)] = []
    /// The committed transactions, in the order in which they were decided: the auditor's.
    private(set) var decided: [DecidedTransaction] = []

    init(_ scheduler: Scheduler) { self.scheduler = scheduler }

    /// Whether no transaction is open, or waits for its markers.
    var isAtRest: Bool { landing.isEmpty && ids.values.allSatisfy { $0.phase == .idle } }

    /// Gives a transactional id to a producer: whoever had it is fenced, what it left open is aborted.
    func initialise(_ name: String) -> (id: TransactionalID, epoch: Int32) {
        let id = ids[name] ?? TransactionalID(name, producer: broker.newProducer())
        ids[name] = id
        id.epoch += 1
        if id.phase == .open { end(id, commit: false, by: nil) }
        settle(id)
        return (id, id.epoch)
    }

    /// Whether a producer has been replaced.
    func isFenced(_ id: TransactionalID, _ epoch: Int32) -> Bool { epoch < id.epoch && broker.flaw != .noFencing }

    /// A record or an offset joins the transaction, which begins with the first.
    func join(_ id: TransactionalID) {
        // A client is told to wait while its last transaction's markers land.
        settle(id)
        guard id.phase == .idle else { return }
        id.phase = .open
        id.number += 1
        let (number, epoch) = (id.number, id.epoch)
        scheduler.at(scheduler.clock.now + id.timeout) { [unowned self] in
            guard id.phase == .open, id.number == number, id.epoch == epoch else { return }
            scheduler.trace.count("transaction timed out", id.name)
            // Whoever left it is fenced.
            id.epoch += 1
            end(id, commit: false, by: nil)
        }
    }

    func join(_ id: TransactionalID, _ log: PartitionLog) {
        join(id)
        if !id.logs.contains(where: { $0 === log }) { id.logs.append(log) }
    }

    func join(_ id: TransactionalID, _ group: GroupCoordinator) {
        join(id)
        if !id.groups.contains(where: { $0 === group }) { id.groups.append(group) }
    }

    /// Decides the end; the markers follow.
    func end(_ id: TransactionalID, commit: Bool, by process: SimulatedProcess?) {
        guard id.phase == .open else { return }
        id.phase = .ending
        if !commit { scheduler.trace.count("aborted", id.name) }
        if commit {
            decided.append(DecidedTransaction(id.producer, id.logs, id.groups, process: process?.name ?? "broker"))
        }
        var landings: [() -> Void] = id.logs.map { log in { log.mark(id.producer, committed: commit) } }
        landings += id.groups.map { group in { group.mark(id.producer, committed: commit) } }
        id.logs = []
        id.groups = []
        for land in scheduler.random.shuffled(landings) {
            landing.append((id, land))
            let delay = scheduler.profile.markers == 0 ? 0 : scheduler.random.below(scheduler.profile.markers)
            scheduler.after(delay) { [unowned self] in landNext(of: id) }
        }
        if landings.isEmpty { id.phase = .idle }
    }

    /// Lets a transaction's markers land now.
    func settle(_ id: TransactionalID) { while landNext(of: id) {} }

    @discardableResult
    private func landNext(of id: TransactionalID) -> Bool {
        guard let index = landing.firstIndex(where: { $0.id === id }) else { return false }
        landing.remove(at: index).land()
        if !landing.contains(where: { $0.id === id }) { id.phase = .idle }
        return true
    }
}

/// What one committed transaction wrote and consumed, together.
package struct DecidedTransaction {
    /// Who committed it.
    package let process: String
    /// Its records, by partition.
    package let records: [(log: PartitionLog, offsets: [Int64])]
    /// The positions that it committed, by group.
    package let consumed: [(group: String, places: [TopicPartition: Consumed])]

    init(_ producer: Int64, _ logs: [PartitionLog], _ groups: [GroupCoordinator], process: String) {
        self.process = process
        records = logs.map { log in (log, log.openOffsets(of: producer)) }
        consumed = groups.map { ($0.name, $0.pending(of: producer)) }
    }
}
