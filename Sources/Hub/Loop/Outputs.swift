import Canonical
import Digests
import Consistency
import Document
import Kafka

/// Turns the engine's effects into records of the open transaction.
struct Outputs<Producer: TransactionalProducer> {
    let producer: Producer
    let names: TopicNames
    let model: Model
    let kinds: KindCatalog
    let quarantine: Quarantine
    /// The largest value that the broker takes, in bytes.
    let largest: Int

    /// Produces what a decision asks for.
    ///
    /// - Parameters:
    ///   - epoch: of the partition that decided.
    ///   - now: the tick of the decision, the events' time.
    ///   - traceparent: of the event that caused it.
    func produce(_ effects: Effects, epoch: Int64, now: Tick, traceparent: String?) throws(KafkaError) {
        for effect in effects.list {
            switch effect {
            case .golden(let entity, let key, let revision, let document):
                try put(entity, key, (epoch, revision), .golden, Array(effects.bytes[document]), now, traceparent)
            case .decided(let reservation, let revision, let document):
                try put(
                    "reservation", reservation, (epoch, revision), .decided, Array(effects.bytes[document]), now,
                    traceparent)
            case .erased(let entity, let key, let revision):
                try put(entity, key, (epoch, revision), .erased, Array("{}".utf8), now, traceparent)
            case .merged(let entity, let key, let into, let revision):
                let document: JSON = ["into": .string(into)]
                try put(entity, key, (epoch, revision), .merged, document.utf8, now, traceparent)
            case .tombstone(let entity, let key):
                try producer.produce(to: names.golden(entity: entity), key: key.utf8.span.bytes, value: nil)
            case .reference(let entity, let reference, let key):
                let topic = names.identity(entity: entity)
                if let key {
                    let value = JSON.object([.init("key", .string(key))]).utf8
                    try producer.produce(to: topic, key: reference.key.utf8.span.bytes, value: value.span.bytes)
                } else {
                    try producer.produce(to: topic, key: reference.key.utf8.span.bytes, value: nil)
                }
            case .due, .rejected: break
            }
        }
    }

    private func put(
        _ entity: String, _ key: String, _ count: (epoch: Int64, revision: Int64), _ verb: EventType.Verb,
        _ value: [UInt8], _ now: Tick, _ traceparent: String?
    ) throws(KafkaError) {
        let id = EventID.make(source: "/hub", reference: "\(entity)/\(key)/\(count.revision)", index: 0)
        var envelope = Envelope(
            id: id.description, source: .hub, type: EventType(entity, verb), subject: key)
        envelope.time = now
        envelope.revision = count.revision
        if count.epoch > 0 { envelope.epoch = count.epoch }
        // W3C's has 55 bytes; a later version may have more.
        envelope.traceparent = traceparent.flatMap { $0.utf8.count <= 256 ? $0 : nil }
        envelope.rules = model.entity(entity)?.rules.version
        if verb == .golden || verb == .decided { envelope.dataSchema = kinds[entity]?.kind.dataSchema }
        try producer.produce(
            to: names.golden(entity: entity), key: key.utf8.span.bytes, value: value.span.bytes,
            headers: Headers(envelope.headers))
    }

    /// A record that the hub can't use, with its bytes as they came; what is too large goes to a file in the quarantine
    /// folder, and the dead letter carries its digest (I2).
    func deadLetter(_ record: borrowing Record, reason: String) throws {
        try deadLetter(
            key: record.key, value: record.value, Self.headers(copying: record),
            from: "\(record.topicPartition)@\(record.offset)", reason: reason)
    }

    /// The same of a record that has waited.
    func deadLetter(_ record: WaitingRecord, of topic: TopicPartition, reason: String) throws {
        try deadLetter(
            key: record.key.span.bytes, value: record.value.span.bytes, record.kafkaHeaders,
            from: "\(topic)@\(record.offset)", reason: reason)
    }

    private func deadLetter(
        key: RawSpan?, value: RawSpan?, _ copied: consuming Headers, from place: String, reason: String
    ) throws {
        var headers = copied
        // One that was sent again after an earlier death says why it died now.
        for name in ["omni_reason", "omni_where", "omni_digest", "omni_bytes", "omni_quarantine"] {
            headers.remove(name)
        }
        headers.add("omni_reason", reason)
        headers.add("omni_where", place)
        let topic = names.dead(of: "hub")
        guard let value, value.byteCount > largest else {
            return try producer.produce(to: topic, key: key, value: value, headers: headers)
        }
        let digest = try value.withUnsafeBytes { try quarantine.keep(Array($0)) }
        headers.add("omni_digest", "sha-256=\(digest)")
        headers.add("omni_bytes", String(value.byteCount))
        headers.add("omni_quarantine", digest)
        try producer.produce(to: topic, key: key, value: [UInt8]().span.bytes, headers: headers)
    }

    /// The headers as they came, unless somebody has sent a book in them: then the short ones.
    private static func headers(copying record: borrowing Record) -> Headers {
        var size = 0
        record.forEachHeader { header in size += header.name.utf8.count + (header.value?.byteCount ?? 0) }
        guard size > 64 << 10 else { return Headers(copying: record) }
        var headers = Headers()
        var left = 64
        record.forEachHeader { header in
            guard left > 0, header.name.utf8.count + (header.value?.byteCount ?? 0) <= 512 else { return }
            headers.add(header.name, header.value)
            left -= 1
        }
        headers.add("omni_headers", "left out: together they have \(size) bytes")
        return headers
    }

    /// The size of what is too large to be written of a decision; nil when all of it fits.
    func excess(of effects: Effects, _ overlay: Overlay) -> Int? {
        var size = overlay.largest
        for effect in effects.list {
            switch effect {
            case .golden(_, _, _, let document), .decided(_, _, let document): size = max(size, document.count)
            default: break
            }
        }
        return size > largest ? size : nil
    }

    /// A record under the wrong key, written again under the right one.
    func again(_ record: borrowing Record, key: String) throws(KafkaError) {
        try again(record.value, Headers(copying: record), to: record.topic, key: key)
    }

    /// The same of a record that has waited.
    func again(_ record: WaitingRecord, to topic: String, key: String) throws(KafkaError) {
        try again(record.value.span.bytes, record.kafkaHeaders, to: topic, key: key)
    }

    private func again(
        _ value: RawSpan?, _ copied: consuming Headers, to topic: String, key: String
    ) throws(KafkaError) {
        var headers = copied
        headers.remove("ce_subject")
        headers.add("ce_subject", key)
        try producer.produce(to: topic, key: key.utf8.span.bytes, value: value, headers: headers)
    }
}

extension TransactionalProducer {
    /// Most records go where their key decides, at the present time.
    func produce(
        to topic: String, partition: Int32? = nil, key: RawSpan?, value: RawSpan?, headers: consuming Headers? = nil
    ) throws(KafkaError) {
        try produce(
            to: topic, partition: partition, key: key, value: value, headers: headers, timestamp: nil, token: 0)
    }
}
