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
            if let known = try store.changelogOffset(partition), highest + 1 < known {
                let reason = "it goes on at \(highest), and the local store stands at \(known)"
                emptied.append((delivered.partition, reason))
            }
            commit.changelogOffsets[partition] = highest + 1
            if let time = delivered.appended {
                let mark = LogMark(offset: highest, appended: time)
                commit.latest[partition] = mark.after(try store.latest(partition))
            }
        }
        if let (place, reason) = emptied.first {
            try tellEmptied(emptied.map(\.place), insist)
            throw HubError.emptied(place, reason)
        }
        try store.apply(commit)
    }

    /// Says in changelogs that were made anew that they lack what they had: this hub starts again at once, and others may take
    /// the partitions, with nothing but what stands there (I4).
    private func tellEmptied(_ places: [TopicPartition], _ insist: Insistence) throws {
        try producer.begin()
        for place in places {
            try producer.produce(
                to: place.topic, partition: place.partition, key: Note.emptied.utf8.span.bytes,
                value: Note.emptied.utf8.span.bytes)
        }
        try insist("a commit") { timeout throws(KafkaError) in try producer.commit(timeout: timeout) }
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
