/// One topic as it must be.
public struct Topic: Sendable, Hashable {
    /// Its name.
    public let name: String
    /// How many partitions. Never changed in place.
    public let partitions: Int
    /// Its settings, by Kafka's names.
    public let settings: [String: String]
}

/// Every topic of an installation with its settings: the one table that `omni topics` creates and verifies.
public struct TopicTable: Sendable {
    /// The topics, in the order of their names.
    public let topics: [Topic]

    /// The table.
    ///
    /// - Parameters:
    ///   - names: the installation's names.
    ///   - model: its entities.
    ///   - connectors: its connectors' names.
    ///   - replicas: the brokers that keep each partition; writes need all but one of them.
    ///   - maxMessageBytes: the largest record.
    ///   - partitions: how many, by domain. Customers are decided in one, and spread over as many as
    ///     are asked for once they are golden (docs/decisions/0002).
    public init(
        names: TopicNames, model: Model, connectors: [String], replicas: Int = 1, maxMessageBytes: Int = 1 << 20,
        partitions: (_ domain: String) -> Int
    ) {
        let common = [
            "min.insync.replicas": String(max(1, replicas - 1)),
            "max.message.bytes": String(maxMessageBytes),
            // The record's time is when it came to the broker: stamps are clamped to it, so a client must not choose it.
            "message.timestamp.type": "LogAppendTime",
        ]
        let log = common.merging(["cleanup.policy": "delete", "retention.ms": Self.days(30)]) { $1 }
        let table = common.merging([
            "cleanup.policy": "compact",
            // Whoever was away for less than half of this still sees every deletion.
            "delete.retention.ms": String(Self.deletionsKept),
            // A deleted person is gone from the disks within this time after the tombstone.
            "max.compaction.lag.ms": Self.days(7),
        ]) { $1 }
        var topics: [Topic] = []
        for domain in model.domains {
            let count = max(1, partitions(domain))
            let decided = domain == "customer" ? 1 : count
            topics.append(Topic(name: names.input(domain: domain), partitions: decided, settings: log))
            topics.append(Topic(name: names.state(domain: domain), partitions: decided, settings: table))
            for entity in model.entities(of: domain) {
                topics.append(Topic(name: names.golden(entity: entity.name), partitions: count, settings: table))
                if entity.engine != .stock {
                    topics.append(Topic(name: names.identity(entity: entity.name), partitions: count, settings: table))
                }
            }
        }
        for connector in connectors {
            topics.append(Topic(name: names.position(connector: connector), partitions: 1, settings: table))
            topics.append(Topic(name: names.parked(connector: connector), partitions: 1, settings: table))
            topics.append(Topic(name: names.dead(of: connector), partitions: 1, settings: log))
        }
        topics.append(Topic(name: names.dead(of: "hub"), partitions: 1, settings: log))
        self.topics = topics.sorted { $0.name < $1.name }
    }

    /// The topic of that name.
    public subscript(_ name: String) -> Topic? { topics.first { $0.name == name } }

    /// How long a compacted topic keeps deletions, in milliseconds.
    public static let deletionsKept: Int64 = 30 * 86_400_000

    private static func days(_ count: Int) -> String { String(count * 86_400_000) }
}
