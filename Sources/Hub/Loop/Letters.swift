import Canonical
import Kafka

/// Records that came in and go out again: dead letters, and those that lie under the wrong key.
struct Letters {
    let names: TopicNames
    let quarantine: Quarantine
    /// The largest value that the broker takes, in bytes.
    let largest: Int

    /// A record that the hub can't use, with its bytes as they came; what is too large goes to a file in the quarantine
    /// folder, and the dead letter carries its digest (I2).
    func deadLetter(_ record: borrowing Record, reason: String) throws -> Turn.Letter {
        try deadLetter(
            Self.copy(record, headers: Self.headers(copying: record)),
            from: "\(record.topicPartition)@\(record.offset)", reason: reason)
    }

    /// The same of a record that has waited.
    func deadLetter(_ record: WaitingRecord, of topic: TopicPartition, reason: String) throws -> Turn.Letter {
        try deadLetter(
            .init(topic: topic.topic, key: record.key, value: record.value, headers: record.headers),
            from: "\(topic)@\(record.offset)", reason: reason)
    }

    private func deadLetter(_ record: Turn.Letter, from place: String, reason: String) throws -> Turn.Letter {
        // One that was sent again after an earlier death says why it died now.
        let former = ["omni_reason", "omni_where", "omni_digest", "omni_bytes", "omni_quarantine"]
        var headers = record.headers.filter { !former.contains($0.name) }
        func add(_ name: String, _ text: String) { headers.append((name, Array(text.utf8))) }
        add("omni_reason", reason)
        add("omni_where", place)
        var value = record.value
        if let bytes = value, bytes.count > largest {
            let digest = try quarantine.keep(bytes)
            add("omni_digest", "sha-256=\(digest)")
            add("omni_bytes", String(bytes.count))
            add("omni_quarantine", digest)
            value = []
        }
        return .init(topic: names.dead(of: "hub"), key: record.key, value: value, headers: headers)
    }

    /// A record under the wrong key, written again under the right one.
    func again(_ record: borrowing Record, key: String) -> Turn.Letter {
        again(Self.copy(record, headers: Self.all(record)), key: key)
    }

    /// The same of a record that has waited.
    func again(_ record: WaitingRecord, to topic: String, key: String) -> Turn.Letter {
        again(.init(topic: topic, key: record.key, value: record.value, headers: record.headers), key: key)
    }

    private func again(_ record: Turn.Letter, key: String) -> Turn.Letter {
        var headers = record.headers.filter { $0.name != "ce_subject" }
        headers.append(("ce_subject", Array(key.utf8)))
        return .init(topic: record.topic, key: Array(key.utf8), value: record.value, headers: headers)
    }

    private static func copy(
        _ record: borrowing Record, headers: [(name: String, value: [UInt8]?)]
    ) -> Turn.Letter {
        var (key, value): ([UInt8]?, [UInt8]?)
        if let bytes = record.key { key = bytes.withUnsafeBytes { Array($0) } }
        if let bytes = record.value { value = bytes.withUnsafeBytes { Array($0) } }
        return .init(topic: record.topic, key: key, value: value, headers: headers)
    }

    private static func all(_ record: borrowing Record) -> [(name: String, value: [UInt8]?)] {
        var headers: [(name: String, value: [UInt8]?)] = []
        record.forEachHeader { header in
            var value: [UInt8]?
            if let bytes = header.value { value = bytes.withUnsafeBytes { Array($0) } }
            headers.append((header.name, value))
        }
        return headers
    }

    /// The headers as they came, unless somebody has sent a book in them: then the short ones.
    private static func headers(copying record: borrowing Record) -> [(name: String, value: [UInt8]?)] {
        let headers = all(record)
        func size(_ header: (name: String, value: [UInt8]?)) -> Int {
            header.name.utf8.count + (header.value?.count ?? 0)
        }
        let whole = headers.reduce(0) { $0 + size($1) }
        guard whole > 64 << 10 else { return headers }
        let note = "left out: together they have \(whole) bytes"
        return headers.filter { size($0) <= 512 }.prefix(64) + [("omni_headers", Array(note.utf8))]
    }
}
