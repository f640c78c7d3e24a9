import Canonical
import Kafka
import Logging

// Over how many partitions keys are spread never changes in place: a key's next record would be decided where nothing is known of it,
// and what was told of it before would stay where nobody tells anything of it any more.

extension TransactionLoop {
    /// Whether a topic has as many partitions as when the hub began. A topic that is gone is waited for, and looked at again.
    func checkSpread(of topic: String) throws {
        guard let known = partitionCounts[topic] else { return }
        let found: Int32?
        do throws(KafkaError) { found = try producer.partitionCount(of: topic, timeout: Patience.look) } catch {
            log.debug("a topic's partitions can't be counted", metadata: ["error": "\(error)"])
            return
        }
        guard let found, found > 0, found != known else { return }
        throw HubError.respread(topic, found, before: known, isInput: domains[topic] != nil)
    }
}

extension TransactionLoop {
    /// So many states tell whether a partition's keys belong there: of twice as many partitions half of the keys belong to others.
    private static var tellingKeys: Int { 64 }

    /// Whether the states of a partition are those of keys that belong there. Nothing is decided under any other (``Intake``), so where
    /// there are others the input, its changelog and its outputs were all given other partitions while no hub looked. To go on
    /// would decide without what is known of half of the keys (I4, I5).
    func checkKeys(of partition: DomainPartition, _ place: TopicPartition) throws {
        guard let count = partitionCounts[place.topic] else { return }
        var keys: [[UInt8]] = []
        try store.scan(partition) { key, _ in
            if !Note.isNote(key) { keys.append(Array(key)) }
            return keys.count < Self.tellingKeys
        }
        func belong(_ count: Int32) -> Bool {
            keys.allSatisfy { key in
                Partitioner.partition(key: key.span.bytes, count: count) == place.partition
            }
        }
        if belong(count) { return }
        let before = (1..<max(count, 2) * 2).last { $0 != count && $0 > place.partition && belong($0) }
        throw HubError.respread(place.topic, count, before: before, isInput: true)
    }
}

extension TopicNames {
    /// The topics into which a domain's golden records, decisions and numbers are told.
    func outputs(of domain: String, _ model: Model) -> [String] {
        model.entities(of: domain).flatMap { entity in
            [golden(entity: entity.name)] + (entity.engine == .stock ? [] : [identity(entity: entity.name)])
        }
    }
}

extension HubError {
    /// A topic's partitions are others than they were.
    ///
    /// - Parameter before: how many there were; nil where nobody knows.
    static func respread(_ topic: String, _ now: Int32, before: Int32?, isInput: Bool) -> HubError {
        let before = before.map { "\($0)" } ?? "another number"
        return HubError(
            "\(topic) has \(now) partitions, and had \(before): counts never change in place, as keys would leave "
                + (isInput
                    ? "their states. Start over with another 'prefix'"
                    : "what was told of them. Delete it, and make it anew with \(before) ('omni topics --create' takes the number "
                        + "from omni.yaml): all is told again")
        )
    }
}
