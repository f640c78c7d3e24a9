public import Logging

extension Consumer {
    /// Reads what is assigned until the position of each partition has reached its end, and lends the batches.
    ///
    /// Positions count, never records: the last offsets of a partition may be transaction markers, aborted or
    /// compacted away. The consumer can go on polling from there. A partition of `ends` that is not assigned is an
    /// error; assigned ones without an end are read too, but not waited for.
    ///
    /// Throws a retriable ``KafkaError`` when the positions stand still before the ends, naming the first partition that is
    /// behind: an open transaction before its end looks like that.
    ///
    /// - Parameters:
    ///   - timeout: how long no position may move. However much there is to be read, it is not given up while it comes.
    ///   - body: gets an empty batch, too, when nothing came for a moment: so it can give up by throwing.
    public func read(
        to ends: [TopicPartition: Int64], max: Int = 10_000, timeout: Duration,
        _ body: (borrowing Batch) throws -> Void
    ) throws {
        let deadline = Deadline(after: timeout)
        if let stranger = ends.keys.first(where: { !partitions.contains($0) }) {
            throw KafkaError(
                .invalidArgument, operation: "read to end", message: "the partition is not assigned",
                topic: stranger.topic, partition: stranger.partition)
        }
        var progress = ReadProgress(
            from: try starts(of: ends.keys.sorted(), until: deadline), to: ends, now: .now)
        while !progress.behind.isEmpty {
            let left = timeout - progress.standstill(.now)
            guard left > .zero else { throw tooSlow(progress.behind) }
            let (positions, finished) = try poll(max: max, timeout: min(left, .milliseconds(100))) { batch in
                try body(batch)
                return (batch.positions(), batch.ends)
            }
            // What the caller did with the batch was no standing still.
            progress.reach(positions + finished, now: .now)
        }
    }

    /// Where reading of partitions began. The beginning is asked for: it may lie behind the end, if all is deleted.
    private func starts(
        of partitions: [TopicPartition], until deadline: Deadline
    ) throws(KafkaError) -> [TopicPartition: Int64] {
        var starts = assignment.starts.filter { $0.value >= 0 }
        let fromBeginning = partitions.filter { assignment.starts[$0] == Offset.beginning }
        let left = Duration.milliseconds(Swift.max(1, deadline.milliseconds))
        let places = try client.offsets(of: fromBeginning, at: Offset.beginning, timeout: left, "read to end")
        for place in places { starts[place.partition] = place.offset }
        return starts
    }

    private func tooSlow(_ behind: [TopicPartition: Int64]) -> KafkaError {
        let (partition, end) = behind.min { $0.key < $1.key }!
        let position = assignment.positions().first { $0.partition == partition }?.offset
        let stands = position.map { "stands at \($0)" } ?? "has read nothing"
        return KafkaError(
            .timedOut, operation: "read to end", message: "the reader \(stands), the end is \(end)",
            topic: partition.topic, partition: partition.partition)
    }
}

/// How far a read to ends has come, and since when it has stood still.
struct ReadProgress {
    /// The ends that aren't reached yet.
    private(set) var behind: [TopicPartition: Int64]
    private var reached: [TopicPartition: Int64]
    private var moved: ContinuousClock.Instant

    init(
        from starts: [TopicPartition: Int64], to ends: [TopicPartition: Int64], now: ContinuousClock.Instant
    ) {
        // Where reading starts at or behind the end there is nothing to read.
        behind = ends.filter { (starts[$0.key] ?? 0) < $0.value }
        reached = starts
        moved = now
    }

    /// Takes up where the partitions are read on.
    mutating func reach(_ places: [TopicPartitionOffset], now: ContinuousClock.Instant) {
        for place in places {
            guard let end = behind[place.partition] else { continue }
            if place.offset > reached[place.partition] ?? -1 {
                reached[place.partition] = place.offset
                moved = now
            }
            if place.offset >= end { behind[place.partition] = nil }
        }
    }

    /// For how long no partition that is behind has moved.
    func standstill(_ now: ContinuousClock.Instant) -> Duration { now - moved }
}

/// What of a partition counts as its content when it is read to its end.
public enum Isolation: String, Sendable {
    /// Committed records only; the end is that of everything written so far, so open transactions are waited for.
    case readCommitted = "read_committed"
    /// Everything, records of open and aborted transactions too.
    case readUncommitted = "read_uncommitted"
}

/// Restores tables from topics.
public enum Table {
    /// Reads whole partitions, from their beginning to the end they have now, and lends the batches.
    ///
    /// The way to restore a table from a compacted topic: the ends are taken from the watermarks first, uncommitted
    /// records included, then partitions are read until their *positions* are there. `settings` are those of a
    /// consumer, `group.id` among them; nothing is committed. Returns the positions: where to follow the topic from.
    /// `timeout` is for the questions before, then for how long reading may stand still.
    @discardableResult
    public static func read(
        _ partitions: [TopicPartition], _ settings: Settings, isolation: Isolation = .readCommitted, max: Int = 10_000,
        timeout: Duration, log: Logger, _ body: (borrowing Batch) throws -> Void
    ) throws -> [TopicPartitionOffset] {
        guard !partitions.isEmpty else { return [] }
        let deadline = Deadline(after: timeout)
        let marks = try Admin(settings, log: log).watermarks(of: partitions, timeout: timeout)
        let consumer = try Consumer(
            settings.merging(["isolation.level": isolation.rawValue, "enable.partition.eof": "true"]), log: log)
        try consumer.assign(partitions.map { $0.at(marks[$0]?.low ?? 0) })
        let left = Duration.milliseconds(Swift.max(1, deadline.milliseconds))
        try consumer.read(to: marks.mapValues(\.high), max: max, timeout: left, body)
        let positions = Dictionary(consumer.positions().map { ($0.partition, $0.offset) }) { $1 }
        try consumer.close()
        return partitions.map { $0.at(Swift.max(positions[$0] ?? 0, marks[$0]?.high ?? 0)) }
    }
}
