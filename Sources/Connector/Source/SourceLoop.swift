import Canonical
import Digests
import Document
import Installation
import Kafka
import Logging
import Mapping

/// One source: read a page, translate it, publish it, wait until it is acknowledged, note the position, acknowledge to
/// the system (I1). One thread runs it.
final class SourceLoop {
    let settings: SourceSettings
    let shared: Shared
    private var translator: RecordTranslator
    private let open: () throws -> any SourceTransport
    private var opened: (any SourceTransport)?
    private var position: JSON?
    private var lanes: Lanes
    private var delivery = Delivery()
    private var absences: Absences
    private var generation: UInt64?
    /// What the sinks had written when the page was read.
    private var written: Set<String> = []
    private let bootstrap: Bootstrap
    /// What the first snapshot holds.
    private var snapshot: Set<String> = []
    private let log: Logger

    init(
        _ settings: SourceSettings, _ shared: Shared, _ mapping: CompiledMapping, position: JSON?, lanes: Lanes,
        absences: Absences, _ bootstrap: Bootstrap, _ open: @escaping () throws -> any SourceTransport
    ) {
        self.settings = settings
        self.shared = shared
        self.open = open
        self.bootstrap = bootstrap
        self.position = position
        self.lanes = lanes
        self.absences = absences
        translator = RecordTranslator(mapping, shared.knowledge, source: settings.name)
        var log = shared.log
        log[metadataKey: "source"] = "\(settings.name)"
        self.log = log
    }

    /// Runs until it is time to end.
    func run() {
        var backOff = BackOff(shared.errors)
        while !shared.stop.isSet {
            do {
                if opened == nil { opened = try open() }
                if try step() { try opened!.wait(shared.stop) }
                backOff.reset()
            } catch is Stopped {
                return
            } catch is InDoubt {
                // The sink repeats its write, and says itself what it waits for.
                log.debug("what was read may be our own write, which is in doubt: it is read again later")
                shared.doubts.waitUntilNone(shared.stop)
            } catch {
                guard let reason = Self.passing(error) else {
                    log.error("the source can't go on", metadata: ["error": "\(error)"])
                    return shared.stop.set(failure: "source \(settings.name): \(error)")
                }
                let pause = backOff.next()
                log.warning("the source pauses", metadata: ["error": "\(reason)", "pause": "\(pause)"])
                shared.stop.wait(for: pause)
            }
        }
    }

    /// What may pass by itself: the system's or the brokers' trouble. Nil: it won't.
    private static func passing(_ error: any Error) -> String? {
        if let failure = error as? SystemFailure { return failure.description }
        if let failure = error as? KafkaError, failure.isRetriable { return failure.description }
        return nil
    }

    /// One page. Returns whether there is nothing more for now.
    private func step() throws -> Bool {
        try retryParked()
        written = []
        let before = (lanes, absences)
        let ticket = shared.publisher.ticket()
        do {
            let end = try shared.turns.take { try page(on: ticket) }
            try shared.publisher.settle(ticket, shared.stop)
            try save(end)
            if position != nil, bootstrap.awaits(settings.name) {
                bootstrap.finish(settings.name, numbers: snapshot)
                snapshot = []
            }
            return end.isIdle
        } catch {
            // The page is read again: what it changed in memory must not stay.
            (lanes, absences) = before
            for number in written { absences.see(number) }
            // Nor what came before it in the same run: that begins anew.
            delivery = Delivery()
            shared.publisher.forget(ticket)
            opened!.rewind()
            throw error
        }
    }

    private func page(on ticket: Publisher.Ticket) throws -> PageEnd {
        hearOfWrites()
        var filtered = 0
        let end = try opened!.read(from: position) { record, tape in
            if let name = record.delivery { delivery.enter(name) }
            if try !handle(record, &tape, on: ticket) { filtered += 1 }
        }
        if let name = end.delivery {
            delivery.enter(name)
            if end.endsDelivery { try reportGone(name, isPatchwork: end.isPatchwork, on: ticket) }
        }
        if end.records > 0 {
            log.debug("read", metadata: ["records": "\(end.records)", "filtered": "\(filtered)"])
        }
        return end
    }

