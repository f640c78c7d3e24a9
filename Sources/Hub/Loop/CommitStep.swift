import Canonical
import Consistency
import Kafka
import Logging

/// What happens to a turn once it is decided: one Kafka transaction with its outputs, states and offsets; when that is
/// committed, the local store (I4).
///
/// It runs beside the loop, which decides the next turn meanwhile; they meet in ``Outcome``.
final class CommitStep<Producer: TransactionalProducer, Store: StateStore>: @unchecked Sendable {
    // Unchecked: the parts are used by one thread at a time. The loop waits for the commit before it uses them itself.
    private let producer: Producer
    private let runner: any Courier
    private let store: Store
    private let outputs: Outputs
    private let stateNames: StateNames
    /// The domain of each topic of states.
    private let stateTopics: [String: String]

    init(
        producer: Producer, runner: any Courier, store: Store, outputs: Outputs, stateNames: StateNames,
        stateTopics: [String: String]
    ) {
        self.producer = producer
        self.runner = runner
        self.store = store
        self.outputs = outputs
        self.stateNames = stateNames
        self.stateTopics = stateTopics
    }

    /// A turn of fewer records than these leaves while its offsets are sent: the broker takes a few milliseconds for either.
    private static var small: Int { 200 }

    /// What became of a turn.
    struct Outcome {
        /// Whether the transaction is committed. The store may have failed after that.
        var isCommitted = false
        var deliveries: [Delivered] = []
        var error: (any Error)?
    }

    func run(_ turn: Turn, _ insist: Insistence) -> Outcome {
        var outcome = Outcome()
        do {
            try commit(turn, insist)
            outcome.isCommitted = true
            outcome.deliveries = producer.takeDelivered()
            try keep(turn, outcome.deliveries, insist)
        } catch {
            outcome.error = error
        }
        return outcome
    }

    private func commit(_ turn: Turn, _ insist: Insistence) throws {
        try producer.begin()
        try outputs.produce(turn, to: producer)
        try send(offsetsOf: turn, insist)
        // A commit's outcome is open until it has returned.
        try insist("a commit") { timeout throws(KafkaError) in try producer.commit(timeout: timeout) }
    }

    private func send(offsetsOf turn: Turn, _ insist: Insistence) throws {
        guard turn.group != nil else { return }
        // Large ones leave by full batches.
        if turn.outputs.count + turn.overlay.entries.count < Self.small { runner.carry(Errand(producer)) }
        // A commit flushes, too: of two that wait for acknowledgements one would be woken late.
        defer { runner.wait() }
        try insist("the offsets") { timeout throws(KafkaError) in
            try producer.sendOffsets(turn.positions, group: turn.group!, timeout: timeout)
        }
    }

    /// Brings the local store level with what was just committed.
    private func keep(_ turn: Turn, _ deliveries: [Delivered], _ insist: Insistence) throws {
        var commit = try turn.overlay.changes { domain, key, state in try stateNames.of(domain, key, state) }
        var emptied: [(place: TopicPartition, reason: String)] = []
        for delivered in deliveries {
            guard let domain = stateTopics[delivered.partition.topic], let highest = delivered.highestOffset,
                delivered.isExact
            else { continue }
            let partition = DomainPartition(domain, delivered.partition.partition)
            let mark = delivered.appended.map { LogMark(offset: highest, appended: $0) }
            if let known = try store.changelogOffset(partition), highest + 1 < known {
                let reason = "it goes on at \(highest), and the local store stands at \(known)"
                guard try !hasOlder(delivered.partition, store.latest(partition)) else {
                    throw HubError(
                        "\(delivered.partition) has lost its end: \(reason). The store is rebuilt at the next start")
                }
                emptied.append((delivered.partition, reason))
                try noteEmptied(partition, mark)
            }
            commit.changelogOffsets[partition] = highest + 1
            if let mark { commit.latest[partition] = mark.after(try store.latest(partition)) }
        }
        if let (place, reason) = emptied.first {
            let others = try otherEmptied(of: Set(emptied.map(\.place.topic))).filter { place in
                !emptied.contains { $0.place == place }
            }
            tellEmptied(emptied.map(\.place) + others, insist)
            throw HubError.emptied(place, reason)
        }
        try store.apply(commit)
    }

