import Canonical
import Document
import Installation
import Kafka
import Logging
import Transports

// What is written, and what is said of it.
extension SinkLoop {
    /// What is to be written; what needn't or can't be is reported.
    func plan(_ records: [Golden], in sink: Sink, on ticket: Publisher.Ticket) throws -> [Planned] {
        var planned: [Planned] = []
        for golden in records {
            if golden.verb == .gone, !(sink.writer is any WholeWriter) {
                release(golden, sink)
                continue
            }
            switch try sink.plan(golden) {
            case .write(let writes, let settled):
                for settled in settled {
                    let held = Written(.unchanged, own: settled.write.own, readBack: settled.record)
                    try conclude(golden, settled.write, held, sink, on: ticket)
                }
                if writes.isEmpty { release(golden, sink) }
                planned += writes.map { (golden, $0) }
            case .absent:
                try report(Report(revision: golden.revision, status: .absent), golden, sink, on: ticket)
                release(golden, sink)
            case .absentUntilKnown(let reason):
                try park(golden, sink, reason, isWaiting: true, as: .absent, on: ticket)
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
        let results = try sink.writer!.write(planned.map(\.write))
        // An entity may have several numbers in one system: one refusal parks it.
        var refused: [String: String] = [:]
        for ((golden, _), result) in zip(planned, results) {
            if case .refused(let reason) = result.status { refused[golden.key] = reason }
        }
        var vanished: Set<String> = []
        for ((golden, write), result) in zip(planned, results) {
            if result.isVanished, golden.verb == .golden, let own = write.own {
                vanished.insert(golden.key)
                if !sink.writer!.isLogged { try publish(deletionOf: own, golden, sink, on: ticket) }
                continue
            }
            try conclude(golden, write, result, sink, on: ticket)
            if refused[golden.key] == nil { release(golden, sink) }
        }
        if !vanished.isEmpty {
            let written = Set(zip(planned, results).filter { !$1.isVanished }.map(\.0.golden.key))
            for key in vanished.subtracting(written).sorted() {
                guard refused[key] == nil, let golden = planned.first(where: { $0.golden.key == key })?.golden else {
                    continue
                }
                // Until its number is forgotten, or a newer record takes its place.
                try park(golden, sink, "somebody has deleted it there", isWaiting: true, on: ticket)
            }
        }
        for (key, reason) in refused.sorted(by: { $0.key < $1.key }) {
            guard let golden = planned.first(where: { $0.golden.key == key })?.golden else { continue }
            try park(golden, sink, reason, isWaiting: false, on: ticket)
        }
        endDoubt()
    }

    func conclude(
        _ golden: Golden, _ write: Write, _ result: Written, _ sink: Sink, on ticket: Publisher.Ticket
    ) throws {
        sink.remember(result, of: golden)
        for earlier in result.earlier { try report(earlier, golden, sink, on: ticket) }
        let held = result.readBack.flatMap { sink.held($0, key: golden.key) }
        try introduce(result, golden, write, sink, on: ticket)
        try publish(before: golden, write, held, sink, on: ticket)
        var report = Report(revision: golden.revision, status: .written, own: result.own ?? write.own)
        report.position = result.position
        switch result.status {
        case .outdated, .refused: return
        case .written, .unchanged:
            report.status = result.status == .written ? .written : .unchanged
            if let own = report.own { shared.writtenBack.note(own, of: golden.entity) }
        case .absent: report.status = .absent
        }
        report.held = result.isNew ? held : held.map { sink.spoken($0, of: write.fields) }
        if golden.verb != .gone { try self.report(report, golden, sink, on: ticket) }
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

    /// What a try before has created, and nobody reported, stands under a number that only its system knows. Whose it is must
    /// be said before what stands under it is: whoever hears that first takes it for somebody new (I6).
    func introduce(
        _ result: Written, _ golden: Golden, _ write: Write, _ sink: Sink, on ticket: Publisher.Ticket
    ) throws {
        guard sink.entry.entity.key == .member, golden.verb == .golden, write.own == nil, let own = result.own,
            result.status == .written || result.status == .unchanged,
            undertaken.includes(golden)
                || unclear[sink.settings.name]?.contains(golden.place.description) == true
        else { return }
        // Of no revision: it says nothing of what the copy holds.
        try report(Report(revision: 0, status: .written, own: own), golden, sink, on: ticket)
    }

    /// What the system held before a write, as far as it holds something else now.
    func publish(
        before golden: Golden, _ write: Write, _ held: [UInt8]?, _ sink: Sink, on ticket: Publisher.Ticket
    ) throws {
        let seen = undertaken.held(before: golden, own: write.own, in: sink.settings.name)
        for (attempt, before) in seen.enumerated() {
            let reference = "\(golden.place)/\(write.own ?? "")/before/\(attempt)"
            for var event in sink.observation(before.record, reference: reference, except: held ?? golden.data) {
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
        try sink.reports.publish(report, of: golden, by: shared.publisher, on: ticket)
    }
}
