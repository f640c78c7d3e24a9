import Kafka

// A turn that has become large leaves before its batch is decided, so that memory stays bounded whatever states are touched:
// each decision keeps a copy of the state that it has made, and a rush of small records may make the same large one thousands
// of times.
extension TransactionLoop {
    /// Decides the records that were read.
    func decide(_ batch: borrowing Batch) throws {
        for index in batch.indices {
            try decide(batch[index], turn.now)
            if isLarge { try relieve(turn.positions.moved(to: batch.positions(through: index))) }
        }
    }

    /// Hands over what is decided so far; the rest of what was read goes on in another turn, at the same time.
    ///
    /// - Parameter positions: behind what was decided.
    func relieve(_ positions: [TopicPartitionOffset]) throws {
        turn.positions = positions
        let now = turn.now
        try handOver()
        turn.now = now
        turn.began = clocks.now()
        // The turn before is in the store by now, and nowhere else.
        try view.refresh()
    }

    /// Whether the turn holds more than a turn should.
    var isLarge: Bool { turn.overlay.arena.count > most }
}

extension Batch {
    /// The positions behind the records up to one of them.
    fileprivate func positions(through last: Int) -> [TopicPartition: Int64] {
        var positions: [TopicPartition: Int64] = [:]
        for index in 0...last { positions[self[index].topicPartition] = self[index].offset + 1 }
        return positions
    }
}

extension [TopicPartitionOffset] {
    /// These, where nothing later is known: what waits for company was read before.
    fileprivate func moved(to later: [TopicPartition: Int64]) -> [TopicPartitionOffset] {
        filter { later[$0.partition] == nil }
            + later.map { $0.key.at($0.value) }.sorted { $0.partition.description < $1.partition.description }
    }
}
