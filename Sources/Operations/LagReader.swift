public import Kafka
public import Logging

/// Asks the broker how far the hub and the connectors are.
public struct LagReader {
    private let settings: Settings
    private let log: Logger
    private let admin: Admin

    /// A reader for a broker.
    public init(_ settings: Settings, log: Logger) throws(KafkaError) {
        self.settings = settings
        self.log = log
        admin = try Admin(settings, log: log)
    }

    /// The lag of every group.
    ///
    /// - Parameters:
    ///   - groups: name, consumer group, and the topics that it reads.
    ///   - now: milliseconds since 1970, for the ages.
    public func read(
        _ groups: [(name: String, group: String, topics: [String])], now: Int64
    ) throws -> [GroupLag] {
        let names = Set(groups.flatMap(\.topics))
        let partitions = Dictionary(
            uniqueKeysWithValues: try admin.topics(Array(names), timeout: .seconds(10)).map {
                ($0.name, $0.topicPartitions)
            })
        let all = partitions.values.flatMap { $0 }
        let marks = try admin.watermarks(of: all, timeout: .seconds(10))
        let ends = marks.mapValues(\.high)
        return try groups.map { entry in
            let own = entry.topics.flatMap { partitions[$0] ?? [] }
            var committed: [TopicPartition: Int64] = [:]
            // A reader of nothing isn't level.
            let missing = entry.topics.filter { partitions[$0] == nil }
            var note = missing.isEmpty ? nil : "there is no topic \(missing.joined(separator: ", "))"
            var isKnown = true
            do throws(KafkaError) {
                committed = try admin.committed(group: entry.group, own, timeout: .seconds(5))
            } catch {
                // An open transaction hides the offsets: unknown, which is not 0.
                guard error.isRetriable else { throw error }
                note = error.message
                isKnown = false
            }
            let starts = Dictionary(uniqueKeysWithValues: own.map { ($0, committed[$0] ?? marks[$0]?.low ?? 0) })
            let ages = isKnown ? try ages(starts.filter { $0.value < ends[$0.key] ?? 0 }, now: now) : [:]
            let members = try? admin.groups(entry.group, timeout: .seconds(5)).first?.members.count ?? 0
            return GroupLag(
                name: entry.name, group: entry.group, members: members,
                partitions: own.sorted().map {
                    PartitionLag(
                        partition: $0, committed: committed[$0], start: marks[$0]?.low ?? 0, end: ends[$0] ?? 0,
                        age: ages[$0], isKnown: isKnown)
                }, note: note)
        }
    }

    /// How old the records are that wait first.
    private func ages(_ positions: [TopicPartition: Int64], now: Int64) throws -> [TopicPartition: Int64] {
        guard !positions.isEmpty else { return [:] }
        let consumer = try Consumer(
            settings.merging([
                "group.id": "omni-lag", "isolation.level": "read_committed", "enable.partition.eof": "true",
                "auto.offset.reset": "earliest",
            ]), log: log)
        try consumer.assign(positions.map { $0.key.at($0.value) })
        var ages: [TopicPartition: Int64] = [:]
        var finished: Set<TopicPartition> = []
        for _ in 0..<50 where ages.count + finished.count < positions.count {
            try consumer.poll(max: 1_000, timeout: .milliseconds(100)) { batch in
                batch.forEach { record in
                    let place = record.topicPartition
                    if ages[place] == nil, let stamp = record.timestamp { ages[place] = max(0, now - stamp) }
                }
                for end in batch.ends where ages[end.partition] == nil { finished.insert(end.partition) }
            }
        }
        try consumer.close()
        return ages
    }
}
