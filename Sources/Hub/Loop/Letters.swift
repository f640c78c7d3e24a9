import Canonical
import Kafka

/// Records that came in and go out again: dead letters, and those that lie under the wrong key.
struct Letters {
    let names: TopicNames
    let quarantine: Quarantine
    /// The largest value that the broker takes, in bytes.
    let largest: Int

    /// A record that the hub can't use, with its bytes as they came; what is too large goes to a file in the quarantine
    /// folder, and the dead letter carries its digest (I2). A key can be that, too: no broker bounds it by itself.
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
        let former = [
            "omni_reason", "omni_where", "omni_digest", "omni_bytes", "omni_quarantine", "omni_key",
        ]
        var headers = record.headers.filter { !former.contains($0.name) }
        func add(_ name: String, _ text: String) { headers.append((name, Array(text.utf8))) }
        add("omni_reason", Self.shortened(reason))
        add("omni_where", place)
        var value = record.value
        if let bytes = value, bytes.count > largest {
            let digest = try quarantine.keep(bytes)
            add("omni_digest", "sha-256=\(digest)")
            add("omni_bytes", String(bytes.count))
            add("omni_quarantine", digest)
            value = []
        }
        var key = record.key
        if let bytes = key, bytes.count > Self.longestKey {
            let digest = try quarantine.keep(bytes)
            add("omni_key", digest)
            key = Array("sha-256=\(digest)".utf8)
        }
        return .init(topic: names.dead(of: "hub"), key: key, value: value, headers: headers)
    }

    /// The longest key that a letter has, in bytes. No entity has one as long (``Intake``).
    private static let longestKey = 512

    /// As much of a reason as has room: it may quote what the record has.
    static func shortened(_ reason: String) -> String {
        reason.utf8.count <= 1500 ? reason : String(decoding: reason.utf8.prefix(1500), as: UTF8.self) + "…"
    }

    /// A record under the wrong key, written again under the right one; nil when it is too large for that.
    func again(_ record: borrowing Record, key: String) -> Turn.Letter? {
        again(Self.copy(record, headers: Self.all(record)), key: key)
    }

    /// The same of a record that has waited.
    func again(_ record: WaitingRecord, to topic: String, key: String) -> Turn.Letter? {
        again(.init(topic: topic, key: record.key, value: record.value, headers: record.headers), key: key)
    }

    private func again(_ record: Turn.Letter, key: String) -> Turn.Letter? {
        let size = record.headers.reduce(record.value?.count ?? 0) { $0 + Self.size($1) }
        guard size <= largest else { return nil }
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
        let whole = headers.reduce(0) { $0 + size($1) }
        guard whole > 64 << 10 else { return headers }
        let note = "left out: together they have \(whole) bytes"
        return headers.filter { size($0) <= 512 }.prefix(64) + [("omni_headers", Array(note.utf8))]
    }

    /// With the lengths before both.
    private static func size(_ header: (name: String, value: [UInt8]?)) -> Int {
        header.name.utf8.count + (header.value?.count ?? 0) + 10
    }
}
