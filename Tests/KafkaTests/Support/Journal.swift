import Kafka

/// What the hooks of one member heard.
final class Journal {
    var events: [String] = []
    var held: Set<Int32> = []

    func hooks(startingAt offset: Int64? = nil) -> RebalanceHooks {
        RebalanceHooks(
            assigned: { partitions in
                self.held.formUnion(partitions.map(\.partition))
                self.events.append("assigned")
                return offset.map { offset in partitions.map { $0.at(offset) } } ?? []
            },
            revoked: { partitions in
                self.held.subtract(partitions.map(\.partition))
                self.events.append("revoked")
            },
            lost: { partitions in
                self.held.subtract(partitions.map(\.partition))
                self.events.append("lost")
            })
    }
}
