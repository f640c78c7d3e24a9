import Canonical
import Document
import Installation
import Kafka
import Logging
import Transports

// What is written, and what is said of it.
extension SinkLoop {
    /// What is to be written; of what can't be it is said so.
    func plan(_ records: [Golden], in sink: Sink, on ticket: Publisher.Ticket) throws -> [Planned] {
        var planned: [Planned] = []
        planned.reserveCapacity(records.count)
        for golden in records {
            if golden.verb == .gone, !(sink.writer is any WholeWriter) {
                release(golden, sink)
                continue
            }
            let plan = try sink.plan(golden)
            if plan.isWithoutWrites { try tellUnreported(golden, sink, on: ticket) }
            switch plan {
            case .write(let writes, let settled):
                if writes.isEmpty, settled.isEmpty { release(golden, sink) }
                for one in settled { planned.append(Planned(golden, one.write, settled: one.record)) }
                for write in writes { planned.append(Planned(golden, write)) }
            case .absent:
                try report(Report(revision: golden.revision, status: .absent), golden, sink, on: ticket)
                release(golden, sink)
            case .absentUntilKnown(let reason, let writes):
                let parked = parked.entries[ParkedWrites.name(sink: sink.settings.name, golden)]
                // What the system had of it is taken away once.
                if writes.isEmpty || parked?.golden.revision == golden.revision {
                    try park(golden, sink, reason, isWaiting: true, as: .absent, on: ticket)
                } else {
                    for write in writes { planned.append(Planned(golden, write, awaited: reason)) }
                }
            case .wait(let reason): try park(golden, sink, reason, isWaiting: true, on: ticket)
            case .refuse(let reason, _): try park(golden, sink, reason, isWaiting: false, on: ticket)
            }
        }
        return planned
    }

    /// Writes, reads back, and hands the reports to the producer: they precede whatever is read from now on.
    func write(_ planned: [Planned], on ticket: Publisher.Ticket) throws {
        guard !planned.isEmpty else { return endDoubt() }
        let sink = jobs[0].sink
        var outcomes = try write(planned, sink)
        // An entity may have several numbers in one system. All that stood there before precedes the first of its reports: behind that
        // it would be older, and count as an edit (I6).
        for index in outcomes.indices { try tell(before: &outcomes[index], sink, on: ticket) }
        // Within a turn, so nothing is read meanwhile.
        let areAwaited = shared.overwrites.areAwaited
        for outcome in outcomes where !outcome.isVanished {
            try report(outcome, sink, isAwaited: areAwaited, on: ticket)
        }
        try hold(outcomes, sink, on: ticket)
        endDoubt()
    }

    /// What became of a write.
    struct Outcome {
        let planned: Planned
        let result: Written
        /// The copy as it was read back.
        var held: [UInt8]?

        var golden: Golden { planned.golden }

        /// Whether somebody has deleted what is to be written.
        var isVanished: Bool { result.isVanished && golden.verb == .golden && planned.write.own != nil }

        /// Whether its golden record is held back.
        var holdsBack: Bool {
            if case .refused = result.status { return true }
            return isVanished || planned.awaited != nil
        }
    }

    private func write(_ planned: [Planned], _ sink: Sink) throws -> [Outcome] {
        var writes: [Write] = []
        writes.reserveCapacity(planned.count)
        for one in planned where one.settled == nil { writes.append(one.write) }
        let results = writes.isEmpty ? [] : try sink.writer!.write(writes)
        var next = results.startIndex
        return planned.map { one in
            if let settled = one.settled {
                let result = Written(.unchanged, own: one.write.own, readBack: settled)
                return Outcome(planned: one, result: result)
            }
            defer { next += 1 }
            return Outcome(planned: one, result: results[next])
        }
    }

    /// One refusal, or nothing but numbers that are gone, parks a golden record; else it is held back no longer.
    private func hold(_ outcomes: [Outcome], _ sink: Sink, on ticket: Publisher.Ticket) throws {
        // Mostly all are written, and nothing was held back.
        if parked.count == 0, unsure.isEmpty, !outcomes.contains(where: { $0.holdsBack }) { return }
        var refused: [String: (golden: Golden, reason: String)] = [:]
        var (vanished, written): ([String: Golden], Set<String>) = ([:], [])
        for outcome in outcomes {
            let golden = outcome.golden
            if case .refused(let reason) = outcome.result.status { refused[golden.key] = (golden, reason) }
            if outcome.isVanished { vanished[golden.key] = golden } else { written.insert(golden.key) }
        }
        for outcome in outcomes where !outcome.isVanished && refused[outcome.golden.key] == nil {
            if let awaited = outcome.planned.awaited {
                try park(outcome.golden, sink, awaited, isWaiting: true, as: .absent, on: ticket)
            } else {
                release(outcome.golden, sink)
            }
        }
        for (key, golden) in vanished.sorted(by: { $0.key < $1.key }) where !written.contains(key) {
            // Until its number is forgotten, or a newer record takes its place.
            try park(golden, sink, "somebody has deleted it there", isWaiting: true, on: ticket)
        }
        for (_, (golden, reason)) in refused.sorted(by: { $0.key < $1.key }) {
            try park(golden, sink, reason, isWaiting: false, on: ticket)
        }
    }

    /// Says what was there before a write, and whose it is.
    private func tell(before outcome: inout Outcome, _ sink: Sink, on ticket: Publisher.Ticket) throws {
        let planned = outcome.planned
        let golden = planned.golden
        if outcome.isVanished {
            if !sink.writer!.isLogged { try publish(deletionOf: planned.write.own!, golden, sink, on: ticket) }
            return
        }
        sink.remember(outcome.result, of: golden)
        for earlier in outcome.result.earlier { try report(earlier, golden, sink, on: ticket) }
        if let readBack = outcome.result.readBack { outcome.held = sink.held(readBack, key: golden.key) }
        try introduce(outcome.result, golden, planned.write, sink, on: ticket)
        try publish(before: golden, planned.write, outcome.held, sink, on: ticket)
    }

