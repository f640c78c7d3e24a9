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
    let clocks: LoopClocks
    /// Told how far a restore is; nil when it is done.
    let tell: (RestoreProgress?) -> Void
    let log: Logger

    private var chunk: Int { 5_000 }

    /// Restores partitions; reports progress in the log. A broker that is away is waited for, and so is a disk that is full.
    ///
    /// - Parameter now: the time. Deletions are compacted away in the end, so what was away for long is rebuilt.
    /// - Throws: ``Interrupted`` when it is time to stop: the store then keeps what it has.
    func run(_ partitions: [DomainPartition], now: Tick, until isStopping: () -> Bool) throws {
        guard !partitions.isEmpty else { return }
        defer { tell(nil) }
        var pause = Duration.milliseconds(200)
        while true {
            do {
                return try attempt(partitions, now, isStopping)
            } catch let error as KafkaError where error.isRetriable {
                if isStopping() { throw Interrupted() }
                log.warning("restoring waits for the broker", metadata: ["error": "\(error)"])
            } catch let error as StoreError where error.mayPass {
                if isStopping() { throw Interrupted() }
                log.error(
                    "the local store can't be written", metadata: ["error": "\(error)", "next try in": "\(pause)"])
            }
            var left = pause
            while left > .zero, !isStopping() {
                clocks.rest(.milliseconds(100))
                left -= .milliseconds(100)
            }
            pause = min(pause * 2, .seconds(5))
        }
    }

    private func attempt(_ partitions: [DomainPartition], _ now: Tick, _ isStopping: () -> Bool) throws {
        let places = places(partitions)
        let (starts, marks) = try starts(places, now)
        let waiting = starts.reduce(Int64(0)) { $0 + max(0, (marks[$1.partition]?.high ?? 0) - $1.offset) }
        guard waiting > 0 else { return try checkNotes(places) }
        log.info("restoring the local store", metadata: ["partitions": "\(partitions.count)", "offsets": "\(waiting)"])
        var progress = ProgressReport(of: waiting, partitions: partitions.count, at: clocks.now().monotonic)
        // As long as it takes: what stands open before the end is waited for.
        try changelog.read(from: starts, to: marks.mapValues(\.high), max: chunk, timeout: .seconds(86_400)) { batch in
            if isStopping() { throw Interrupted() }
            let commit = try changes(of: batch, places)
            if !batch.isEmpty { try store.apply(commit) }
            let left = starts.reduce(Int64(0)) { left, start in
                let reached = commit.changelogOffsets[places[start.partition]!] ?? start.offset
                return left + max(0, (marks[start.partition]?.high ?? 0) - reached)
            }
            guard let now = progress.moved(by: batch.count, left: left, at: clocks.now().monotonic) else { return }
            tell(now)
            log.info(
                "restoring",
                metadata: [
                    "percent": "\(now.percent)", "offsets left": "\(now.left)", "records/s": "\(now.perSecond)",
                ])
        }
        // Markers behind the last record count too: without them the next restore would read that tail again.
        var end = StoreCommit()
        for (place, partition) in places { end.changelogOffsets[partition] = marks[place]?.high ?? 0 }
        try store.apply(end)
        try checkNotes(places)
        log.info(
            "restored",
            metadata: ["partitions": "\(partitions.count)", "records": "\(progress.records)"])
    }

    /// The changelog's partitions.
    func places(_ partitions: [DomainPartition]) -> [TopicPartition: DomainPartition] {
        Dictionary(uniqueKeysWithValues: partitions.map { (TopicPartition(topic($0.domain), $0.partition), $0) })
    }

    /// Where each partition is to be read from, and what it holds. What can't be a continuation of what the store knows
    /// is dropped from the store, and read from its beginning.
    func starts(
        _ places: [TopicPartition: DomainPartition], _ now: Tick
    ) throws -> (starts: [TopicPartitionOffset], marks: [TopicPartition: Watermarks]) {
        let marks = try changelog.watermarks(of: Array(places.keys), timeout: .seconds(5))
        var starts: [TopicPartitionOffset] = []
        for (place, partition) in places {
            let (low, high) = (marks[place]?.low ?? 0, marks[place]?.high ?? 0)
            var start = try store.changelogOffset(partition) ?? low
            let note = try store.stateBytes(partition, Array(Note.emptied.utf8))
            if let note { try checkEmptied(EmptiedChangelog(note), place, high: high) }
            // What was read of an emptied one is read again: somebody may have put another in its place.
            let read = note.map { _ in "the local store was read from a changelog that had been made anew under a hub" }
            if let reason = try distrust(partition, place, start: start, high: high, now) ?? read {
                try checkLoss(partition, place, low: low, high: high, reason)
                log.warning("\(reason); rebuilding", metadata: ["partition": "\(place)"])
                try store.drop(partition)
                start = low
            }
            starts.append(place.at(max(start, low)))
        }
        return (starts, marks)
    }

    /// Why what the store has of a partition is no beginning of what the changelog holds; nil when it is.
    private func distrust(
        _ partition: DomainPartition, _ place: TopicPartition, start: Int64, high: Int64, _ now: Tick
    ) throws -> String? {
        if start > high {
            return "the changelog ends at \(high), before the local store's \(start): it was made anew"
        }
        // Nothing before the latest record that the store knows was appended after it. A topic that was deleted and made
        // again holds younger records there.
        if let last = try store.latest(partition),
            let younger = try changelog.offset(of: place, from: last.appended + 1, timeout: .seconds(5)),
            younger <= last.offset
        {
            return "the changelog was made anew: its offset \(younger) is younger than the local store's \(last.offset)"
        }
        if start < high, try hasMissedDeletions(partition, now) { return "the local store was away for too long" }
        return nil
    }

    /// The changelog that this hub itself saw made anew isn't taken, however much of the states it has written there since. One that
    /// somebody has put in its place doesn't hold that hub's record.
    private func checkEmptied(_ emptied: EmptiedChangelog, _ place: TopicPartition, high: Int64) throws {
        guard emptied.isOurs else { return }
        if let mark = emptied.mark {
            let asYoung = try changelog.offset(of: place, from: mark.appended, timeout: .seconds(5))
            let younger = try changelog.offset(of: place, from: mark.appended + 1, timeout: .seconds(5))
            guard mark.stands(before: high, asYoung: asYoung ?? .max, younger: younger ?? .max) else { return }
        }
        throw HubError.emptied(place, "the local store knows more than it holds")
    }

    /// Whoever has a partition of a changelog that another hub saw made anew decides nothing by what is left there.
    private func checkNotes(_ places: [TopicPartition: DomainPartition]) throws {
        for (place, partition) in places where try store.stateBytes(partition, Array(Note.emptied.utf8)) != nil {
            throw HubError.emptied(place, "it says so")
        }
    }

    /// A changelog that knows less than half of what the store does wasn't rebuilt, it was emptied: the store may be the only
    /// place where that still is, and isn't dropped without being told to.
    private func checkLoss(
        _ partition: DomainPartition, _ place: TopicPartition, low: Int64, high: Int64, _ reason: String
    ) throws {
        var known = 0
        try store.scan(partition) { key, _ in
            if !Note.isNote(key) { known += 1 }
            return true
        }
        var found: Set<Int> = []
        var isEmptied = false
        if known > 0, low < high {
            try changelog.read(from: [place.at(low)], to: [place: high], max: chunk, timeout: .seconds(86_400)) {
                batch in
                batch.forEach { record in
                    guard let key = record.key else { return }
                    key.withUnsafeBytes { key in
                        isEmptied = isEmptied || key.elementsEqual(Note.emptied.utf8)
                        guard found.count * 2 < known, !Note.isNote(key) else { return }
                        var hasher = Hasher()
                        hasher.combine(bytes: key)
                        let name = hasher.finalize()
                        if record.value == nil { found.remove(name) } else { found.insert(name) }
                    }
                }
            }
        }
        if isEmptied { throw HubError.emptied(place, reason) }
        guard found.count * 2 < known else { return }
        throw HubError(
            "\(place) holds \(found.count) of the \(known) states that the local store knows (\(reason)). \(HubError.remedy)"
        )
    }

    /// Whether the last that the store knows of a partition is so old that deletions since then may be gone.
    private func hasMissedDeletions(_ partition: DomainPartition, _ now: Tick) throws -> Bool {
        guard let mirror = Mirror(try store.stateBytes(partition, Array(Mirror.key.utf8))) else { return false }
        return mirror.tick.advanced(by: TopicTable.deletionsKept / 2) < now
    }

    /// A batch of the changelog as one change of the store: the last state of each key.
    func changes(
        of batch: borrowing Batch, _ places: [TopicPartition: DomainPartition]
    ) throws -> StoreCommit {
        let latest = Overlay()
        var marks: [DomainPartition: LogMark] = [:]
        batch.forEach { record in
            guard let partition = places[record.topicPartition], let key = record.key else { return }
            if let time = record.timestamp {
                marks[partition] = LogMark(offset: record.offset, appended: time).after(marks[partition])
            }
            key.withUnsafeBytes { key in
                guard let value = record.value else { return latest.put(partition, key, nil) }
                value.withUnsafeBytes { latest.put(partition, key, $0) }
            }
        }
        var commit = try latest.changes(names: names)
        for (partition, mark) in marks {
            commit.latest[partition] = mark.after(try store.latest(partition))
        }
        for place in batch.positions() {
            if let partition = places[place.partition] { commit.changelogOffsets[partition] = place.offset }
        }
        return commit
    }
}

/// How far a restore is.
public struct RestoreProgress: Sendable, Equatable {
    /// How many partitions are restored at once.
    public let partitions: Int
    /// Offsets that are still to be read.
    public let left: Int64
    /// Of all offsets, how many have been read, in percent.
    public let percent: Int
    /// Records a second since it began.
    public let perSecond: Int
}

/// Tells every so often how far a restore is.
struct ProgressReport {
    private let total: Int64
    private let partitions: Int
    private let began: Int64
    private var said: Int64
    private(set) var records = 0

    /// - Parameter now: by the monotonic clock, in milliseconds.
    init(of total: Int64, partitions: Int, at now: Int64) {
        self.total = total
        self.partitions = partitions
        began = now
        said = now
    }

    /// Answers how far it is, when there is something to tell: every second.
    mutating func moved(by count: Int, left: Int64, at now: Int64) -> RestoreProgress? {
        records += count
        guard now - said >= 1_000 else { return nil }
        said = now
        return RestoreProgress(
            partitions: partitions, left: left, percent: Int((total - left) * 100 / max(1, total)),
            perSecond: records * 1_000 / max(1, Int(now - began)))
    }
}
