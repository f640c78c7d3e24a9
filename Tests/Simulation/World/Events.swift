import Canonical
import Document

/// Events as contributors write them.
enum SimulatedEvent {
    static func make(
        _ type: EventType, key: String, from system: String, id: String, data: JSON, topic: String,
        at time: Int64? = nil,
        position: Int64? = nil
    ) -> OutgoingRecord {
        var envelope = Envelope(id: id, source: EventSource(system: system, name: "feed"), type: type, subject: key)
        if let time { envelope.time = Tick(time) }
        envelope.position = position
        if ![.deleted, .written].contains(type.verb) { envelope.dataSchema = "urn:omni:\(type.dataKind):1" }
        return OutgoingRecord(topic: topic, key: key, value: data.utf8, headers: envelope.headers)
    }
}