    /// Says what a write has left there.
    ///
    /// - Parameter isAwaited: whether sources hold back anything.
    private func report(
        _ outcome: Outcome, _ sink: Sink, isAwaited: Bool, on ticket: Publisher.Ticket
    ) throws {
        let golden = outcome.golden
        var report = Report(
            revision: golden.revision, status: .written, own: outcome.result.own ?? outcome.planned.write.own)
        report.position = outcome.result.position
        switch outcome.result.status {
        case .outdated, .refused: return
        case .written: break
        case .unchanged: report.status = .unchanged
        case .absent: report.status = .absent
        }
        if report.status != .absent, let own = report.own { shared.writtenBack.note(own, of: golden.entity) }
        if let held = outcome.held {
            report.held = outcome.result.isNew ? held : sink.spoken(held, of: outcome.planned.write.fields)
        }
        guard golden.verb != .gone else { return }
        if isAwaited { try note(report, golden, sink, on: ticket) }
        try self.report(report, golden, sink, on: ticket)
    }

    /// What sources hold back of the entity was read before this write: they will say so.
    private func note(_ report: Report, _ golden: Golden, _ sink: Sink, on ticket: Publisher.Ticket) throws {
        let entity = sink.entry.entity
        // Of stock, systems state no copies but counts and movements.
        guard entity.engine != .stock else { return }
        let key = entity.key == .member ? report.own.map { Reference(system: shared.system, id: $0).key } : golden.key
        guard let key else { return }
        try shared.overwrites.note(golden.revision, of: "\(entity.name)/\(key)") { key, value in
            try shared.publisher.write(
                to: shared.names.parked(connector: shared.connector), key: key, value: value.utf8, on: ticket)
        }
    }

    /// Says what a process before has written, which may not have come to saying it: a newer revision must not hide it (I6).
    func report(
        _ earlier: Written.Earlier, _ golden: Golden, _ sink: Sink, on ticket: Publisher.Ticket
    ) throws {
        guard golden.verb == .golden, let held = sink.held(earlier.readBack, key: golden.key) else { return }
        var report = Report(revision: earlier.revision, status: .written, own: earlier.own)
        report.held = earlier.isNew ? held : sink.spoken(held, of: earlier.fields)
        report.position = earlier.position
        try self.report(report, golden, sink, on: ticket)
    }

    /// The same where nothing is written now: the number may be forgotten under which it was.
    private func tellUnreported(_ golden: Golden, _ sink: Sink, on ticket: Publisher.Ticket) throws {
        let left = try sink.writer!.unreported(of: golden.key, with: golden.epoch, golden.revision)
        for earlier in left { try report(earlier, golden, sink, on: ticket) }
    }

    /// What was found where nothing was known, or what a try before has created and nobody reported, stands under a number that only its
    /// system knows. Whose it is must be said before what stands under it is: whoever hears that first takes it for somebody new (I6).
    func introduce(
        _ result: Written, _ golden: Golden, _ write: Write, _ sink: Sink, on ticket: Publisher.Ticket
    ) throws {
        guard sink.entry.entity.key == .member, golden.verb == .golden, write.own == nil, let own = result.own,
            result.status == .written || result.status == .unchanged,
            undertaken.includes(golden)
                || unclear[sink.settings.name]?.contains(golden.place.description) == true
                || !undertaken.held(before: golden, own: nil).isEmpty
        else { return }
        // Of no revision: it says nothing of what the copy holds.
        try report(Report(revision: 0, status: .written, own: own), golden, sink, on: ticket)
    }

    /// What the system held before a write, as far as it holds something else now.
    func publish(
        before golden: Golden, _ write: Write, _ held: [UInt8]?, _ sink: Sink, on ticket: Publisher.Ticket
    ) throws {
        let seen = undertaken.held(before: golden, own: write.own)
        for (attempt, before) in seen.enumerated() {
            let reference = "\(golden.place)/\(write.own ?? "")/before/\(attempt)"
            let events = sink.observation(before.record, reference: reference, except: held ?? golden.data)
            guard events.allSatisfy(shared.publisher.takes) else {
                // As where it is too large to be noted: wherever a source reads it, it is a dead letter.
                log.warning(
                    "what was there before a write is too large for Kafka, and isn't said",
                    metadata: ["sink": "\(sink.settings.name)", "place": "\(golden.place)"])
                continue
            }
            for var event in events {
                // Where the report of that write is known already, this was said before it.
                if before.isNoted { event.envelope.revision = golden.revision }
                try shared.publisher.publish(event, on: ticket)
            }
        }
    }

    /// What somebody deleted is his say, whoever sees it first: the rules decide whether it is written again.
    func publish(
        deletionOf own: String, _ golden: Golden, _ sink: Sink, on ticket: Publisher.Ticket
    ) throws {
        let event = sink.deletion(of: golden, own: own, topic: shared.knowledge.inputTopic(sink.entry.kind))
        try shared.publisher.publish(event, on: ticket)
    }

    func report(_ report: Report, _ golden: Golden, _ sink: Sink, on ticket: Publisher.Ticket) throws {
        if try sink.reports.publish(report, of: golden, by: shared.publisher, on: ticket) { return }
        log.warning(
            "what is there after a write is too large for Kafka: nobody can tell whether it is in sync",
            metadata: ["sink": "\(sink.settings.name)", "place": "\(golden.place)"])
    }
}
