import Canonical
import Digests
import Document
import Installation

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
    func event(of golden: Golden, _ said: ReportSource) -> OutgoingEvent {
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
        // A repeated write says the same again, and is known by it, unless the system held something else this time.
        let id = said.id(of: golden.place, own ?? "", position ?? -1, writer.bytes)
        var envelope = Envelope(id: id, source: said.source, type: said.type, subject: golden.key)
        envelope.selfID = own
        envelope.revision = revision
        envelope.position = position
        envelope.traceparent = golden.traceparent
        return OutgoingEvent(
            topic: said.topic, key: golden.key, envelope: envelope, data: writer.bytes, said: said.texts)
    }
}

/// What all reports of a sink have in common. One thread uses it.
final class ReportSource {
    let source: EventSource
    let type: EventType
    let topic: String
    let texts: OutgoingEvent.Said
    private var ids: EventIDs
    private var name: [UInt8] = []

    init(_ settings: SinkSettings, _ entry: KindCatalog.Entry, _ knowledge: Knowledge) {
        source = EventSource(system: knowledge.system, name: settings.name)
        type = EventType(settings.of, .written)
        topic = knowledge.inputTopic(entry.kind)
        texts = OutgoingEvent.Said(source: source.description, type: type.description)
        ids = EventIDs(source: source.description)
    }

    /// The id of a report: of the golden record's place, what it was written to, and all that is said.
    func id(of place: Golden.Place, _ own: String, _ position: Int64, _ said: [UInt8]) -> String {
        // Its memory is kept from report to report.
        var name: [UInt8] = []
        swap(&name, &self.name)
        defer { swap(&name, &self.name) }
        name.removeAll(keepingCapacity: true)
        name.append(contentsOf: place.description.utf8)
        name.append(UInt8(ascii: "/"))
        name.append(contentsOf: own.utf8)
        name.append(UInt8(ascii: "/"))
        name.append(contentsOf: String(position).utf8)
        name.append(UInt8(ascii: "/"))
        name.append(contentsOf: said)
        let id = ids.make(reference: name.span, index: 0)
        return id.description
    }
}
