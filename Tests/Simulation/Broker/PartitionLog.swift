package import Kafka

/// Records of one transaction in one partition: open until its marker stands behind them.
final class LogTransaction {
    enum Fate { case open, committed, aborted }

    let producer: Int64
    let first: Int64
    var fate = Fate.open

    init(producer: Int64, first: Int64) {
        self.producer = producer
        self.first = first
    }
}

/// One partition: records, markers, what is open, and what readers may see.
package final class PartitionLog {
    package struct Entry {
        package let offset: Int64
        /// nil is a transaction's marker.
        package let record: MadeRecord?
        let transaction: LogTransaction?

        /// Whether readers of committed records see it.
        package var isCommitted: Bool { record != nil && (transaction.map { $0.fate == .committed } ?? true) }
    }

    package let place: TopicPartition
    let isCompacted: Bool
    /// What readers can still read.
    package private(set) var entries: [Entry] = []
    /// Everything that was ever appended: the auditor's.
    package private(set) var history: [Entry] = []
    package private(set) var end: Int64 = 0
    private var open: [LogTransaction] = []
    /// A planted defect: readers see what isn't committed.
    private let isDirty: Bool

    init(_ place: TopicPartition, isCompacted: Bool, isDirty: Bool) {
        self.place = place
        self.isCompacted = isCompacted
        self.isDirty = isDirty
    }

    /// The oldest offset that is there.
    package var low: Int64 { entries.first?.offset ?? end }

    /// Up to here readers of committed records may read.
    package var stable: Int64 { isDirty ? end : open.map(\.first).min() ?? end }

    /// Puts a record at the end, in the open transaction of its producer where it has one.
    func append(_ record: MadeRecord, at time: Int64, inTransactionOf producer: Int64?) -> Int64 {
        record.stand(at: place.at(end), timestamp: time)
        var transaction: LogTransaction?
        if let producer {
            transaction = open.first { $0.producer == producer }
            if transaction == nil {
                transaction = LogTransaction(producer: producer, first: end)
                open.append(transaction!)
            }
        }
        return add(Entry(offset: end, record: record, transaction: transaction))
    }

    /// Ends a producer's transaction in this partition. The marker takes an offset.
    func mark(_ producer: Int64, committed: Bool) {
        if let index = open.firstIndex(where: { $0.producer == producer }) {
            open[index].fate = committed ? .committed : .aborted
            open.remove(at: index)
        }
        _ = add(Entry(offset: end, record: nil, transaction: nil))
    }

    /// The offsets of what a producer's open transaction has written here.
    func openOffsets(of producer: Int64) -> [Int64] {
        guard let transaction = open.first(where: { $0.producer == producer }) else { return [] }
        return history[Int(transaction.first)...].filter { $0.transaction === transaction }.map(\.offset)
    }

    private func add(_ entry: Entry) -> Int64 {
        entries.append(entry)
        history.append(entry)
        end += 1
        return entry.offset
    }

    // MARK: Reading

    /// What a reader of committed records finds from an offset on: at most `most` records, none at or behind `limit`, and
    /// where it stands then.
    func read(from offset: Int64, most: Int, before limit: Int64) -> (records: [MadeRecord], position: Int64) {
        var records: [MadeRecord] = []
        var position = offset
        let end = min(limit, stable)
        var index = place(of: offset)
        while index < entries.count, entries[index].offset < end, records.count < most {
            let entry = entries[index]
            if isDirty || entry.isCommitted, let record = entry.record { records.append(record) }
            position = entry.offset + 1
            index += 1
        }
        // What was compacted away at the end is passed over, too.
        if records.count < most, index >= entries.count || entries[index].offset >= end {
            position = max(position, end)
        }
        return (records, position)
    }

    /// The first record, committed or not, appended at or after a time.
    func offset(from milliseconds: Int64) -> Int64? {
        entries.first { ($0.record?.timestamp ?? .min) >= milliseconds }?.offset
    }

    /// The index of the first entry at or behind an offset.
    private func place(of offset: Int64) -> Int {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].offset < offset { low = middle + 1 } else { high = middle }
        }
        return low
    }

    // MARK: Cleaning

    /// Removes what a later record of the same key has replaced, and aborted records, up to some offset. Tombstones stay
    /// until they are `deletionsKept` old.
    func compact(upTo limit: Int64, now: Int64, deletionsKept: Int64) {
        let end = min(limit, stable)
        var latest: [[UInt8]: Int64] = [:]
        for entry in entries where entry.offset < end && entry.isCommitted {
            if let key = entry.record?.key { latest[Array(key)] = entry.offset }
        }
        entries.removeAll { entry in
            guard entry.offset < end, let record = entry.record else { return false }
            guard entry.isCommitted else { return true }
            guard let key = record.key else { return false }
            if latest[Array(key)] != entry.offset { return true }
            return record.value == nil && (record.timestamp ?? now) < now - deletionsKept
        }
    }
}