    /// What sinks wrote since the last page is there, though the pages read before may not show it. In the turn, so that
    /// nothing is written between this and the page.
    private func hearOfWrites() {
        written = shared.writtenBack.take(settings.name)
        delivery.note(written)
        for number in written { absences.see(number) }
    }

    /// Writes what has changed of what is known: everything that it rests on is acknowledged (I1).
    private func save(_ end: PageEnd) throws {
        let new = end.position.flatMap { $0 == position ? nil : $0 }
        if new != nil || !absences.changes.isEmpty {
            let ticket = shared.publisher.ticket()
            let topic = shared.names.position(connector: shared.connector)
            for (number, isGone) in absences.changes.sorted(by: { $0.key < $1.key }) {
                let value: JSON = ["gone": true]
                try shared.publisher.write(
                    to: topic, key: Absences.key(settings.name, number), value: isGone ? value.utf8 : nil, on: ticket)
            }
            if let new {
                let value: JSON = ["position": new]
                try shared.publisher.write(to: topic, key: settings.name, value: value.utf8, on: ticket)
            }
            try shared.publisher.settle(ticket, shared.stop)
            absences.confirm()
            position = new ?? position
        }
        try opened!.acknowledge()
    }

    // MARK: One record

    /// Makes one of four things of a record (I2). Returns false when it was filtered.
    private func handle(_ record: ReadRecord, _ tape: inout Tape, on ticket: Publisher.Ticket) throws -> Bool {
        switch record.content {
        case .unreadable(let reason):
            delivery.noteUnreadable()
            log.info(
                "a record can't be read, and went to the dead letters",
                metadata: ["reference": "\(record.reference)", "why": "\(reason)"])
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
            guard !mustWait(translation) else {
                try park(record, input, translation, on: ticket)
                return true
            }
            guard translation.events.allSatisfy(shared.publisher.takes) else {
                try bury(record, input, Self.tooLarge, on: ticket)
                return true
            }
            try shared.doubts.check(translation.events)
            for event in translation.events { try shared.publisher.publish(event, on: ticket) }
            if position == nil { snapshot.formUnion(translation.owns) }
            return !translation.events.isEmpty
        case .failure(let dead):
            if let own = ownNumber(input) {
                delivery.note([own])
                absences.see(own)
            } else {
                delivery.noteUnreadable()
            }
            log.info(
                "a record went to the dead letters",
                metadata: ["reference": "\(record.reference)", "why": "\(dead.logged)"])
            try bury(record, input, dead.reason, on: ticket)
            return true
        }
    }

    /// What a record shows of the system's own numbers.
    private func note(_ translation: Translation) {
        let deleted = Set(Self.numbers(translation.deleted, of: settings.of))
        let all = Self.numbers(translation.owns, of: settings.of)
        delivery.note(all)
        for number in all {
            if deleted.contains(number) { _ = absences.report(number) } else { absences.see(number) }
        }
    }

    private static let tooLarge = "what it says is too large for Kafka"

    /// A record waits for what it refers to, and behind those that wait for the same (I7).
    private func mustWait(_ translation: Translation) -> Bool {
        !translation.missing.isEmpty || lanes.holds(entities: translation.entities)
            || translation.references.contains { lanes.waits(for: $0) }
    }

    private func bury(
        _ record: ReadRecord, _ input: Node, _ reason: String, isUnread: Bool = false, on ticket: Publisher.Ticket
    ) throws {
        var bytes = record.raw
        if bytes == nil {
            var writer = JSONWriter()
            writer.write(input)
            bytes = writer.bytes
        }
        try shared.deadLetters.bury(
            bytes ?? [], of: settings.name, reference: record.reference, reason: reason, place: record.place,
            isUnread: isUnread, on: ticket)
    }

    private func ownNumber(_ input: Node) -> String? {
        guard let own = settings.own else { return nil }
        return Members.find(own, in: input).flatMap(Reference.text)
    }

