import Canonical
import Digests
import Consistency
import Document
import Kafka

/// Turns the engine's effects into records of the open transaction.
struct Outputs {
    let producer: Producer
    let names: TopicNames
    let model: Model
    let kinds: KindCatalog

    /// Produces what a decision asks for.
    ///
    /// - Parameters:
    ///   - now: the tick of the decision, the events' time.
    ///   - traceparent: of the event that caused it.
    func produce(_ effects: Effects, now: Tick, traceparent: String?) throws(KafkaError) {
        for effect in effects.list {
            switch effect {
            case .golden(let entity, let key, let revision, let document):
                try put(entity, key, revision, .golden, Array(effects.bytes[document]), now, traceparent)
            case .decided(let reservation, let revision, let document):
                try put(
                    "reservation", reservation, revision, .decided, Array(effects.bytes[document]), now, traceparent)
            case .erased(let entity, let key, let revision):
                try put(entity, key, revision, .erased, Array("{}".utf8), now, traceparent)
            case .merged(let entity, let key, let into, let revision):
                let document: JSON = ["into": .string(into)]
                try put(entity, key, revision, .merged, document.utf8, now, traceparent)
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
        _ entity: String, _ key: String, _ revision: Int64, _ verb: EventType.Verb, _ value: [UInt8], _ now: Tick,
        _ traceparent: String?
    ) throws(KafkaError) {
        let id = EventID.make(source: "/hub", reference: "\(entity)/\(key)/\(revision)", index: 0)
        var envelope = Envelope(
            id: id.description, source: .hub, type: EventType(entity, verb), subject: key)
        envelope.time = now
        envelope.revision = revision
        envelope.traceparent = traceparent
        envelope.rules = model.entity(entity)?.rules.version
        if verb == .golden || verb == .decided { envelope.dataSchema = kinds[entity]?.kind.dataSchema }
        try producer.produce(
            to: names.golden(entity: entity), key: key.utf8.span.bytes, value: value.span.bytes,
            headers: Headers(envelope.headers))
    }

    /// A record that the hub can't use, with its bytes as they came (I2).
    func deadLetter(_ record: borrowing Record, reason: String) throws(KafkaError) {
        var headers = Headers(copying: record)
        headers.add("omni_reason", reason)
        headers.add("omni_where", "\(record.topicPartition)@\(record.offset)")
        try producer.produce(
            to: names.dead(of: "hub"), key: record.key, value: record.value, headers: headers)
    }

    /// A record under the wrong key, written again under the right one.
    func again(_ record: borrowing Record, key: String) throws(KafkaError) {
        var headers = Headers(copying: record)
        headers.remove("ce_subject")
        headers.add("ce_subject", key)
        try producer.produce(
            to: record.topic, key: key.utf8.span.bytes, value: record.value, headers: headers)
    }
}
