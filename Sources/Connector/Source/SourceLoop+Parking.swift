import Canonical
import Document
import Installation
import Kafka
import Logging

// What waits for what it refers to, in lanes.
extension SourceLoop {
    func park(
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
            return try bury(
                record, input, "waits for \(names), and is too large to be parked",
                logged: "it waits for others, and is too large to be parked", on: ticket)
        }
        let isNews = translation.entities.contains { shared.overwrites.isOvertaken($0, in: settings.name) }
        let changes = lanes.park(stored, entities: translation.entities, missing: missing, isNews: isNews)
        if !changes.isEmpty { follow(stored, lanes.last, translation.entities) }
        try write(changes, on: ticket)
    }

    // MARK: What is written meanwhile

    /// Follows what sinks write of a record's entities while it waits, unless the system's log tells its place anyway.
    func follow(_ record: StoredRecord, _ number: UInt64, _ entities: [String]) {
        if record.position == nil { shared.overwrites.wait(number, entities, in: settings.name) }
    }

    /// Of what no longer waits nothing need be known.
    func unfollow(_ entities: some Sequence<String>) throws {
        let gone = entities.filter { !lanes.holds(entities: [$0]) }
        guard !gone.isEmpty else { return }
        try shared.overwrites.release(gone, in: settings.name) { key in
            try shared.publisher.write(
                to: shared.names.parked(connector: shared.connector), key: key, value: nil,
                on: shared.publisher.ticket())
        }
    }

    /// A record's events, as they were when it was read: what stood there before the writes that came since (I3, I6).
    private func events(of translation: Translation, _ number: UInt64) -> [OutgoingEvent] {
        zip(translation.events, translation.entities).map { event, entity in
            guard event.envelope.position == nil else { return event }
            var event = event
            event.envelope.revision = shared.overwrites.first(behind: number, of: entity, in: settings.name)
            return event
        }
    }

    /// What was taken back in memory is taken back in the topic, before anything is tried again or read: else the next process
    /// would publish what went through behind what came after it, or miss what the topic doesn't hold any more (I2, I7, I9).
    func mend() throws {
        let ticket = shared.publisher.ticket()
        phase = .mended(ticket)
        // Lanes that were joined to others come back first: so whatever ends this, each record stands in one of them.
        let isGone = Set(unsure.values.filter { $0.lane == nil }.map(\.name))
        let names = isGone.sorted() + unsure.keys.filter { !isGone.contains($0) }.sorted()
        try write(names.map { Lanes.Change(name: $0, lane: lanes.lanes[$0]) }, on: ticket)
    }

    func write(_ changes: [Lanes.Change], on ticket: Publisher.Ticket) throws {
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
    func lanesToRetry() -> Phase? {
        let now = shared.knowledge.generation
        guard lanes.count > 0, now != generation else { return nil }
        return .retrying(lanes.lanes.values.sorted { $0.waiting[0].number < $1.waiting[0].number }.map(\.name), now)
    }

    /// Tries the first record of the first lane.
    func retry(_ names: [String], _ generation: UInt64) throws {
        guard let name = names.first else {
            self.generation = generation
            phase = .resting
            return
        }
        guard let first = lanes.lanes[name]?.waiting.first else {
            phase = .retrying(Array(names.dropFirst()), generation)
            return
        }
        let ticket = shared.publisher.ticket()
        let change = try shared.turns.take { try publish(first.record, first.number, of: name, on: ticket) }
        phase = .retried(Trial(first: first, change: change, names: names, generation: generation), ticket)
    }

    /// Publishes a lane's first record, if it can be now. Returns what becomes of the lane; nil: it stays as it is.
    func publish(
        _ record: StoredRecord, _ number: UInt64, of name: String, on ticket: Publisher.Ticket
    ) throws -> Lanes.Change? {
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
            for event in events(of: translation, number) { try shared.publisher.publish(event, on: ticket) }
        case .failure(let dead):
            try shared.deadLetters.bury(
                record.document, of: settings.name, reference: record.reference, reason: dead.reason, place: nil,
                on: ticket)
        }
        return lanes.shifted(name)
    }

    /// A lane shrinks only after its record's events are acknowledged.
    func shorten(_ trial: Trial) throws {
        guard let change = trial.change else {
            phase = .retrying(Array(trial.names.dropFirst()), trial.generation)
            return
        }
        let ticket = shared.publisher.ticket()
        phase = .shortened(trial, ticket)
        try write([change], on: ticket)
    }

    func conclude(_ trial: Trial) throws {
        guard let change = trial.change else { return }
        lanes.apply(change)
        unsure = [:]
        let first = change.lane?.waiting.first
        let isDone = first?.number != trial.first.number
        phase = .retrying(isDone ? trial.names : Array(trial.names.dropFirst()), trial.generation)
        if let first, !isDone { follow(first.record, first.number, first.entities) }
        try unfollow(trial.first.entities)
    }
}
