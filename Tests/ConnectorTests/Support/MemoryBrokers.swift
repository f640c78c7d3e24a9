import Canonical
import Document
import Kafka
import Transports

@testable import Connector

/// Topics of one partition each, in memory: what is said is appended at once, and acknowledged when that is asked for.
final class MemoryBrokers: Brokers, @unchecked Sendable {
    // Unchecked: a test steps its loops on one thread.
    fileprivate var logs: [String: [MadeRecord]] = [:]
    fileprivate(set) var committed: [TopicPartition: Int64] = [:]
    /// Whether a record isn't taken.
    var refuses: (_ topic: String, _ key: String, _ value: JSON?) -> Bool = { _, _, _ in false }
    /// Whether nothing that is said in a topic is acknowledged.
    var keepsWaiting: (_ topic: String) -> Bool = { _ in false }
    /// Whether nobody can say what a topic holds.
    var isAway: (_ topic: String) -> Bool = { _ in false }
    /// Why what is to be committed is refused; nil: it is not.
    var refusal: KafkaError.Code?

    let largest = 1_000_000

    /// A record as a test sees it.
    struct Stored {
        let key: String
        let value: JSON?
        let type: String?
        /// The system's own number, and the revision, where its headers name them.
        let own: String?
        let revision: String?
    }

    func records(_ topic: String) -> [Stored] {
        (logs[topic] ?? []).map { record in
            Stored(
                key: record.key.map { String(decoding: $0, as: UTF8.self) } ?? "",
                value: record.value.flatMap { try? JSON(parsing: Array($0)) },
                type: record.headers.first { $0.name == "ce_type" }?.text,
                own: record.headers.first { $0.name == "ce_self" }?.text,
                revision: record.headers.first { $0.name == "ce_revision" }?.text)
        }
    }

    /// What a compacted topic holds.
    func table(_ topic: String) -> [String: JSON] {
        var table: [String: JSON] = [:]
        for record in records(topic) { table[record.key] = record.value }
        return table
    }

    func append(_ topic: String, key: String, _ value: JSON?, _ headers: [(name: String, text: String)] = []) {
        if let value {
            append(topic, key.utf8.span.bytes, value.utf8.span.bytes, Headers(headers))
        } else {
            append(topic, key.utf8.span.bytes, nil, nil)
        }
    }

    /// Appends a golden record, as the hub does.
    func golden(
        _ topic: String, _ entity: String, _ key: String, revision: Int64, _ document: JSON, major: Int = 1
    ) {
        var envelope = Envelope(
            id: "\(key)/\(revision)", source: .hub, type: EventType(entity, .golden), subject: key)
        envelope.dataSchema = "urn:omni:\(entity):\(major)"
        envelope.revision = revision
        append(topic, key: key, document, envelope.headers)
    }

    @discardableResult
    fileprivate func append(
        _ topic: String, _ key: RawSpan?, _ value: RawSpan?, _ headers: consuming Headers?
    ) -> TopicPartitionOffset {
        let place = TopicPartitionOffset(topic, 0, Int64(logs[topic]?.count ?? 0))
        logs[topic, default: []].append(
            MadeRecord(at: place, timestamp: nil, key: key, value: value, headers: headers))
        return place
    }

    // MARK: Brokers

    func producer(_ onDelivery: @escaping @Sendable (Kafka.Delivery) -> Void) throws(KafkaError) -> any Outlet {
        MemoryOutlet(self, onDelivery)
    }

    func member() throws(KafkaError) -> any Member { MemoryReader(self) }

    func follower() throws(KafkaError) -> any Follower { MemoryReader(self) }

    func partitions(of topics: [String]) throws -> [TopicPartition] { topics.map { TopicPartition($0, 0) } }

    func watermarks(of partitions: [TopicPartition]) throws(KafkaError) -> [TopicPartition: Watermarks] {
        var marks: [TopicPartition: Watermarks] = [:]
        try checkLeaders(of: partitions)
        for place in partitions { marks[place] = Watermarks(low: 0, high: Int64(logs[place.topic]?.count ?? 0)) }
        return marks
    }

