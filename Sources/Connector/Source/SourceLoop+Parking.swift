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
        let isNews = translation.entities.contains { shared.overwrites.isOvertaken($0, in: settings.name) }
        let waiting = lanes.waiting(stored, entities: translation.entities, missing: missing, isNews: isNews)
        guard let waiting else { return }
        let value = waiting.json.utf8
        guard isParkable(value) else {
            return try bury(
                record, input, Self.tooLargeToWait(for: missing),
                logged: "it waits for others, and is too large to be parked", on: ticket)
        }
        lanes.park(waiting)
        follow(waiting)
        try write(value, as: waiting.name, on: ticket)
    }

    /// Whether a record fits into its topic together with what it waits for.
    private func isParkable(_ value: [UInt8]) -> Bool { value.count <= shared.publisher.largest }

    private static func tooLargeToWait(for missing: [String]) -> String {
        "waits for \(missing.prefix(5).joined(separator: ", ")), and is too large to be parked"
    }

    // MARK: What is written meanwhile

    /// Follows what sinks write of a record's entities while it waits, unless the system's log tells its place anyway.
    func follow(_ parked: Lanes.Waiting) {
        guard parked.record.position == nil else { return }
        shared.overwrites.wait(parked.number, parked.entities, in: settings.name)
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
        for name in unsure.sorted() { try write(lanes.stored(name), on: ticket) }
    }

    func write(_ stored: Lanes.Stored, on ticket: Publisher.Ticket) throws {
        try write(stored.waiting?.json.utf8, as: stored.name, on: ticket)
    }

    private func write(_ value: [UInt8]?, as name: String, on ticket: Publisher.Ticket) throws {
        unsure.insert(name)
        try shared.publisher.write(
            to: shared.names.parked(connector: shared.connector), key: "\(settings.name)/\(name)", value: value,
            on: ticket)
    }

    /// What waits is tried again when the tables of numbers have changed.
    func lanesToRetry() -> Phase? {
        let now = shared.knowledge.generation
        guard lanes.count > 0, now != generation else { return nil }
        let order = lanes.lanes.values.sorted { ($0.waiting[0].number, $0.id) < ($1.waiting[0].number, $1.id) }
        return .retrying(order.map(\.id), now)
    }

    /// Tries the first record of the first lane.
    func retry(_ ids: [UInt64], _ generation: UInt64) throws {
        guard let id = ids.first else {
            self.generation = generation
            phase = .resting
            return
        }
        guard let first = lanes.lanes[id]?.waiting.first else {
            phase = .retrying(Array(ids.dropFirst()), generation)
            return
        }
        let ticket = shared.publisher.ticket()
        let change = try shared.turns.take { try publish(first, of: id, on: ticket) }
        phase = .retried(Trial(first: first, change: change, lanes: ids, generation: generation), ticket)
    }

    /// Publishes a lane's first record, if it can be now. Returns what becomes of the lane; nil: it stays as it is.
    func publish(
        _ first: Lanes.Waiting, of lane: UInt64, on ticket: Publisher.Ticket
    ) throws -> Lanes.Change? {
        let record = first.record
        var tape = Tape()
        try tape.parse(record.document)
        switch translator.translate(tape.root, &tape, record.reference, record.stamp, record.position) {
        case .success(let translation) where !translation.missing.isEmpty:
            let change = lanes.wait(lane, entities: translation.entities, missing: translation.missing)
            // It may wait for more than when it was parked.
            guard let waiting = change?.stored.waiting, !isParkable(waiting.json.utf8) else { return change }
            try shared.deadLetters.bury(
                record.document, of: settings.name, reference: record.reference,
                reason: Self.tooLargeToWait(for: translation.missing), place: nil, on: ticket)
        case .success(let translation) where !translation.events.allSatisfy(shared.publisher.takes):
            try shared.deadLetters.bury(
                record.document, of: settings.name, reference: record.reference, reason: Self.tooLarge, place: nil,
                on: ticket)
        case .success(let translation):
            try shared.doubts.check(translation.events)
            for event in events(of: translation, first.number) { try shared.publisher.publish(event, on: ticket) }
        case .failure(let dead):
            try shared.deadLetters.bury(
                record.document, of: settings.name, reference: record.reference, reason: dead.reason, place: nil,
                on: ticket)
        }
        return lanes.shifted(lane)
    }

    /// A lane shrinks only after its record's events are acknowledged.
    func shorten(_ trial: Trial) throws {
        guard let change = trial.change else {
            phase = .retrying(Array(trial.lanes.dropFirst()), trial.generation)
            return
        }
        let ticket = shared.publisher.ticket()
        phase = .shortened(trial, ticket)
        try write(change.stored, on: ticket)
    }

    func conclude(_ trial: Trial) throws {
        guard let change = trial.change else { return }
        lanes.apply(change)
        unsure = []
        // Behind a record that has been dealt with, the next one may go, too.
        phase = .retrying(change.first == nil ? trial.lanes : Array(trial.lanes.dropFirst()), trial.generation)
        if let first = change.first { follow(first) }
        try unfollow(trial.first.entities)
    }
}
