import Canonical
import Digests
import Document
import Installation
import Kafka
import Logging
import Mapping

/// One source: read a page, translate it, publish it, wait until it is acknowledged, note the position, acknowledge to
/// the system (I1).
final class SourceLoop: Loop {
    let settings: SourceSettings
    let shared: Shared
    private var translator: RecordTranslator
    private let open: () throws -> any SourceTransport
    private var opened: (any SourceTransport)?
    private var position: JSON?
    private var lanes: Lanes
    /// What was written of lanes since all was safe the last time: the topic may hold it, and memory something else.
    private var unsure: [String: Lanes.Change] = [:]
    private var delivery = Delivery()
    private var absences: Absences
    private var generation: UInt64?
    /// What the sinks had written when the page was read.
    private var written: Set<String> = []
    /// Opens when the writes that may have been under way are repeated: no echo overtakes its report (Turns).
    private let repeated: Gate
    private let bootstrap: Bootstrap
    /// What the first snapshot holds.
    private var snapshot: Set<String> = []
    private var phase = Phase.resting
    private var backOff: BackOff
    /// What went wrong while nothing was under way.
    private var trouble: (any Error)?
    private let log: Logger

    /// How far the present page is.
    private enum Phase {
        case resting
        /// The lanes that something failed has left otherwise in the topic are written as they are, and not yet acknowledged.
        case mended(Publisher.Ticket)
        /// What waits is tried again, in these lanes, as of this generation of the tables.
        case retrying([String], UInt64)
        /// A lane's first record is published, and not yet acknowledged.
        case retried(Trial, Publisher.Ticket)
        /// What the lane is now is written, and not yet acknowledged.
        case shortened(Trial, Publisher.Ticket)
        /// A page is published, and not yet acknowledged.
        case published(PageEnd, Publisher.Ticket, Before)
        /// The position behind it is written, and not yet acknowledged.
        case noted(PageEnd, Publisher.Ticket?, Before)
        /// All of it is safe, and the system doesn't know yet.
        case safe(PageEnd)
    }

    /// What the page has changed in memory, as it was before.
    private struct Before {
        let lanes: Lanes
        let absences: Absences
    }

    private struct Trial {
        let record: StoredRecord
        /// What becomes of its lane; nil: what it was.
        let change: Lanes.Change?
        /// Further lanes, this one first.
        let names: [String]
        let generation: UInt64
    }

    init(
        _ settings: SourceSettings, _ shared: Shared, _ mapping: CompiledMapping, position: JSON?, lanes: Lanes,
        absences: Absences, _ bootstrap: Bootstrap, after repeated: Gate,
        _ open: @escaping () throws -> any SourceTransport
    ) {
        self.settings = settings
        self.shared = shared
        self.open = open
        self.bootstrap = bootstrap
        self.repeated = repeated
        self.position = position
        self.lanes = lanes
        self.absences = absences
        backOff = BackOff(shared.errors)
        translator = RecordTranslator(mapping, shared.knowledge, source: settings.name)
        var log = shared.log
        log[metadataKey: "source"] = "\(settings.name)"
        self.log = log
    }

    package var name: String { settings.name }

    package var isAtRest: Bool {
        if case .resting = phase { true } else { false }
    }

    package func step() throws -> Next {
        do {
            return try advance()
        } catch is InDoubt {
            undo()
            // The sink repeats its write, and says itself what it waits for.
            log.debug("what was read may be our own write, which is in doubt: it is read again later")
            return .certainty
        } catch {
            undo()
            guard let reason = Self.passing(error) else { throw error }
            let pause = backOff.next()
            log.warning("the source pauses", metadata: ["error": "\(reason)", "pause": "\(pause)"])
            return .time(pause)
        }
    }

    package func waitForSystem(_ stop: StopSignal) {
        do { try opened?.wait(stop) } catch { trouble = error }
    }

    /// What may pass by itself: the system's or the brokers' trouble. Nil: it won't.
    private static func passing(_ error: any Error) -> String? {
        if let failure = error as? SystemFailure { return failure.description }
        // What is too large for a topic passes when somebody changes the topic.
        if let failure = error as? KafkaError, failure.isRetriable || failure.isTooLarge { return failure.description }
        return nil
    }