    private static func numbers(_ owns: [String], of entity: String?) -> [String] {
        guard let entity else { return [] }
        return owns.filter { $0.hasPrefix(entity + "/") }.map { String($0.dropFirst(entity.utf8.count + 1)) }
    }

    // MARK: Parking

    private func park(
        _ record: ReadRecord, _ input: Node, _ translation: Translation, on ticket: Publisher.Ticket
    ) throws {
        var writer = JSONWriter()
        writer.write(input)
        let stored = StoredRecord(
            reference: record.reference, stamp: record.stamp, position: record.position, document: writer.bytes)
        let missing = translation.missing.isEmpty ? translation.references : translation.missing
        // With room for what stands around it in the topic.
        guard stored.document.count + 8192 <= shared.publisher.largest else {
            let names = missing.prefix(5).joined(separator: ", ")
            return try bury(record, input, "waits for \(names), and is too large to be parked", on: ticket)
        }
        try write(lanes.park(stored, entities: translation.entities, missing: missing), on: ticket)
    }

    private func write(_ changes: [Lanes.Change], on ticket: Publisher.Ticket) throws {
        for change in changes {
            let value = change.lane?.json.utf8
            guard (value?.count ?? 0) < shared.publisher.largest else {
                throw SystemFailure(
                    "too many records wait behind one entity; give it what it waits for: \(change.name)")
            }
            try shared.publisher.write(
                to: shared.names.parked(connector: shared.connector), key: "\(settings.name)/\(change.name)",
                value: value, on: ticket)
        }
    }

    /// Tries what waits again, when the tables of numbers have changed. A lane shrinks only after its record's events
    /// are acknowledged.
    private func retryParked() throws {
        let now = shared.knowledge.generation
        guard lanes.count > 0, now != generation else { return }
        var tape = Tape()
        for name in lanes.lanes.values.sorted(by: { $0.waiting[0].number < $1.waiting[0].number }).map(\.name) {
            while let first = lanes.lanes[name]?.waiting.first, try retry(name, first.record, &tape) {}
        }
        generation = now
    }

    /// Tries a lane's first record. Returns whether it is done.
    private func retry(_ name: String, _ record: StoredRecord, _ tape: inout Tape) throws -> Bool {
        let ticket = shared.publisher.ticket()
        defer { shared.publisher.forget(ticket) }
        try tape.parse(record.document)
        let result = try shared.turns.take { () -> Lanes.Change? in
            let input = tape.root
            switch translator.translate(input, &tape, record.reference, record.stamp, record.position) {
            case .success(let translation) where !translation.missing.isEmpty:
                return lanes.wait(name, entities: translation.entities, missing: translation.missing)
            case .success(let translation) where !translation.events.allSatisfy(shared.publisher.takes):
                try shared.deadLetters.bury(
                    record.document, of: settings.name, reference: record.reference, reason: Self.tooLarge, place: nil,
                    on: ticket)
            case .success(let translation):
                try shared.doubts.check(translation.events)
                for event in translation.events { try shared.publisher.publish(event, on: ticket) }
            case .failure(let dead):
                try shared.deadLetters.bury(
                    record.document, of: settings.name, reference: record.reference, reason: dead.reason, place: nil,
                    on: ticket)
            }
            return lanes.shifted(name)
        }
        try shared.publisher.settle(ticket, shared.stop)
        guard let change = result else { return false }
        let second = shared.publisher.ticket()
        try write([change], on: second)
        try shared.publisher.settle(second, shared.stop)
        let isDone = change.lane?.waiting.first?.record != record
        lanes.apply(change)
        return isDone
    }

    // MARK: Deletions

    private func reportGone(_ name: String, isPatchwork: Bool, on ticket: Publisher.Ticket) throws {
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
    private func reportGone(_ own: String, _ reference: String, on ticket: Publisher.Ticket) throws -> Bool {
        guard !absences.reported.contains(own), try publishGone(own, reference, on: ticket) else { return false }
        return absences.report(own)
    }

    /// Publishes that the system no longer has an entity. False when nobody knew it.
    private func publishGone(_ own: String, _ reference: String, on ticket: Publisher.Ticket) throws -> Bool {
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
