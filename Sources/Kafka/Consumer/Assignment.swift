import CRdKafka

/// The partitions a consumer reads at present, and what is kept for them between polls. Used on its thread only.
final class Assignment {
    private let handle: OpaquePointer
    /// In the order of `list`.
    private(set) var partitions: [TopicPartition] = []
    /// Where reading began: the offset given on assignment or by seek, logical ones too.
    private(set) var starts: [TopicPartition: Int64] = [:]
    private var list = PartitionList([] as [TopicPartition])
    /// Positions as they were before the batch read that is under way.
    private var marks = PartitionList([] as [TopicPartition])
    /// What positions are while hooks run: librdkafka's may count records that were read, but not handed out.
    private var frozen: [TopicPartition: Int64]?
    /// Partitions that hooks have sought.
    private var soughtByHooks: Set<TopicPartition> = []
    private var names: [(topic: OpaquePointer, name: String)] = []
    private var latest = 0

    init(handle: OpaquePointer) { self.handle = handle }

    func replace(with places: [TopicPartitionOffset]) {
        starts = Dictionary(places.map { ($0.partition, $0.offset) }) { $1 }
        rebuild(places.map(\.partition))
    }

    func add(_ places: [TopicPartitionOffset]) {
        for place in places { starts[place.partition] = place.offset }
        rebuild(partitions.filter { starts[$0] != nil } + places.map(\.partition).filter { !partitions.contains($0) })
    }

    func remove(_ removed: Set<TopicPartition>) {
        for partition in removed { starts[partition] = nil }
        rebuild(partitions.filter { !removed.contains($0) })
    }

    func sought(_ place: TopicPartitionOffset) {
        starts[place.partition] = place.offset
        guard frozen != nil else { return }
        frozen?[place.partition] = nil
        soughtByHooks.insert(place.partition)
    }

    /// Remembers the positions, before a batch read.
    func mark() {
        if !partitions.isEmpty { _ = marks.lend { rd_kafka_position(handle, $0) } }
    }

    /// Runs the hooks and what answers the group, with positions as they were marked. Returns where the partitions that
    /// stay must be read from again: at the marks. Those that hooks have sought, or that neither handed anything out
    /// before nor gave anything to the batch read, are left out; one that began with this read gets its start.
    func rebalance(_ answer: () throws -> Void) rethrows -> [TopicPartitionOffset] {
        let taken = Dictionary(positions().map { ($0.partition, $0.offset) }) { $1 }
        var marked: [TopicPartition: Int64] = [:]
        for (index, partition) in partitions.enumerated() where marks.offset(at: index) >= 0 {
            marked[partition] = marks.offset(at: index)
        }
        frozen = marked
        soughtByHooks = []
        defer { frozen = nil }
        try answer()
        return partitions.filter { taken[$0] != nil && !soughtByHooks.contains($0) }
            .map { $0.at(marked[$0] ?? starts[$0] ?? Offset.committed) }
    }

    private func rebuild(_ partitions: [TopicPartition]) {
        self.partitions = partitions
        list = PartitionList(partitions)
        marks = PartitionList(partitions)
        // Topic handles live as long as their partitions are assigned; after that an address may be another topic's.
        names = []
        latest = 0
    }

    /// The position of each partition that has handed out something since its start.
    func positions() -> [TopicPartitionOffset] {
        guard !partitions.isEmpty else { return [] }
        if let frozen { return partitions.compactMap { partition in frozen[partition].map { partition.at($0) } } }
        _ = list.lend { rd_kafka_position(handle, $0) }
        var positions: [TopicPartitionOffset] = []
        positions.reserveCapacity(partitions.count)
        for (index, partition) in partitions.enumerated() where list.offset(at: index) >= 0 {
            positions.append(partition.at(list.offset(at: index)))
        }
        return positions
    }

    /// A topic's name without making a string.
    func name(of topic: OpaquePointer?) -> String {
        guard let topic else { return "" }
        if latest < names.count, names[latest].topic == topic { return names[latest].name }
        if let found = names.firstIndex(where: { $0.topic == topic }) {
            latest = found
        } else {
            names.append((topic, String(cString: rd_kafka_topic_name(topic))))
            latest = names.count - 1
        }
        return names[latest].name
    }
}
