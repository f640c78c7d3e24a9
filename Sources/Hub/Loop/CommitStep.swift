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
    private let store: Store
    private let outputs: Outputs
    private let stateNames: StateNames
    /// The domain of each topic of states.
    private let stateTopics: [String: String]
    private let log: Logger

    init(
        producer: Producer, store: Store, outputs: Outputs, stateNames: StateNames, stateTopics: [String: String],
        log: Logger
    ) {
        self.producer = producer
        self.store = store
        self.outputs = outputs
        self.stateNames = stateNames
        self.stateTopics = stateTopics
        self.log = log
    }

    /// What became of a turn.
    struct Outcome {
        /// Whether the transaction is committed. The store may have failed after that.
        var isCommitted = false
        var deliveries: [Delivered] = []
        var error: (any Error)?
    }

    func run(_ turn: Turn) -> Outcome {
        var outcome = Outcome()
        do {
            try commit(turn)
            outcome.isCommitted = true
            outcome.deliveries = producer.takeDelivered()
            try keep(turn, outcome.deliveries)
        } catch {
            outcome.error = error
        }
        return outcome
    }

    private func commit(_ turn: Turn) throws(KafkaError) {
        try producer.begin()
        try outputs.produce(turn, to: producer)
        if turn.group != nil {
            try producer.sendOffsets(turn.positions, group: turn.group!, timeout: Patience.broker)
        }
        try commitForSure()
    }

    /// A commit's outcome is open until it has returned: a broker that is away is waited for, never guessed about.
    func commitForSure() throws(KafkaError) {
        while true {
            do throws(KafkaError) {
                return try producer.commit(timeout: Patience.broker)
            } catch {
                guard error.isRetriable else { throw error }
                log.warning("the commit is repeated", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Brings the local store level with what was just committed.
    private func keep(_ turn: Turn, _ deliveries: [Delivered]) throws {
        var commit = StoreCommit()
        let overlay = turn.overlay
        commit.changes.reserveCapacity(overlay.entries.count)
        for entry in overlay.entries {
            let partition = overlay.partitions[Int(entry.partition)]
            switch entry.change {
            case .put(let state):
                let names =
                    entry.keepsNames
                    ? nil
                    : try stateNames.of(
                        partition.domain, String(decoding: entry.key, as: UTF8.self), Array(state))
                commit.changes.append(
                    .init(
                        partition: partition, key: entry.key, value: state, names: names, owner: overlay.arena))
            case .removed:
                commit.changes.append(
                    .init(partition: partition, key: entry.key, value: nil, names: [], owner: overlay.arena))
            case .none: break
            }
        }
        for delivered in deliveries {
            guard let domain = stateTopics[delivered.partition.topic], let highest = delivered.highestOffset,
                delivered.isExact
            else { continue }
            commit.changelogOffsets[DomainPartition(domain, delivered.partition.partition)] = highest + 1
        }
        try store.apply(commit)
    }
}

/// A turn on its way, and what became of it: written by the courier, read by the loop after ``Courier/wait()``.
final class Handover<Producer: TransactionalProducer, Store: StateStore>: CourierJob, @unchecked Sendable {
    private let step: CommitStep<Producer, Store>
    private let turn: Turn
    private(set) var outcome = CommitStep<Producer, Store>.Outcome()

    init(_ step: CommitStep<Producer, Store>, _ turn: Turn) {
        self.step = step
        self.turn = turn
    }

    package func run() { outcome = step.run(turn) }
}
