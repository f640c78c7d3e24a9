import Kafka

/// What a start repeats: the golden records that the process before may have written without committing its position. Until
/// they are written and reported, what a source reads may be our own (I6; docs/contracts.md, Turns).
///
/// A batch counts records. A partition's offsets count its transactions' ends and its compacted records too, so they tell
/// nothing of how far a batch went.
struct Repeating {
    /// One partition that isn't repeated yet.
    private struct Rest {
        /// How many records are still to be read: of those that were there, compaction may have taken some since.
        var records: Int
        /// Where reading begins.
        let start: Int64
        /// Behind what the process before noted that it was about to write.
        let noted: Int64
        /// Where the partition ended at the start: it wrote nothing behind that.
        let end: Int64
    }

    private var rests: [TopicPartition: Rest] = [:]

    /// - Parameters:
    ///   - partitions: those of the sinks, each with the committed position, if there is one.
    ///   - batch: the most records that the process before wrote at once.
    ///   - noted: the last offset of a partition that it noted, if it did.
    init(
        _ partitions: [(partition: TopicPartition, committed: Int64?)], _ marks: [TopicPartition: Watermarks],
        batch: Int, noted: (TopicPartition) -> Int64?
    ) {
        for (partition, committed) in partitions {
            guard let mark = marks[partition] else { continue }
            let start = max(committed ?? mark.low, mark.low)
            guard start < mark.high else { continue }
            rests[partition] = Rest(records: batch, start: start, noted: (noted(partition) ?? -1) + 1, end: mark.high)
        }
    }

    /// Whether nothing is left to be read.
    var isDone: Bool { rests.isEmpty }

    /// Whether something that was noted lies ahead of these positions.
    func awaitsNote(_ positions: [TopicPartitionOffset]) -> Bool {
        rests.contains { partition, rest in
            let goal = min(rest.noted, rest.end)
            return goal > rest.start && (positions.first { $0.partition == partition }?.offset ?? 0) < goal
        }
    }

    /// A record was read.
    mutating func take(_ partition: TopicPartition) { rests[partition]?.records -= 1 }

    /// All that was read before these positions is written and reported.
    mutating func reach(_ positions: [TopicPartitionOffset]) {
        for place in positions {
            guard let rest = rests[place.partition] else { continue }
            let isRead = rest.records <= 0 && place.offset >= rest.noted
            if isRead || place.offset >= rest.end { rests[place.partition] = nil }
        }
    }
}
