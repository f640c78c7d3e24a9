import Document
import Kafka

/// What mends parked records while too much is parked: newer records of the same entities, read ahead of the sinks' own
/// position.
///
/// Nothing else is taken up then, and a newer record may stand behind any number of others. So they are read by a reader of their
/// own, which keeps nothing but what is looked for; the sinks' position stays where it is, and passes them over when it comes
/// there. That outlives the process: what took a parked one's place says so in the topic, until it is passed.
struct Corrections {
    private var reader: (any Follower)?
    /// The place of the newest record that was taken ahead, by the name under which it is parked.
    private var taken: [String: TopicPartitionOffset] = [:]
    /// The same of those that aren't safe yet.
    private var fresh: [String: TopicPartitionOffset] = [:]

    /// Takes up what a process before has taken ahead.
    mutating func restore(_ name: String, at place: TopicPartitionOffset) { taken[name] = place }

    /// Whether there is a reader.
    var isOpen: Bool { reader != nil }

    /// Whether nothing was taken ahead.
    var isEmpty: Bool { taken.isEmpty }

    /// Begins to read ahead from the sinks' own position.
    mutating func open(_ brokers: any Brokers, at places: [TopicPartitionOffset]) throws {
        let reader = try brokers.follower()
        try reader.assign(places)
        self.reader = reader
    }

    /// Ends reading. What isn't safe is read again when it begins anew.
    mutating func close() {
        // It has nothing to give back but itself.
        try? reader?.close()
        (reader, fresh) = (nil, [:])
    }

    /// Reads on.
    ///
    /// - Parameters:
    ///   - most: so many records at once.
    ///   - entityOf: what the topics hold.
    ///   - isParked: whether an entity is held back.
    /// - Returns: the newest of each entity that is parked, and how many records were read; none: there are no more for now.
    mutating func read(
        atMost most: Int, _ entityOf: [String: String], _ isParked: (Golden) -> Bool
    ) throws -> (found: [Golden], count: Int) {
        guard let reader else { return ([], 0) }
        var newest = Coalescing()
        let count = try reader.poll(max: most, timeout: .milliseconds(100)) { batch in
            batch.forEach { record in
                // Who can't be read is told of when it is taken up.
                guard let entity = entityOf[record.topic],
                    case .success(let golden) = Golden.read(record, entity: entity), isParked(golden)
                else { return }
                newest.add(golden)
            }
            return batch.count
        }
        return (newest.records, count)
    }

    /// Notes that a record was parked in the place of an older one.
    mutating func take(_ golden: Golden, as name: String) {
        if let place = golden.place.offset { fresh[name] = place }
    }

    /// What was taken is safe.
    mutating func confirm() {
        taken.merge(fresh) { $1 }
        fresh = [:]
    }

    /// Whether this record, or one behind it, was taken ahead.
    func hasTaken(_ golden: Golden, as name: String) -> Bool {
        guard let place = golden.place.offset, let taken = taken[name] else { return false }
        return place.partition == taken.partition && place.offset <= taken.offset
    }

    /// What stays in the topic of a record that is parked no longer; nil: nothing, as nothing older of it is still to come.
    func note(_ name: String) -> JSON? { taken[name].map { ["ahead": $0.json] } }

    /// Forgets what the sinks' position has passed, and says of whom.
    mutating func forget(before positions: [TopicPartitionOffset]) -> [String] {
        guard !taken.isEmpty else { return [] }
        let offsets = Dictionary(positions.map { ($0.partition, $0.offset) }) { $1 }
        let passed = taken.filter { $0.value.offset < offsets[$0.value.partition] ?? 0 }.keys.sorted()
        for name in passed { taken[name] = nil }
        return passed
    }
}

extension TopicPartitionOffset {
    /// For the topic.
    var json: JSON {
        [
            "topic": .string(topic), "partition": .number(Number(Int(partition.partition))),
            "offset": .number(Number(Int(offset))),
        ]
    }

    /// Reads what ``json`` gives.
    init?(_ json: JSON) {
        guard let topic = json["topic"]?.string, let partition = json["partition"]?.integer,
            let offset = json["offset"]?.integer
        else { return nil }
        self.init(topic, Int32(partition), Int64(offset))
    }
}

extension Golden.Place {
    /// Where it stands; nil: it is only known in words.
    var offset: TopicPartitionOffset? {
        guard case .record(let topic, let partition, let offset) = self else { return nil }
        return TopicPartition(topic, partition).at(offset)
    }
}
