/// The last record that was read of each input partition that a hub owns: what its mirror says of it.
///
/// A mark that an abort leaves behind stays true: those records stand where they were read.
struct InputMarks {
    private var marks: [DomainPartition: LogMark] = [:]
    /// Records come in runs of one partition.
    private var latest: (partition: DomainPartition, mark: LogMark)?

    /// A partition comes, with what its mirror says.
    mutating func take(_ partition: DomainPartition, _ mark: LogMark?) {
        drop(partition)
        marks[partition] = mark
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
        }
    }

    subscript(_ partition: DomainPartition) -> LogMark? {
        if let latest, latest.partition == partition { return latest.mark }
        return marks[partition]
    }

    mutating func drop(_ partition: DomainPartition) {
        if latest?.partition == partition { latest = nil }
        marks[partition] = nil
    }
}
