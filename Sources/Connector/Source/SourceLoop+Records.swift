import Canonical
import Document
import Installation
import Kafka
import Logging

// What becomes of one record.
extension SourceLoop {
    /// Makes one of four things of a record (I2). Returns false when it was filtered.
    func handle(_ record: ReadRecord, _ tape: inout Tape, on ticket: Publisher.Ticket) throws -> Bool {
        switch record.content {
        case .unreadable(let reason):
            noteRefused(tape.root)
            try bury(record, tape.root, reason, on: ticket)
            return true
        case .unread(let reason):
            try bury(record, tape.root, reason, isUnread: true, on: ticket)
            return true
        case .gone(let own): return try reportGone(own, record.reference, on: ticket)
        case .document: break
        }
        let input = tape.root
        if record.delivery != nil, let repeated = delivery.repeats(settings.unique, in: input) {
            try bury(record, input, "\(repeated) stands in this delivery already", on: ticket)
            return true
        }
        switch translator.translate(input, &tape, record.reference, record.stamp, record.position) {
        case .success(let translation):
            note(translation)
            let mustWait = mustWait(translation)
            guard mustWait || translation.events.allSatisfy(shared.publisher.takes) else {
                try bury(record, input, Self.tooLarge, on: ticket)
                return true
            }
            if record.delivery != nil { delivery.take(settings.unique, of: input) }
            if mustWait {
                try park(record, input, translation, on: ticket)
                return true
            }
            try shared.doubts.check(translation.events)
            for event in translation.events { try shared.publisher.publish(event, on: ticket) }
            if position == nil, bootstrap.awaits(settings.name) { snapshot.formUnion(translation.owns.map(\.name)) }
            return !translation.events.isEmpty
        case .failure(let dead):
            noteRefused(input)
            try bury(record, input, dead.reason, logged: dead.logged, on: ticket)
            return true
        }
    }

    /// A record that is refused is there all the same, where it can be told whose it is.
    func noteRefused(_ record: Node) {
        guard let own = ownNumber(record) else { return delivery.noteUnreadable() }
        delivery.note([own])
        absences.see(own)
    }

    /// What a record shows of the system's own numbers.
    func note(_ translation: Translation) {
        guard let entity = settings.of else { return }
        for own in translation.owns where own.entity == entity {
            delivery.note(own.id)
            if translation.deleted.contains(where: { $0.entity == entity && $0.id == own.id }) {
                _ = absences.report(own.id)
            } else {
                absences.see(own.id)
            }
        }
    }

    static let tooLarge = "what it says is too large for Kafka"

    /// A record waits for what it refers to, and behind those that wait for the same (I7).
    func mustWait(_ translation: Translation) -> Bool {
        guard translation.missing.isEmpty else { return true }
        guard !lanes.isEmpty else { return false }
        return lanes.holds(entities: translation.entities) || translation.references.contains { lanes.waits(for: $0) }
    }

    /// - Parameters:
    ///   - logged: the reason without what the record holds (I12); nil: it holds nothing of it.
    ///   - isUnread: whether nothing is known of it but its name, which is told already.
    func bury(
        _ record: ReadRecord, _ input: Node, _ reason: String, logged: String? = nil, isUnread: Bool = false,
        on ticket: Publisher.Ticket
    ) throws {
        if !isUnread {
            var metadata: Logger.Metadata = ["reference": "\(record.reference)", "why": "\(logged ?? reason)"]
            if let place = record.place { metadata["place"] = "\(place)" }
            log.info("a record went to the dead letters", metadata: metadata)
        }
        let bytes: [UInt8]
        if let raw = record.raw {
            bytes = Array(raw)
        } else {
            var writer = JSONWriter()
            writer.write(input)
            bytes = writer.bytes
        }
        try shared.deadLetters.bury(
            bytes, of: settings.name, reference: record.reference, reason: reason, place: record.place?.description,
            isUnread: isUnread, on: ticket)
    }

    func ownNumber(_ input: Node) -> String? {
        guard let own = settings.own else { return nil }
        return Members.find(own, in: input).flatMap(Reference.text)
    }
}
