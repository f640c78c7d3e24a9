import Canonical
import Document
import Kafka
import Logging

/// Reads `omni.id.*` into the table, and `omni.reservation` where a mapping asks for decisions, and follows them.
final class IdentityFollower: Loop {
    let shared: Shared
    private let table: IdentityTable
    private let brokers: any Brokers
    /// Opens when the tables are read to their ends.
    private let ready: Gate
    private var phase = Phase.beginning
    private let entityOf: [String: String]
    private let decisions: DecisionTable
    /// The decisions' topic; nil: nobody asks for them.
    private let decided: String?
    private let log: Logger
    private var tape = Tape()

    private enum Phase {
        case beginning
        /// These ends aren't reached yet.
        case reading(any Follower, to: [TopicPartition: Int64])
        case following(any Follower)
    }

    /// - Parameter decisions: whether to follow the hub's decisions too.
    init(_ shared: Shared, _ brokers: any Brokers, entities: [String], decisions: Bool, ready: Gate) {
        let names = shared.names
        self.shared = shared
        self.brokers = brokers
        self.ready = ready
        table = shared.identities
        self.decisions = shared.knowledge.decisions
        decided = decisions ? names.golden(entity: "reservation") : nil
        log = shared.log
        entityOf = Dictionary(uniqueKeysWithValues: entities.map { (names.identity(entity: $0), $0) })
    }

    package var name: String { "tables" }

    /// It keeps nothing but what it reads again.
    package var isAtRest: Bool { true }

    package func step() throws -> Next {
        do {
            switch phase {
            case .beginning: try begin()
            case .reading(let consumer, let ends): try read(consumer, to: ends)
            case .following(let consumer): _ = try poll(consumer, max: 1_000)
            }
            return .records
        } catch let error as KafkaError where error.isRetriable {
            if case .following = phase {
                log.debug("the tables of numbers pause", metadata: ["error": "\(error)"])
                return .records
            }
            log.warning("the tables of numbers can't be read now", metadata: ["error": "\(error)"])
            close()
            return .time(.seconds(1))
        }
    }

    package func close() {
        switch phase {
        case .beginning: return
        case .reading(let consumer, _), .following(let consumer):
            do { try consumer.close() } catch {
                log.debug("the reader of the tables could not be closed", metadata: ["error": "\(error)"])
            }
        }
        phase = .beginning
    }

    private static let patience = Duration.milliseconds(200)

    private func begin() throws {
        let topics = entityOf.keys.sorted() + [decided].compactMap(\.self)
        let partitions = try brokers.partitions(of: topics)
        let consumer = try brokers.follower()
        let marks = try brokers.watermarks(of: partitions)
        try consumer.assign(partitions.map { $0.at(marks[$0]?.low ?? 0) })
        phase = .reading(consumer, to: marks.filter { $0.value.low < $0.value.high }.mapValues(\.high))
    }

    /// Positions count, never records: the last offsets of a partition may be transaction markers, or compacted away.
    private func read(_ consumer: any Follower, to ends: [TopicPartition: Int64]) throws {
        var behind = ends
        if !behind.isEmpty {
            for place in try poll(consumer, max: 10_000)
            where behind[place.partition].map({ place.offset >= $0 }) == true {
                behind[place.partition] = nil
            }
        }
        phase = behind.isEmpty ? .following(consumer) : .reading(consumer, to: behind)
        if behind.isEmpty { ready.open() }
    }

    /// Takes what has come. Returns how far that is.
    private func poll(_ consumer: any Follower, max: Int) throws -> [TopicPartitionOffset] {
        let places = try consumer.poll(max: max, timeout: Self.patience) { batch in
            take(batch)
            return batch.positions() + batch.ends
        }
        table.reach(places)
        return places
    }

    private func take(_ batch: borrowing Batch) {
        batch.forEach { record in
            if record.topic == decided { return takeDecision(record) }
            guard let entity = entityOf[record.topic],
                let text = record.key?.withUnsafeBytes({ String(decoding: $0, as: UTF8.self) }),
                let reference = Reference(key: text)
            else { return }
            guard let value = record.value else { return table.set(reference, of: entity, to: nil) }
            let key = value.withUnsafeBytes { bytes -> String? in
                guard (try? tape.parse(bytes)) != nil else { return nil }
                return tape.root["key"]?.string
            }
            table.set(reference, of: entity, to: key)
        }
    }

    private func takeDecision(_ record: borrowing Record) {
        guard let id = record.key?.withUnsafeBytes({ String(decoding: $0, as: UTF8.self) }) else { return }
        guard let value = record.value else { return decisions.set(id, to: nil) }
        let decision = value.withUnsafeBytes { bytes -> DecisionTable.Decision? in
            guard (try? tape.parse(bytes)) != nil, let state = tape.root["state"]?.string else { return nil }
            return DecisionTable.Decision(state: state, reason: tape.root["reason"]?.string)
        }
        decisions.set(id, to: decision)
    }
}
