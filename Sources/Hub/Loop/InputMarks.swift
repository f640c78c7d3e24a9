/// The last record that was read of each input partition that a hub owns, and by which record it is known to be the topic
/// that it was: what its mirror says.
///
/// A mark that an abort leaves behind stays true: those records stand where they were read.
struct InputMarks {
    private var marks: [DomainPartition: LogMark] = [:]
    /// Records come in runs of one partition.
    private var latest: (partition: DomainPartition, mark: LogMark)?
    /// What was found to be there still. What was read since may be another topic's, so the mirror goes on saying this.
    private var proven: [DomainPartition: LogMark] = [:]

    /// A partition comes, with what its mirror says, which was found to be true.
    mutating func take(_ partition: DomainPartition, _ mark: LogMark?) {
        drop(partition)
        marks[partition] = mark
        proven[partition] = mark
    }

    /// A record was read.
    ///
    /// - Parameter time: when the broker appended it; nil: it doesn't say.
    mutating func read(_ partition: DomainPartition, offset: Int64, at time: Int64?) {
        guard let time else { return }
        let mark = LogMark(offset: offset, appended: time)
        if let latest, latest.partition == partition {
            self.latest = (partition, mark.after(latest.mark))
        } else {
            if let latest { marks[latest.partition] = latest.mark }
            latest = (partition, mark.after(marks[partition]))
            // The first one that was ever read.
            if proven[partition] == nil { proven[partition] = mark }
        }
    }

    /// What ``subscript(_:)`` says was there still, after all that has been read by now: that belongs to the same topic.
    mutating func prove(_ partition: DomainPartition) { proven[partition] = last(partition) }

    /// The record by which the topic is known.
    subscript(_ partition: DomainPartition) -> LogMark? { proven[partition] }

    private func last(_ partition: DomainPartition) -> LogMark? {
        if let latest, latest.partition == partition { return latest.mark }
        return marks[partition]
    }

    mutating func drop(_ partition: DomainPartition) {
        if latest?.partition == partition { latest = nil }
        marks[partition] = nil
        proven[partition] = nil
    }
}
