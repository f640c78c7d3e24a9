import Canonical
import Document
import Installation
import Kafka
import Logging
import Transports

// What is held back: parked, tried again, replaced, let go.
extension SinkLoop {
    func park(
        _ golden: Golden, _ sink: Sink, _ reason: String, isWaiting: Bool, as status: Report.Status = .parked,
        on ticket: Publisher.Ticket
    ) throws {
        let name = ParkedWrites.name(sink: sink.settings.name, golden)
        let pause = BackOff.pause(
            after: parked.tries(name), first: shared.errors.retry, longest: shared.errors.longest)
        let isNew = parked.entries[name]?.golden.revision != golden.revision || parked.entries[name]?.reason != reason
        let value = parked.park(
            golden, sink: sink.settings.name, reason: reason, isWaiting: isWaiting, now: shared.clock.now(),
            pause: pause)
        jobs[0].released.remove(name)
        // The tenth refusal says nothing that the first one hasn't said.
        guard isNew || unsure.contains(name) else { return }
        unsure.insert(name)
        log.log(
            level: status == .parked && isNew ? .notice : .debug, "a record is parked",
            metadata: ["sink": "\(sink.settings.name)", "place": "\(golden.place)", "why": "\(reason)"])
        try write(parked: name, value, on: ticket)
        var report = Report(revision: golden.revision, status: status)
        if status == .parked { report.reason = reason }
        if status == .absent {
            report.own = shared.identities.numbers(of: golden.key, entity: golden.entity, in: shared.system).first
        }
        try self.report(report, golden, sink, on: ticket)
    }

    /// It is parked no longer.
    func release(_ golden: Golden, _ sink: Sink) {
        guard parked.count > 0 || !unsure.isEmpty else { return }
        let name = ParkedWrites.name(sink: sink.settings.name, golden)
        if parked.release(name) || unsure.contains(name) { jobs[0].released.insert(name) }
    }

    /// Takes what is parked no longer out of the topic, as its report is acknowledged. Not before: who ends in between would
    /// leave nobody who knows that it is to be written and reported (I9).
    func unpark() throws {
        let ticket = shared.publisher.ticket()
        unsure.formUnion(jobs[0].released)
        for name in jobs[0].released.sorted() {
            try write(parked: name, corrections.note(name), on: ticket)
        }
        jobs[0].stage = .released(ticket)
    }

    /// Writes what the topic holds of a name from now on; nil: nothing.
    func write(parked name: String, _ value: JSON?, on ticket: Publisher.Ticket) throws {
        try shared.publisher.write(
            to: shared.names.parked(connector: shared.connector), key: ParkedWrites.key(name), value: value?.utf8,
            on: ticket)
    }

    /// What is due is tried again.
    func planRetries() {
        let now = shared.knowledge.generation
        let isNewIdentity = now != generation
        for sink in sinks where parked.count > 0 {
            let due = parked.due(
                sink: sink.settings.name, now: shared.clock.now(), isNewIdentity: isNewIdentity)
            for start in stride(from: 0, to: due.count, by: most) {
                jobs.append(Job(sink: sink, records: Array(due[start..<min(start + most, due.count)])))
            }
        }
        phase = .retrying(now)
    }

    // MARK: Too much is parked

    /// Whether nothing new is taken up: something is wrong with all of it. Not before what may have been under way is repeated, as
    /// the sources wait for that.
    var mustHoldBack: Bool { isReady && isAssigned && parked.refused >= shared.errors.mostParked }

    /// Lets newer records take the places of those that are parked, and nothing else: they may mend them. They are written as all
    /// that is parked, so that a process that ends meanwhile repeats them before sources read (I6).
    func holdBack() throws -> Next {
        if !isHeldBack {
            log.error("too many records are parked: the sinks pause", metadata: ["parked": "\(parked.refused)"])
        }
        isHeldBack = true
        if !corrections.isOpen { try corrections.open(brokers, at: try standing()) }
        let (found, count) = try corrections.read(atMost: most, entityOf) { golden in
            sinks.contains { parked.entries[ParkedWrites.name(sink: $0.settings.name, golden)] != nil }
        }
        isIdle = found.isEmpty
        guard !found.isEmpty || count == 0 else { return .again }
        let ticket = shared.publisher.ticket()
        phase = .holding(ticket, ends: [:], before: parked)
        for golden in found {
            for sink in sinks where sink.settings.of == golden.entity { try replace(golden, sink, on: ticket) }
        }
        if let ends = try endsOfNumbers(found), case .holding(_, _, let before) = phase {
            phase = .holding(ticket, ends: ends, before: before)
        }
        return found.isEmpty ? .time(shared.errors.retry) : .acknowledgements
    }

    func endHoldingBack() {
        guard isHeldBack else { return }
        isHeldBack = false
        corrections.close()
    }

    func replace(_ golden: Golden, _ sink: Sink, on ticket: Publisher.Ticket) throws {
        let name = ParkedWrites.name(sink: sink.settings.name, golden)
        guard let value = parked.replace(name, with: golden, now: shared.clock.now()) else { return }
        // What becomes of it is said, though it be refused for the same reason.
        unsure.insert(name)
        try write(parked: name, value, on: ticket)
        corrections.take(golden, as: name)
    }

    /// Of what the committed position has passed, the topic needs to know no more. Nobody waits for it: the next process would
    /// find the same.
    func forgetCorrections() throws {
        guard committed == positions else { return }
        for name in corrections.forget(before: positions) where parked.entries[name] == nil {
            try write(parked: name, nil, on: shared.publisher.ticket())
        }
    }

    /// Where the partitions are read on.
    func standing() throws -> [TopicPartitionOffset] {
        let committed = try consumer.committed(assigned, timeout: .seconds(10))
        let marks = try brokers.watermarks(of: assigned)
        return assigned.compactMap { partition in
            marks[partition].map { partition.at(max(committed[partition] ?? $0.low, $0.low)) }
        }
    }

    /// Whether this record, or a newer one, took a parked one's place: what is older isn't written over it (I7).
    func isOvertaken(_ golden: Golden, by sink: Sink) -> Bool {
        let name = ParkedWrites.name(sink: sink.settings.name, golden)
        return corrections.hasTaken(golden, as: name) || parked.holdsNewer(than: golden, name)
    }
}
