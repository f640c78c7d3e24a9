import Canonical

/// Which entities of the owned partitions have records waiting, in memory, derived from the store; and how far those that
/// came with a partition have been looked at again.
struct WaitingRoom {
    private struct Line {
        /// How many records of each key wait.
        var counts: [ExactText: Int] = [:]
        /// Keys whose first record was tried, and must wait on.
        var blocked: Set<ExactText> = []
        /// The last note that was looked at.
        var cursor: [UInt8]?
    }

    private var lines: [DomainPartition: Line] = [:]

    /// How many records wait.
    var count: Int { lines.values.reduce(0) { $0 + $1.counts.values.reduce(0, +) } }

    func holds(_ partition: DomainPartition, _ key: String) -> Bool {
        !lines.isEmpty && lines[partition]?.counts[ExactText(key)] != nil
    }

    mutating func add(_ partition: DomainPartition, _ key: String) {
        lines[partition, default: Line()].counts[ExactText(key), default: 0] += 1
    }

    mutating func remove(_ partition: DomainPartition, _ key: String) {
        let key = ExactText(key)
        guard let count = lines[partition]?.counts[key] else { return }
        lines[partition]?.counts[key] = count > 1 ? count - 1 : nil
        if lines[partition]?.counts.isEmpty == true { lines[partition] = nil }
    }

    /// A key's first record is of a version that this hub doesn't know: nothing behind it moves.
    mutating func block(_ partition: DomainPartition, _ key: String) {
        lines[partition]?.blocked.insert(ExactText(key))
    }

    func isBlocked(_ partition: DomainPartition, _ key: String) -> Bool {
        lines[partition]?.blocked.contains(ExactText(key)) ?? false
    }

    /// The partitions in which a record waits that may not have to, and where to look on.
    var unsettled: [(partition: DomainPartition, after: [UInt8]?)] {
        lines.filter { $0.value.counts.count > $0.value.blocked.count }.map { ($0.key, $0.value.cursor) }
    }

    mutating func look(_ partition: DomainPartition, after note: [UInt8]) { lines[partition]?.cursor = note }

    mutating func drop(_ partition: DomainPartition) { lines[partition] = nil }
}
