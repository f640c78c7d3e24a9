import Document
import Kafka
import Logging

/// What the topics of a run hold, read by a plain consumer that sees committed records only.
struct Topics {
    /// One record.
    struct Seen: Sendable {
        let partition: Int32
        let offset: Int64
        let key: String
        /// Nil: a tombstone.
        let value: JSON?
        let headers: [String: String]

        var type: String { headers["ce_type"] ?? "" }
        var source: String { headers["ce_source"] ?? "" }
        var id: String { headers["ce_id"] ?? "" }
        var revision: Int { headers["ce_revision"].flatMap { Int($0) } ?? 0 }
        var place: String { "[\(partition)]@\(offset)" }
    }

    private let records: [String: [Seen]]

    /// Reads all topics that begin with the prefix.
    init(broker: String, prefix: String) throws {
        let log = Logger(label: "auditor")
        let settings: Settings = ["bootstrap.servers": broker, "group.id": "\(prefix).auditor"]
        let topics = try Admin(settings, log: log).topics(timeout: .seconds(30)).filter {
            // The hub's own state is no affair of the auditor's.
            $0.name.hasPrefix(prefix + ".") && !$0.name.hasPrefix(prefix + ".hub.")
        }
        var records: [String: [Seen]] = [:]
        try Table.read(topics.flatMap(\.topicPartitions), settings, timeout: .seconds(120), log: log) { batch in
            batch.forEach { record in
                let name = String(record.topic.dropFirst(prefix.utf8.count + 1))
                records[name, default: []].append(Seen(record))
            }
        }
        self.records = records
    }

    /// All records of a topic, each partition's in its order. Names are without the prefix: `in.product`.
    subscript(_ name: String) -> [Seen] { records[name] ?? [] }

    /// The names that begin so.
    func names(from beginning: String) -> [String] { records.keys.filter { $0.hasPrefix(beginning) }.sorted() }

    /// The last record of each key that is no tombstone.
    func latest(_ name: String) -> [String: Seen] {
        var latest: [String: Seen] = [:]
        for seen in self[name] { latest[seen.key] = seen.value == nil ? nil : seen }
        return latest
    }
}

extension Topics.Seen {
    init(_ record: borrowing Record) {
        partition = record.partition
        offset = record.offset
        var text = ""
        if let key = record.key { text = key.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } }
        key = text
        var parsed: JSON?
        if let value = record.value {
            let bytes = value.withUnsafeBytes { Array($0) }
            // Dead letters hold what came, which need not be JSON.
            parsed = (try? JSON(parsing: bytes)) ?? .string(String(decoding: bytes, as: UTF8.self))
        }
        value = parsed
        var headers: [String: String] = [:]
        record.forEachHeader { header in
            guard let value = header.value else { return }
            headers[header.name] = value.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        }
        self.headers = headers
    }
}
