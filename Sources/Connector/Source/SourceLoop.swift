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
    var translator: RecordTranslator
    let open: () throws -> any SourceTransport
    var opened: (any SourceTransport)?
    var position: JSON?
    var lanes: Lanes
    /// The names of what was parked and let go since all was safe the last time: the topic may hold it, and memory something else.
    var unsure: Set<String> = []
    var delivery = Delivery()
    var absences: Absences
    var generation: UInt64?
    /// What the sinks had written when the page was read.
    var written: Set<String> = []
    /// Opens when the writes that may have been under way are repeated: no echo overtakes its report (Turns).
    let repeated: Gate
    let bootstrap: Bootstrap
    /// What the first snapshot holds.
    var snapshot: Set<String> = []
    var phase = Phase.resting
    var backOff: BackOff
    /// What went wrong while nothing was under way.
    var trouble: (any Error)?
    let log: Logger

    /// How far the present page is.
    enum Phase {
        case resting
        /// What something that failed has left otherwise in the topic is written as it is, and not yet acknowledged.
        case mended(Publisher.Ticket)
        /// What waits is tried again, in these lanes, as of this generation of the tables.
        case retrying([UInt64], UInt64)
        /// A lane's first record is published, and not yet acknowledged.
        case retried(Trial, Publisher.Ticket)
        /// What has become of it is written, and not yet acknowledged.
        case shortened(Trial, Publisher.Ticket)
        /// A page is published, and not yet acknowledged.
        case published(PageEnd, Publisher.Ticket, Before)
        /// The position behind it is written, and not yet acknowledged.
        case noted(PageEnd, Publisher.Ticket?, Before)
        /// All of it is safe, and the system doesn't know yet.
        case safe(PageEnd)
    }

    /// What the page has changed in memory, as it was before.
    struct Before {
        let lanes: Lanes
        let absences: Absences
    }

    struct Trial {
        let first: Lanes.Waiting
        /// What becomes of its lane; nil: what it was.
        let change: Lanes.Change?
        /// Further lanes, this one first.
        let lanes: [UInt64]
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
        self.lanes.count(from: shared.overwrites.end(of: settings.name))
        self.absences = absences
        backOff = BackOff(shared.errors)
        translator = RecordTranslator(mapping, shared.knowledge, source: settings.name)
        var log = shared.log
        log[metadataKey: "source"] = "\(settings.name)"
        self.log = log
        for waiting in lanes.all { follow(waiting) }
    }

    package var name: String { settings.name }

    package var isAtRest: Bool {
        if case .resting = phase { true } else { false }
    }

    package func step() throws -> Next {
        do {
            return try advance()
        } catch let doubt as InDoubt {
            undo()
            // The sink repeats its write, and says itself what it waits for.
            log.debug("what was read may be our own write, which is in doubt: it is read again later")
            return .certainty(doubt.kinds)
        } catch {
            undo()
            guard let reason = Self.passing(error) else { throw error }
            let pause = backOff.next(asked: (error as? SystemFailure)?.pause)
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

    func advance() throws -> Next {
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
            unsure = []
            phase = .resting
            return .again
        case .resting:
            guard repeated.isOpen || bootstrap.awaits(settings.name) else { return .gate(repeated) }
            guard shared.turns.mayBeTaken else { return .turn }
            if opened == nil {
                try unfollow(shared.overwrites.noted(in: settings.name))
                opened = try open()
            }
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
            try conclude(trial)
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
            unsure = []
            phase = .safe(end)
            return .again
        case .safe(let end): return try finish(end)
        }
    }

    // MARK: One page

    func read() throws {
        written = []
        let before = Before(lanes: lanes, absences: absences)
        let ticket = shared.publisher.ticket()
        phase = .published(PageEnd(), ticket, before)
        let end = try shared.turns.take { try page(on: ticket) }
        phase = .published(end, ticket, before)
    }

    /// The page is safe.
    func finish(_ end: PageEnd) throws -> Next {
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
    func undo() {
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
    func restore(_ before: Before) {
        let parked = lanes.entities.subtracting(before.lanes.entities)
        (lanes, absences) = (lanes.reverted(to: before.lanes), before.absences)
        // A note that stays in its topic says nothing of what is parked later: numbers are not given twice.
        try? unfollow(parked)
        for number in written { absences.see(number) }
        // Nor what came before it in the same run: that begins anew.
        delivery = Delivery()
        opened!.rewind()
    }

    func page(on ticket: Publisher.Ticket) throws -> PageEnd {
        hearOfWrites()
        var filtered = 0
        let end = try opened!.read(from: position) { record, tape in
            if let name = record.delivery { delivery.enter(name) }
            if try !handle(record, &tape, on: ticket) { filtered += 1 }
        }
        if let name = end.delivery {
            delivery.enter(name)
            if end.endsDelivery {
                try reportGone(name, isPatchwork: end.isPatchwork, on: ticket)
                // The next one may have the same name: a table that has not changed since.
                delivery = Delivery()
            }
        }
        if end.records > 0 {
            log.debug("read", metadata: ["records": "\(end.records)", "filtered": "\(filtered)"])
        }
        return end
    }

    /// What sinks wrote since the last page is there, though the pages read before may not show it. In the turn, so that
    /// nothing is written between this and the page.
    func hearOfWrites() {
        written = shared.writtenBack.take(settings.name)
        delivery.note(written)
        for number in written { absences.see(number) }
        opened!.hear(ofWrites: written)
    }

    /// Writes what has changed of what is known: everything that it rests on is acknowledged (I1). Nil: nothing has.
    func note(_ end: PageEnd) throws -> Publisher.Ticket? {
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
}