    /// Whether something stands in a partition that is as old as what the store knows of it: then it is the same topic, and only its
    /// end is lost, as when a broker loses power. Nobody knows: no.
    private func hasOlder(_ place: TopicPartition, _ latest: LogMark?) -> Bool {
        guard let latest else { return false }
        func first(_ time: Int64) -> Int64? {
            (try? producer.offsets(from: [place: time], timeout: Patience.look))?[place]
        }
        guard let oldest = first(0), let younger = first(latest.appended + 1) else { return false }
        return oldest < younger
    }

    /// Partitions of emptied changelogs that this turn wrote nothing into, and that end before what the store knows of them.
    private func otherEmptied(of topics: Set<String>) throws -> [TopicPartition] {
        var places: [TopicPartition] = []
        for topic in topics {
            guard let domain = stateTopics[topic],
                let count = try? producer.partitionCount(of: topic, timeout: Patience.look)
            else { continue }
            for partition in 0..<count where try store.changelogOffset(DomainPartition(domain, partition)) ?? 0 > 0 {
                places.append(TopicPartition(topic, partition))
            }
        }
        guard !places.isEmpty, let marks = try? producer.watermarks(of: places, timeout: Patience.look) else {
            return []
        }
        return try places.filter { place in
            let known = try store.changelogOffset(DomainPartition(stateTopics[place.topic]!, place.partition)) ?? 0
            return marks[place].map { $0.high < known } ?? false
        }
    }

    /// Says it to the store first: this hub starts again at once, whatever becomes of what it tells others.
    private func noteEmptied(_ partition: DomainPartition, _ mark: LogMark?) throws {
        var commit = StoreCommit()
        commit.changes = [
            .init(
                partition: partition, key: Array(Note.emptied.utf8), value: EmptiedChangelog(mark).bytes, indexes: [])
        ]
        try store.apply(commit)
    }

    /// Says in changelogs that were made anew that they lack what they had: other hubs may take the partitions, with nothing but
    /// what stands there (I4).
    private func tellEmptied(_ places: [TopicPartition], _ insist: Insistence) {
        // Of a topic that was just made anew a transaction may well be refused at first.
        for _ in 0..<5 {
            do {
                try producer.begin()
                for place in places {
                    try producer.produce(
                        to: place.topic, partition: place.partition, key: Note.emptied.utf8.span.bytes,
                        value: Note.emptied.utf8.span.bytes)
                }
                return try insist("a commit") { timeout throws(KafkaError) in try producer.commit(timeout: timeout) }
            } catch let error as KafkaError where error.verdict == .abortable {
                do {
                    try insist("an abort") { timeout throws(KafkaError) in try producer.abort(timeout: timeout) }
                } catch { return }
            } catch { return }
        }
    }
}

/// Lets what is produced leave at once.
private final class Errand<Producer: TransactionalProducer>: CourierJob, @unchecked Sendable {
    // Unchecked: producers are used by many threads.
    private let producer: Producer

    init(_ producer: Producer) { self.producer = producer }

    func run() { producer.hasten(timeout: .milliseconds(100)) }
}

/// A turn on its way, and what became of it: written by the courier, read by the loop after ``Courier/wait()``.
final class Handover<Producer: TransactionalProducer, Store: StateStore>: CourierJob, @unchecked Sendable {
    private let step: CommitStep<Producer, Store>
    private let turn: Turn
    private let insist: Insistence
    private(set) var outcome = CommitStep<Producer, Store>.Outcome()

    init(_ step: CommitStep<Producer, Store>, _ turn: Turn, _ insist: Insistence) {
        self.step = step
        self.insist = insist
        self.turn = turn
    }

    package func run() { outcome = step.run(turn, insist) }
}
