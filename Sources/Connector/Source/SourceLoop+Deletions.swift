import Canonical
import Digests
import Document
import Installation
import Kafka
import Logging

// What the system no longer has.
extension SourceLoop {
    func reportGone(_ name: String, isPatchwork: Bool, on ticket: Publisher.Ticket) throws {
        guard let entity = settings.of else { return }
        let known = shared.identities.all(entity: entity, in: shared.system)
        absences.keep(only: Set(known.map(\.id)))
        let (gone, doubt) = delivery.missing(from: known, atMost: settings.deletesAtMost)
        if let doubt {
            // Of what was reported before, nothing is known now either.
            return log.error(
                "the delivery is complete, but deletions are not believed", metadata: ["why": "\(doubt)"])
        }
        let believed = absences.believed(of: Set(gone.map(\.id)), isPatchwork: isPatchwork)
        for entry in gone where believed.contains(entry.id) {
            _ = try reportGone(entry.id, "\(name)#\(entry.id)", on: ticket)
        }
    }

    /// Reports once that the system no longer has an entity. False when that is no news, or nobody knew it.
    func reportGone(_ own: String, _ reference: String, on ticket: Publisher.Ticket) throws -> Bool {
        guard !absences.reported.contains(own), try publishGone(own, reference, on: ticket) else { return false }
        return absences.report(own)
    }

    /// Publishes that the system no longer has an entity. False when nobody knew it.
    func publishGone(_ own: String, _ reference: String, on ticket: Publisher.Ticket) throws -> Bool {
        guard let entity = settings.of, let entry = shared.kinds[entity] else { return false }
        let number = Reference(system: shared.system, id: own)
        guard let known = shared.identities.key(of: number, entity: entity) else { return false }
        // What customers contribute has keys of its own; the golden key is the hub's.
        let key = entry.entity.key == .member ? number.key : known
        let source = EventSource(system: shared.system, name: settings.name)
        var envelope = Envelope(
            id: EventID.make(source: source.description, reference: reference, index: 0).description, source: source,
            type: EventType(entity, .deleted), subject: key)
        envelope.selfID = own
        let event = OutgoingEvent(
            topic: shared.knowledge.inputTopic(entry.kind), key: key, envelope: envelope, data: Array("{}".utf8))
        try shared.doubts.check([event])
        try shared.publisher.publish(event, on: ticket)
        return true
    }
}
