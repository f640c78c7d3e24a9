import Canonical
import Kafka
import Logging

/// The loop as it runs in production: over librdkafka and LMDB.
typealias HubLoop = TransactionLoop<Consumer, Producer, CommittedReader, Store>

/// What the loop's Kafka clients are made of.
struct HubClients {
    let settings: Settings
    let group: String
    /// Names this process among the hub's: static membership and the transactional id.
    let instance: String
    /// Where the number of this process's starts is kept, when every start takes a transactional id of its own.
    let startsFile: String?

    /// The largest value that the broker takes, in bytes: room for headers and the batch around the record.
    var largest: Int { (settings["message.max.bytes"].flatMap { Int($0) } ?? 1_000_000) - (80 << 10) }

    /// A member is missed after ten seconds. One that restores is no dead one, however long that takes.
    private static let membership: Settings = [
        "session.timeout.ms": "10000", "heartbeat.interval.ms": "1000", "max.poll.interval.ms": "86400000",
    ]

    /// What a process leaves open when it dies holds its partitions' offsets no longer than that.
    private static let patience: Settings = ["transaction.timeout.ms": "10000"]

    func consumer(_ log: Logger) throws(KafkaError) -> Consumer {
        try Consumer(
            Self.membership.merging(settings).merging([
                "group.id": group, "group.instance.id": "\(group).\(instance)",
                "client.id": "omni-hub-\(instance)", "partition.assignment.strategy": "cooperative-sticky",
                "fetch.wait.max.ms": "50", "fetch.error.backoff.ms": "50",
                // A turn decides on what is there, so this much waits for the next one, whatever the backlog.
                "queued.max.messages.kbytes": "16384",
            ]), log: log)
    }

    /// - Parameter insist: waits for a broker that is away.
    func producer(_ insist: Insistence, _ log: Logger) throws -> Producer {
        let name = "\(group).\(instance)"
        let id =
            try startsFile.map {
                try Incarnation(file: $0, name: name).begin(settings, insist, log: log)
            } ?? name
        return try Producer(
            Self.patience.merging(settings).merging([
                "transactional.id": id, "client.id": "omni-hub-\(instance)",
                // It looks at topics that somebody may just have deleted.
                "allow.auto.create.topics": "false",
                // Brokers refuse to begin a transaction while they are still ending the one before: that is asked again soon,
                // or a lone change would wait for a tenth of a second.
                "retry.backoff.ms": "10",
                // A commit sends what waits. Until then full batches leave by themselves, and no others do: records that
                // have waited for longer than this keep librdkafka's thread awake (Producer.commit says more).
                "linger.ms": "1000", "batch.size": "262144", "queue.buffering.max.messages": "200000",
                "queue.buffering.max.kbytes": "65536",
            ]), log: log)
    }

    func changelog(_ log: Logger) -> CommittedReader {
        CommittedReader(settings.merging(["group.id": "\(group)-restore"]), log: log)
    }
}
