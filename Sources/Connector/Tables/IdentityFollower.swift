import Canonical
import Document
import Kafka
import Logging

/// Reads `omni.id.*` into the table, and `omni.reservation` where a mapping asks for decisions, and follows them. One thread.
final class IdentityFollower {
    private let table: IdentityTable
    private let settings: Kafka.Settings
    private let entityOf: [String: String]
    private let decisions: DecisionTable
    /// The decisions' topic; nil: nobody asks for them.
    private let decided: String?
    private let log: Logger
    private var tape = Tape()

    /// - Parameter decisions: whether to follow the hub's decisions too.
    init(_ knowledge: Knowledge, entities: [String], decisions: Bool, _ settings: Kafka.Settings, log: Logger) {
        let names = knowledge.names
        table = knowledge.identities
        self.decisions = knowledge.decisions
        decided = decisions ? names.golden(entity: "reservation") : nil
        self.log = log
        self.settings = settings.merging(["group.id": "\(names.prefix).tables"])
        entityOf = Dictionary(uniqueKeysWithValues: entities.map { (names.identity(entity: $0), $0) })
    }

    /// Reads the tables to their ends, opens the gate, and follows until it is time to end.
    func run(_ ready: Gate, _ stop: StopSignal) {
        while !stop.isSet {
            do {
                try follow(ready, stop)
                return
            } catch let error as KafkaError where error.isRetriable {
                log.warning("the tables of numbers can't be read now", metadata: ["error": "\(error)"])
                stop.wait(for: .seconds(1))
            } catch {
                log.error("the tables of numbers can't be read", metadata: ["error": "\(error)"])
                return stop.set(failure: "tables of numbers: \(error)")
            }
        }
    }

    private func follow(_ ready: Gate, _ stop: StopSignal) throws {
        let admin = try Admin(settings, log: log)
        let partitions = try Tables.partitions(of: entityOf.keys.sorted() + [decided].compactMap(\.self), admin)
        let marks = try admin.watermarks(of: partitions, timeout: .seconds(10))
        let consumer = try Consumer(settings.merging(["enable.partition.eof": "true"]), log: log)
        try consumer.assign(partitions.map { $0.at(marks[$0]?.low ?? 0) })
        try consumer.read(to: marks.mapValues(\.high), timeout: .seconds(60)) { take($0) }
        ready.open()
        while !stop.isSet {
            do {
                try consumer.poll(timeout: .milliseconds(200)) { take($0) }
            } catch let error as KafkaError where error.isRetriable {
                log.debug("the tables of numbers pause", metadata: ["error": "\(error)"])
            }
        }
        try consumer.close()
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

/// Topics that are read as tables.
enum Tables {
    /// The partitions of topics that must exist.
    static func partitions(of topics: [String], _ admin: Admin) throws -> [TopicPartition] {
        let known = try admin.topics(topics, timeout: .seconds(10))
        return try topics.flatMap { name -> [TopicPartition] in
            guard let topic = known.first(where: { $0.name == name }), !topic.partitions.isEmpty else {
                throw WrongSetting("there is no topic \(name); create it with `omni topics`")
            }
            return topic.topicPartitions
        }
    }

    /// Reads a topic of ours from its beginning to its end: the newest value of each key, nil where it was deleted.
    static func read(_ topic: String, _ settings: Kafka.Settings, log: Logger) throws -> [String: JSON] {
        let own = settings.merging(["group.id": topic])
        let partitions = try partitions(of: [topic], try Admin(own, log: log))
        var values: [String: JSON] = [:]
        try Table.read(partitions, own, timeout: .seconds(60), log: log) { batch in
            batch.forEach { record in
                guard let key = record.key?.withUnsafeBytes({ String(decoding: $0, as: UTF8.self) }) else { return }
                guard let value = record.value else {
                    values[key] = nil
                    return
                }
                values[key] = value.withUnsafeBytes { try? JSON(parsing: Array($0)) }
            }
        }
        return values
    }
}
