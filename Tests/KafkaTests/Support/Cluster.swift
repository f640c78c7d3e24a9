import Glibc
import Kafka
import Logging
import TestBroker

/// What tests need again and again: the shared broker, topics of their own, records in and out.
enum Cluster {
    static let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    static var settings: Settings {
        get throws { ["bootstrap.servers": try TestBroker.shared.bootstrapServers] }
    }

    static func admin() throws -> Admin { try Admin(settings, log: log) }

    /// A topic that only the caller knows.
    static func topic(
        _ name: String, partitions: Int32 = 1, settings: [String: String] = [:]
    ) throws -> String {
        let topic = try TestBroker.shared.unique(name)
        try admin().create(
            [TopicSpecification(topic, partitions: partitions, replicas: 1, settings: settings)],
            timeout: patience)
        return topic
    }

    static func unique(_ name: String) throws -> String { try TestBroker.shared.unique(name) }

    static func producer(_ more: Settings = [:]) throws -> Producer {
        try Producer(settings.merging(more), log: log)
    }

    static func consumer(_ more: Settings = [:]) throws -> Consumer {
        try Consumer(settings.merging(["group.id": unique("group")]).merging(more), log: log)
    }

    /// A consumer of whole partitions, from their beginning.
    static func reader(
        _ topic: String, partitions: Int32 = 1, from offset: Int64 = 0, _ more: Settings = [:]
    ) throws -> Consumer {
        let consumer = try consumer(more)
        try consumer.assign((0..<partitions).map { TopicPartitionOffset(topic, $0, offset) })
        return consumer
    }
}

/// How long a broker may take before a test gives up. Not a measure of anything.
let patience: Duration = .seconds(60)

/// A record with its bytes copied out, to compare.
struct Copy: Equatable {
    var partition: Int32 = 0
    var offset: Int64 = 0
    var key: String?
    var value: String?

    init(_ record: borrowing Record) {
        partition = record.partition
        offset = record.offset
        key = record.key?.text
        value = record.value?.text
    }
}

extension RawSpan {
    var text: String { withUnsafeBytes { String(decoding: $0, as: UTF8.self) } }
}

extension String {
    /// Lends the text's bytes.
    func produce(
        by producer: Producer, to topic: String, key: String? = nil, partition: Int32? = 0, timestamp: Int64? = nil,
        token: UInt64 = 0
    ) throws {
        if let key {
            try producer.produce(
                to: topic, partition: partition, key: key.utf8.span.bytes, value: utf8.span.bytes,
                timestamp: timestamp, token: token)
        } else {
            try producer.produce(
                to: topic, partition: partition, value: utf8.span.bytes, timestamp: timestamp, token: token)
        }
    }
}

extension Consumer {
    /// Polls until so many records have come.
    func read(_ count: Int) throws -> [Copy] {
        var records: [Copy] = []
        try eventually("\(count) records") {
            try poll(timeout: .milliseconds(50)) { batch in batch.forEach { records.append(Copy($0)) } }
            return records.count >= count
        }
        return records
    }
}

struct NeverHappened: Error, CustomStringConvertible {
    let description: String
}

/// Waits for a condition, by looking again and again.
func eventually(_ what: String, _ condition: () throws -> Bool) throws {
    let end = ContinuousClock.now.advanced(by: patience)
    while try !condition() {
        guard ContinuousClock.now < end else { throw NeverHappened(description: what) }
        usleep(1_000)
    }
}
