package import Canonical
package import Kafka

/// A Kafka cluster as its clients see it: logs, transactions, groups. It never fails by itself: what clients see of
/// failures (lost requests, lost answers) the simulated clients make.
package final class SimulatedBroker {
    package let scheduler: Scheduler
    private(set) var topics: [String: [PartitionLog]] = [:]
    let transactions: TransactionCoordinator
    private var groups: [String: GroupCoordinator] = [:]
    private var producers: Int64 = 0
    /// What tests break on purpose, to see that the auditor notices.
    package let flaw: Flaw?

    /// A defect planted into the broker or the clients.
    package enum Flaw: String, CaseIterable, Sendable {
        /// Producers of an older epoch are still listened to.
        case noFencing = "no-fencing"
        /// Offsets of members of an older generation are taken.
        case oldGenerations = "old-generations"
        /// Positions are not moved back after an abort.
        case noRewind = "no-rewind"
        /// Offsets are committed when they are sent, whatever becomes of the transaction.
        case offsetsOutside = "offsets-outside"
        /// Readers see aborted records.
        case dirtyReads = "dirty-reads"
        /// The local store claims a later changelog offset than it holds.
        case storeAhead = "store-ahead"
        /// The local store loses a change.
        case storeForgets = "store-forgets"
        /// The end of a changelog is taken before the group's offsets are stable.
        case unstableOffsets = "unstable-offsets"
    }

    package init(_ scheduler: Scheduler, flaw: Flaw? = nil) {
        self.scheduler = scheduler
        self.flaw = flaw
        transactions = TransactionCoordinator(scheduler)
        transactions.broker = self
    }

    package var now: Int64 { scheduler.clock.now }

    // MARK: Topics

    package func create(_ name: String, partitions: Int, isCompacted: Bool) {
        topics[name] = (0..<partitions).map {
            PartitionLog(TopicPartition(name, Int32($0)), isCompacted: isCompacted, isDirty: flaw == .dirtyReads)
        }
    }

    /// Creates the topics of an installation.
    package func create(_ table: TopicTable) {
        for topic in table.topics {
            create(topic.name, partitions: topic.partitions, isCompacted: topic.settings["cleanup.policy"] == "compact")
        }
    }

    /// Topics that take no record at present: what is sent there is too large for them.
    package var refusing: Set<String> = []
    /// When the consumers of a process went back to what was committed: the auditor's.
    package internal(set) var rewinds: [String: [Int64]] = [:]

    /// Somebody deletes a topic.
    package func remove(_ topic: String) { topics[topic] = nil }

    package func log(_ place: TopicPartition) -> PartitionLog? {
        guard let logs = topics[place.topic], logs.indices.contains(Int(place.partition)) else { return nil }
        return logs[Int(place.partition)]
    }

    /// All partitions there are.
    var logs: [PartitionLog] { topics.keys.sorted().flatMap { logs(of: $0) } }

    /// The partitions of a topic; none where there is no such topic.
    package func logs(of topic: String) -> [PartitionLog] { topics[topic] ?? [] }

    package func partitions(of topic: String) -> [TopicPartition] { logs(of: topic).map(\.place) }

    /// Where a record of this key goes.
    func place(_ topic: String, _ partition: Int32?, _ key: UnsafeRawBufferPointer?) -> PartitionLog? {
        let logs = logs(of: topic)
        guard !logs.isEmpty else { return nil }
        if let partition { return logs.indices.contains(Int(partition)) ? logs[Int(partition)] : nil }
        guard let key else { return scheduler.random.pick(logs) }
        return logs[Int(Partitioner.partition(key: RawSpan(_unsafeBytes: key), count: Int32(logs.count)))]
    }

    func newProducer() -> Int64 {
        producers += 1
        return producers
    }

    func watermarks(_ partitions: [TopicPartition], stable: Bool) -> [TopicPartition: Watermarks] {
        var marks: [TopicPartition: Watermarks] = [:]
        for place in partitions {
            guard let log = log(place) else { continue }
            marks[place] = Watermarks(low: log.low, high: stable ? log.stable : log.end)
        }
        return marks
    }

    // MARK: Groups

    package func group(_ name: String) -> GroupCoordinator {
        if let group = groups[name] { return group }
        let group = GroupCoordinator(name, scheduler)
        group.broker = self
        groups[name] = group
        return group
    }

    // MARK: Cleaning

    /// Compacts some partition, up to some offset.
    package func compactSomewhere() {
        let compacted = logs.filter { $0.isCompacted && $0.end > 1 }
        guard !compacted.isEmpty else { return }
        let log = scheduler.random.pick(compacted)
        // The head of a log is never compacted.
        log.compact(
            upTo: Int64(scheduler.random.below(Int(log.end))), now: now, deletionsKept: TopicTable.deletionsKept)
    }
}
