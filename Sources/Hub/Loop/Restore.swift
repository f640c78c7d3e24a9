import Canonical
import Consistency
import Kafka
import Logging

/// Brings the local store level with the changelog: at start, and whenever partitions come.
///
/// The end is taken as it stands with uncommitted records included, and read committed up to that *position*: the
/// marker of the last transaction may land after its offsets have become visible.
struct Restore<Changelog: PartitionReader, Store: StateStore> {
    let store: Store
    let changelog: Changelog
    let topic: (_ domain: String) -> String
    let names: (_ domain: String, _ key: String, _ state: [UInt8]) throws -> [StateName]
    let log: Logger

    private var chunk: Int { 5_000 }

    /// Restores partitions; reports progress in the log.
    ///
    /// - Parameter now: the time. Deletions are compacted away in the end, so what was away for long is rebuilt.
    func run(_ partitions: [DomainPartition], now: Tick) throws {
        guard !partitions.isEmpty else { return }
        let places = Dictionary(
            uniqueKeysWithValues: partitions.map { (TopicPartition(topic($0.domain), $0.partition), $0) })
        let marks = try changelog.watermarks(of: Array(places.keys), timeout: .seconds(30))
        var starts: [TopicPartitionOffset] = []
        var waiting: Int64 = 0
        for (place, partition) in places {
            let (low, high) = (marks[place]?.low ?? 0, marks[place]?.high ?? 0)
            var start = try store.changelogOffset(partition) ?? low
            if start > high {
                log.warning(
                    "the changelog ends before the local store: it was made anew; rebuilding",
                    metadata: ["partition": "\(place)", "end": "\(high)", "store": "\(start)"])
                try store.drop(partition)
                start = low
            } else if start < high, try hasMissedDeletions(partition, now) {
                log.warning("the local store was away for too long; rebuilding", metadata: ["partition": "\(place)"])
                try store.drop(partition)
                start = low
            }
            starts.append(place.at(max(start, low)))
            waiting += high - max(start, low)
        }
        guard waiting > 0 else { return }
        log.info("restoring the local store", metadata: ["partitions": "\(partitions.count)", "offsets": "\(waiting)"])
        var progress = Progress(of: waiting, log: log)
        try changelog.read(from: starts, to: marks.mapValues(\.high), max: chunk, timeout: .seconds(600)) { batch in
            let commit = try changes(of: batch, places)
            try store.apply(commit)
            progress.moved(by: batch.count)
        }
        // Markers behind the last record count too: without them the next restore would read that tail again.
        var end = StoreCommit()
        for (place, partition) in places { end.changelogOffsets[partition] = marks[place]?.high ?? 0 }
        try store.apply(end)
        log.info("restored", metadata: ["partitions": "\(partitions.count)"])
    }

    /// Whether the last that the store knows of a partition is so old that deletions since then may be gone.
    private func hasMissedDeletions(_ partition: DomainPartition, _ now: Tick) throws -> Bool {
        guard let mirror = Mirror(try store.stateBytes(partition, Array(Mirror.key.utf8))) else { return false }
        return mirror.tick.advanced(by: TopicTable.deletionsKept / 2) < now
    }

    /// A batch of the changelog as one change of the store: the last state of each key.
    private func changes(
        of batch: borrowing Batch, _ places: [TopicPartition: DomainPartition]
    ) throws -> StoreCommit {
        var latest: [DomainPartition: [[UInt8]: [UInt8]?]] = [:]
        batch.forEach { record in
            guard let partition = places[record.topicPartition], let key = record.key else { return }
            var value: [UInt8]?
            if let bytes = record.value { value = bytes.withUnsafeBytes { Array($0) } }
            latest[partition, default: [:]][key.withUnsafeBytes { Array($0) }] = .some(value)
        }
        var commit = StoreCommit()
        for (partition, states) in latest {
            for (key, value) in states {
                let entries =
                    try value.map { try names(partition.domain, String(decoding: key, as: UTF8.self), $0) } ?? []
                commit.changes.append(.init(partition: partition, key: key, value: value, indexes: entries))
            }
        }
        for place in batch.positions() {
            if let partition = places[place.partition] { commit.changelogOffsets[partition] = place.offset }
        }
        return commit
    }
}

/// Says every so often how far it is.
private struct Progress {
    let total: Int64
    let log: Logger
    var done: Int64 = 0
    var said: Int64 = 0

    init(of total: Int64, log: Logger) {
        self.total = total
        self.log = log
    }

    mutating func moved(by count: Int) {
        done += Int64(count)
        guard done - said >= 100_000 else { return }
        said = done
        log.info("restoring", metadata: ["records": "\(done)", "of at most": "\(total)"])
    }
}