    private func advance() throws -> Next {
        if let trouble {
            self.trouble = nil
            throw trouble
        }
        switch phase {
        case .resting where !unsure.isEmpty:
            try mend()
            return .again
        case .mended(let ticket):
            guard try shared.publisher.isSettled(ticket) else { return .acknowledgements }
            unsure = [:]
            phase = .resting
            return .again
        case .resting:
            guard repeated.isOpen || bootstrap.awaits(settings.name) else { return .gate(repeated) }
            guard shared.turns.mayBeTaken else { return .turn }
            if opened == nil { opened = try open() }
            if let lanes = lanesToRetry() {
                phase = lanes
            } else {
                try read()
            }
            return .again
        case .retrying(let names, let generation):
            guard shared.turns.mayBeTaken else { return .turn }
            try retry(names, generation)
            return .again
        case .retried(let trial, let ticket):
            guard try shared.publisher.isSettled(ticket) else { return .acknowledgements }
            try shorten(trial)
            return .again
        case .shortened(let trial, let ticket):
            guard try shared.publisher.isSettled(ticket) else { return .acknowledgements }
            conclude(trial)
            return .again
        case .published(let end, let ticket, let before):
            guard try shared.publisher.isSettled(ticket) else { return .acknowledgements }
            phase = .noted(end, nil, before)
            let noted = try note(end)
            phase = .noted(end, noted, before)
            return .again
        case .noted(let end, let ticket, _):
            if let ticket {
                guard try shared.publisher.isSettled(ticket) else { return .acknowledgements }
                absences.confirm()
                position = end.position ?? position
            }
            unsure = [:]
            phase = .safe(end)
            return .again
        case .safe(let end): return try finish(end)
        }
    }

    // MARK: One page

    private func read() throws {
        written = []
        let before = Before(lanes: lanes, absences: absences)
        let ticket = shared.publisher.ticket()
        phase = .published(PageEnd(), ticket, before)
        let end = try shared.turns.take { try page(on: ticket) }
        phase = .published(end, ticket, before)
    }

    /// The page is safe.
    private func finish(_ end: PageEnd) throws -> Next {
        try opened!.acknowledge()
        phase = .resting
        if position != nil, bootstrap.awaits(settings.name) {
            bootstrap.finish(settings.name, numbers: snapshot)
            snapshot = []
        }
        backOff.reset()
        return end.isIdle ? .system : .again
    }

    /// Something failed: nothing of the step that was under way stays in memory.
    private func undo() {
        switch phase {
        case .resting, .mended, .retrying, .retried, .shortened: break
        case .published(_, _, let before): restore(before)
        case .noted(_, _, let before):
            let noted = Array(absences.changes.keys)
            restore(before)
            absences.rewrite(noted)
        case .safe:
            // What was read is safe, what it changed in memory stays; only the system is told again.
            delivery = Delivery()
            opened!.rewind()
        }
        phase = .resting
    }

    /// The page is read again: what it changed in memory must not stay.
    private func restore(_ before: Before) {
        (lanes, absences) = (before.lanes, before.absences)
        for number in written { absences.see(number) }
        // Nor what came before it in the same run: that begins anew.
        delivery = Delivery()
        opened!.rewind()
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
        opened!.hear(ofWrites: written)
    }

    /// Writes what has changed of what is known: everything that it rests on is acknowledged (I1). Nil: nothing has.
    private func note(_ end: PageEnd) throws -> Publisher.Ticket? {
        let new = end.position.flatMap { $0 == position ? nil : $0 }
        guard new != nil || !absences.changes.isEmpty else { return nil }
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
        return ticket
    }

    // MARK: One record

    /// Makes one of four things of a record (I2). Returns false when it was filtered.
    private func handle(_ record: ReadRecord, _ tape: inout Tape, on ticket: Publisher.Ticket) throws -> Bool {
        switch record.content {
        case .unreadable(let reason):
            noteRefused(tape.root)
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
            let reason = "\(repeated) stands in this delivery already"
            log.info(
                "a record went to the dead letters",
                metadata: ["reference": "\(record.reference)", "why": "\(reason)"])
            try bury(record, input, reason, on: ticket)
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
            if position == nil, bootstrap.awaits(settings.name) { snapshot.formUnion(translation.owns.map(\.name)) }
            return !translation.events.isEmpty
        case .failure(let dead):
            noteRefused(input)
            log.info(
                "a record went to the dead letters",
                metadata: ["reference": "\(record.reference)", "why": "\(dead.logged)"])
            try bury(record, input, dead.reason, on: ticket)
            return true
        }
    }

