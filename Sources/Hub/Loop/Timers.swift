import Canonical

/// When keys of the owned partitions have something to expire: in memory, derived from the state at assignment.
struct Timers {
    private var due: [DomainPartition: [ExactText: Tick]] = [:]
    /// The earliest time of each partition, so that the loop asks one number.
    private var earliest: Tick?

    /// Replaces what was said of a key.
    mutating func set(_ partition: DomainPartition, _ key: String, _ time: Tick?) {
        due[partition, default: [:]][ExactText(key)] = time
        if let time { earliest = min(earliest ?? time, time) }
    }

    /// Forgets a partition.
    mutating func drop(_ partition: DomainPartition) { due[partition] = nil }

    /// The keys whose time has come.
    mutating func ready(at now: Tick) -> [(partition: DomainPartition, key: String)] {
        guard let first = earliest, first <= now else { return [] }
        var ready: [(DomainPartition, String)] = []
        earliest = nil
        for (partition, keys) in due {
            for (key, time) in keys {
                if time <= now { ready.append((partition, key.text)) }
                earliest = min(earliest ?? time, time)
            }
        }
        return ready.sorted { ($0.0.description, ExactText($0.1)) < ($1.0.description, ExactText($1.1)) }
    }
}