    func read(_ partitions: [TopicPartition], _ body: (borrowing Batch) throws -> Void) throws {
        try checkLeaders(of: partitions)
        for place in partitions { try body(Batch(logs[place.topic] ?? [], positions: [])) }
    }

    private func checkLeaders(of partitions: [TopicPartition]) throws(KafkaError) {
        guard let place = partitions.first(where: { isAway($0.topic) }) else { return }
        throw KafkaError(.leaderNotAvailable, operation: "read", topic: place.topic)
    }
}

private final class MemoryOutlet: Outlet, @unchecked Sendable {
    private let brokers: MemoryBrokers
    private let onDelivery: (Kafka.Delivery) -> Void
    private var under: [Kafka.Delivery] = []

    init(_ brokers: MemoryBrokers, _ onDelivery: @escaping (Kafka.Delivery) -> Void) {
        self.brokers = brokers
        self.onDelivery = onDelivery
    }

    func produce(
        to topic: String, partition: Int32?, key: RawSpan?, value: RawSpan?, headers: consuming Headers?,
        timestamp: Int64?, token: UInt64
    ) throws(KafkaError) {
        let name = key?.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } ?? ""
        // As librdkafka has it: room for headers, and no more.
        if (key?.byteCount ?? 0) + (value?.byteCount ?? 0) > brokers.largest + 4096 {
            throw KafkaError(.messageTooLarge, operation: "produce", topic: topic)
        }
        let json = value?.withUnsafeBytes { try? JSON(parsing: Array($0)) }
        if brokers.refuses(topic, name, json ?? nil) {
            throw KafkaError(.queueFull, operation: "produce", verdict: .retriable)
        }
        let place = brokers.append(topic, key, value, headers)
        under.append(Kafka.Delivery(token: token, place: place, error: nil))
    }

    func poll(timeout: Duration) {
        let settled = under.filter { !brokers.keepsWaiting($0.place.topic) }
        under.removeAll { !brokers.keepsWaiting($0.place.topic) }
        for delivery in settled { onDelivery(delivery) }
    }

    func flush(timeout: Duration) throws(KafkaError) { poll(timeout: timeout) }
}

/// Alone in its group, or reading what it was told to.
private final class MemoryReader: Member, Follower {
    private let brokers: MemoryBrokers
    private var topics: [String] = []
    private var hooks: RebalanceHooks?
    private var next: [TopicPartition: Int64] = [:]

    init(_ brokers: MemoryBrokers) { self.brokers = brokers }

    func subscribe(to topics: [String], hooks: RebalanceHooks) throws(KafkaError) {
        self.topics = topics
        self.hooks = hooks
    }

    func assign(_ places: [TopicPartitionOffset]) throws(KafkaError) {
        for place in places { next[place.partition] = place.offset }
    }

    func poll<Result>(max: Int, timeout: Duration, _ body: (borrowing Batch) throws -> Result) throws -> Result {
        if let hooks {
            self.hooks = nil
            let places = topics.map { TopicPartition($0, 0) }
            for place in places { next[place] = brokers.committed[place] ?? 0 }
            _ = try hooks.assigned(places)
            return try body(Batch([], positions: []))
        }
        var found: [MadeRecord] = []
        for (place, start) in next.sorted(by: { $0.key < $1.key }) {
            let records = (brokers.logs[place.topic] ?? []).dropFirst(Int(start)).prefix(max - found.count)
            found += records
            next[place] = start + Int64(records.count)
        }
        return try body(Batch(found, positions: next.map { $0.key.at($0.value) }))
    }

    func commit(_ positions: [TopicPartitionOffset], wait: Bool) throws(KafkaError) {
        if let refusal = brokers.refusal { throw KafkaError(refusal, operation: "commit offsets") }
        for place in positions { brokers.committed[place.partition] = place.offset }
    }

    func committed(
        _ partitions: [TopicPartition], timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: Int64] {
        brokers.committed.filter { partitions.contains($0.key) }
    }

    func close() throws {}
}