    /// A record that is refused is there all the same, where it can be told whose it is.
    private func noteRefused(_ record: Node) {
        guard let own = ownNumber(record) else { return delivery.noteUnreadable() }
        delivery.note([own])
        absences.see(own)
    }

    /// What a record shows of the system's own numbers.
    private func note(_ translation: Translation) {
        guard let entity = settings.of else { return }
        for own in translation.owns where own.entity == entity {
            delivery.note([own.id])
            if translation.deleted.contains(where: { $0.entity == entity && $0.id == own.id }) {
                _ = absences.report(own.id)
            } else {
                absences.see(own.id)
            }
        }
    }

    private static let tooLarge = "what it says is too large for Kafka"

    /// A record waits for what it refers to, and behind those that wait for the same (I7).
    private func mustWait(_ translation: Translation) -> Bool {
        guard translation.missing.isEmpty else { return true }
        guard !lanes.isEmpty else { return false }
        return lanes.holds(entities: translation.entities) || translation.references.contains { lanes.waits(for: $0) }
    }

    private func bury(
        _ record: ReadRecord, _ input: Node, _ reason: String, isUnread: Bool = false, on ticket: Publisher.Ticket
    ) throws {
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

    private func ownNumber(_ input: Node) -> String? {
        guard let own = settings.own else { return nil }
        return Members.find(own, in: input).flatMap(Reference.text)
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

    /// What was taken back in memory is taken back in the topic, before anything is tried again or read: else the next process
    /// would publish what went through behind what came after it, or miss what the topic doesn't hold any more (I2, I7, I9).
    private func mend() throws {
        let ticket = shared.publisher.ticket()
        phase = .mended(ticket)
        // Lanes that were joined to others come back first: so whatever ends this, each record stands in one of them.
        let isGone = Set(unsure.values.filter { $0.lane == nil }.map(\.name))
        let names = isGone.sorted() + unsure.keys.filter { !isGone.contains($0) }.sorted()
        try write(names.map { Lanes.Change(name: $0, lane: lanes.lanes[$0]) }, on: ticket)
    }

    private func write(_ changes: [Lanes.Change], on ticket: Publisher.Ticket) throws {
        for change in changes {
            unsure[change.name] = change
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

    /// What waits is tried again when the tables of numbers have changed.
    private func lanesToRetry() -> Phase? {
        let now = shared.knowledge.generation
        guard lanes.count > 0, now != generation else { return nil }
        return .retrying(lanes.lanes.values.sorted { $0.waiting[0].number < $1.waiting[0].number }.map(\.name), now)
    }

    /// Tries the first record of the first lane.
    private func retry(_ names: [String], _ generation: UInt64) throws {
        guard let name = names.first else {
            self.generation = generation
            phase = .resting
            return
        }
        guard let record = lanes.lanes[name]?.waiting.first?.record else {
            phase = .retrying(Array(names.dropFirst()), generation)
            return
        }
        let ticket = shared.publisher.ticket()
        let change = try shared.turns.take { try publish(record, of: name, on: ticket) }
        phase = .retried(Trial(record: record, change: change, names: names, generation: generation), ticket)
    }

    /// Publishes a lane's first record, if it can be now. Returns what becomes of the lane; nil: it stays as it is.
    private func publish(_ record: StoredRecord, of name: String, on ticket: Publisher.Ticket) throws -> Lanes.Change? {
        var tape = Tape()
        try tape.parse(record.document)
        switch translator.translate(tape.root, &tape, record.reference, record.stamp, record.position) {
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

    /// A lane shrinks only after its record's events are acknowledged.
    private func shorten(_ trial: Trial) throws {
        guard let change = trial.change else {
            phase = .retrying(Array(trial.names.dropFirst()), trial.generation)
            return
        }
        let ticket = shared.publisher.ticket()
        phase = .shortened(trial, ticket)
        try write([change], on: ticket)
    }

    private func conclude(_ trial: Trial) {
        guard let change = trial.change else { return }
        lanes.apply(change)
        unsure = [:]
        let isDone = change.lane?.waiting.first?.record != trial.record
        phase = .retrying(isDone ? trial.names : Array(trial.names.dropFirst()), trial.generation)
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
