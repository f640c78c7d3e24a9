import Canonical
import Consistency
import Kafka
import Logging
import Synchronization

/// A warm standby: follows the changelogs of partitions that other hubs own into this process's store, so that a takeover
/// reads only the tail, and queries know all partitions.
///
/// The loop comes first: what it takes is let go of before anything of it is restored (I4: one writer).
///
/// Unchecked: `restore` is used by the thread of ``run()`` alone.
final class Standby: @unchecked Sendable {
    private struct State {
        /// What the loop owns, or is about to.
        var owned: Set<DomainPartition> = []
        /// What has been level once since it is followed.
        var level: Set<DomainPartition> = []
    }

    private let state = Mutex(State())
    private let all: Set<DomainPartition>
    private let restore: Restore<CommittedReader, Store>
    private let settings: Settings
    private let log: Logger
    private let isStopping = Atomic(false)

    /// - Parameters:
    ///   - all: every partition there is.
    ///   - settings: of a consumer, `group.id` among them; nothing is committed.
    init(all: Set<DomainPartition>, _ restore: Restore<CommittedReader, Store>, _ settings: Settings, log: Logger) {
        self.all = all
        self.restore = restore
        self.settings = settings.merging([
            "isolation.level": Isolation.readCommitted.rawValue, "enable.partition.eof": "true",
        ])
        self.log = log
    }

    /// The partitions that are followed and have been level: queries may be answered from them.
    var level: Set<DomainPartition> { state.withLock { $0.level } }

    /// The loop takes these: nothing more of them is written here once this has returned.
    func letGo(_ partitions: [DomainPartition]) {
        state.withLock { state in
            state.owned.formUnion(partitions)
            state.level.subtract(partitions)
        }
    }

    /// The loop owns these now, and nothing else.
    func own(_ partitions: Set<DomainPartition>) {
        state.withLock { state in
            state.owned = partitions
            state.level.subtract(partitions)
        }
    }

    func stop() { isStopping.store(true, ordering: .relaxed) }

    /// Follows until ``stop()``. What fails is begun again: a standby that is behind costs time at a takeover, nothing else.
    func run() {
        var rest = Duration.milliseconds(100)
        while !isStopping.load(ordering: .relaxed) {
            do {
                try follow()
                rest = .milliseconds(100)
            } catch {
                log.warning("the standby pauses", metadata: ["error": "\(error)", "next try in": "\(rest)"])
                LoopClocks.machine.rest(rest)
                rest = min(rest * 2, .seconds(5))
            }
        }
    }

    /// Follows what nobody here owns, until that changes.
    private func follow() throws {
        let owned = state.withLock { $0.owned }
        let wanted = all.subtracting(owned)
        guard !wanted.isEmpty else { return LoopClocks.machine.rest(.milliseconds(200)) }
        let places = restore.places(Array(wanted))
        guard let starts = try begin(places, owned) else { return }
        let consumer = try Consumer(settings, log: log)
        try consumer.assign(starts)
        log.info("standing by", metadata: ["partitions": "\(wanted.count)"])
        while !isStopping.load(ordering: .relaxed) {
            let goesOn = try consumer.poll(max: 5_000, timeout: .milliseconds(200)) { batch in
                try take(batch, places, owned)
            }
            guard goesOn else { break }
        }
        try consumer.close()
    }

    /// Where to follow from; nil when the loop has taken something meanwhile.
    private func begin(
        _ places: [TopicPartition: DomainPartition], _ owned: Set<DomainPartition>
    ) throws -> [TopicPartitionOffset]? {
        // What can't be a continuation is dropped from the store: under the lock, as any write.
        try state.withLock { state in
            guard state.owned == owned else { return nil }
            return try restore.starts(places, Tick(wallClock())).starts
        }
    }

    private func take(
        _ batch: borrowing Batch, _ places: [TopicPartition: DomainPartition], _ owned: Set<DomainPartition>
    ) throws -> Bool {
        let commit = try restore.changes(of: batch, places)
        let ends = batch.ends.compactMap { places[$0.partition] }
        let isEmpty = batch.isEmpty
        return try state.withLock { state in
            guard state.owned == owned else { return false }
            if !isEmpty { try restore.store.apply(commit) }
            state.level.formUnion(ends)
            return true
        }
    }

    private func wallClock() -> Int64 { HubClock.Reading.now().wall }
}
