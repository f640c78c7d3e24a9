import Canonical
import Digests
import Document

/// A sink's report: `omni.<entity>.written` (docs/contracts.md).
struct Report {
    var revision: Int64
    var status: Status
    var own: String?
    /// The record read back, as the source's own mapping gives it.
    var held: [UInt8]?
    /// Why it is parked.
    var reason: String?
    var position: Int64?

    enum Status: String { case written, unchanged, absent, parked }

    /// The event.
    func event(of golden: Golden, system: String, sink: String, topic: String) -> OutgoingEvent {
        var writer = JSONWriter()
        writer.write(raw: "{\"revision\":\(revision),\"status\":\"\(status.rawValue)\"")
        if let own {
            writer.write(raw: ",\"self\":")
            writer.write(string: own)
        }
        if let held {
            writer.write(raw: ",\"held\":")
            writer.write(raw: held)
        }
        if let reason {
            writer.write(raw: ",\"reason\":")
            writer.write(string: reason)
        }
        writer.write(raw: "}")
        let source = EventSource(system: system, name: sink)
        // A repeated write says the same again, and is known by it, unless the system held something else this time.
        let digest = Hex.encode(Array(SHA256.digest(writer.bytes).prefix(8)))
        let reference = "\(golden.place)/\(own ?? "")/\(position ?? -1)/\(digest)"
        var envelope = Envelope(
            id: EventID.make(source: source.description, reference: reference, index: 0).description, source: source,
            type: EventType(golden.entity, .written), subject: golden.key)
        envelope.selfID = own
        envelope.revision = revision
        envelope.position = position
        envelope.traceparent = golden.traceparent
        return OutgoingEvent(topic: topic, key: golden.key, envelope: envelope, data: writer.bytes)
    }
}
