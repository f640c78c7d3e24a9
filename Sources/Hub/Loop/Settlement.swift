import Canonical
import Digests

/// By which rules the states of a domain are settled. Each partition notes it once all of its states are, so that a start
/// sees at once whether there is anything to do.
struct Settlement {
    /// By domain: the digest of its entities' rules and subscribers.
    private let digests: [String: [UInt8]]
    /// The partitions whose states are still to be settled, and the last state that was.
    private(set) var open: [DomainPartition: [UInt8]?] = [:]
    /// Partitions that were empty when they came: all that is in them is settled by these rules.
    private(set) var unnoted: Set<DomainPartition> = []

    init(_ model: Model, _ subscribers: [String: [String]]) {
        var digests: [String: [UInt8]] = [:]
        for domain in model.domains {
            let lines = model.entities(of: domain).map { entity in
                "\(entity.name) \(entity.rules.version) \((subscribers[entity.name] ?? []).joined(separator: ","))\n"
            }
            digests[domain] = Array(SHA256.digest(Array(lines.sorted().joined().utf8)))
        }
        self.digests = digests
    }

    func digest(of partition: DomainPartition) -> [UInt8] { digests[partition.domain] ?? [] }

    /// A partition comes, with what it noted.
    mutating func take(_ partition: DomainPartition, noted: [UInt8]?, isEmpty: Bool) {
        drop(partition)
        guard noted != digest(of: partition) else { return }
        if isEmpty { unnoted.insert(partition) } else { open[partition] = .some(nil) }
    }

    mutating func look(_ partition: DomainPartition, after key: [UInt8]) {
        if open[partition] != nil { open[partition] = .some(key) }
    }

    mutating func close(_ partition: DomainPartition) { drop(partition) }

    mutating func noted(_ partition: DomainPartition) { unnoted.remove(partition) }

    mutating func drop(_ partition: DomainPartition) {
        open[partition] = nil
        unnoted.remove(partition)
    }
}
