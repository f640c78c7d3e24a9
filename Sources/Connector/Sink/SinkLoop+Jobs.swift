import Canonical
import Document
import Installation
import Kafka
import Logging
import Transports

// A job's way: planned, noted, written, reported, done; or all of it once more.
extension SinkLoop {
    /// Brings the first job one stage further.
    func work() throws -> Next {
        let sink = jobs[0].sink
        switch jobs[0].stage {
        case .planned:
            guard shared.turns.mayBeTaken else { return .turn }
            jobs[0].before = parked
            let ticket = shared.publisher.ticket()
            let turn = shared.turns.take()
            // What was looked at is written in the same turn. A page that is read in between can't be told from our own write (I6):
            // it would have to be read again, and beside a busy sink no run of several pages would come to its end.
            defer { if !jobs[0].isLookedAt { turn.end() } }
            shared.doubts.begin(sink.entry.kind.name, by: sink.settings.name)
            let planned = try plan(jobs[0].records, in: sink, on: ticket)
            if sink.readsBefore, planned.contains(where: { $0.settled == nil }) {
                try look(at: planned, in: turn, on: ticket)
            } else {
                jobs[0].stage = .written(ticket)
                try write(planned, on: ticket)
            }
        case .noted(let planned, let note, let turn):
            guard try shared.publisher.isSettled(note) else { return .acknowledgements }
            defer { turn.end() }
            let ticket = shared.publisher.ticket()
            jobs[0].stage = .written(ticket)
            try write(planned, on: ticket)
        case .written(let reports):
            guard try shared.publisher.isSettled(reports) else { return .acknowledgements }
            if jobs[0].released.isEmpty { finishJob() } else { try unpark() }
        case .released(let tombstones):
            guard try shared.publisher.isSettled(tombstones) else { return .acknowledgements }
            finishJob()
        }
        return .again
    }

    /// The first job is done, and all that it has said is acknowledged.
    func finishJob() {
        let (sink, records) = (jobs[0].sink.settings.name, jobs[0].records)
        undertaken.finish(records)
        if !unsure.isEmpty { for golden in records { unsure.remove(ParkedWrites.name(sink: sink, golden)) } }
        jobs.removeFirst()
        backOff.reset()
    }

    /// Reads what the system holds of what is about to be written, and notes it: it is written when that is acknowledged.
    func look(at planned: [Planned], in turn: Turns.Turn, on ticket: Publisher.Ticket) throws {
        let (sink, records, known) = (jobs[0].sink, jobs[0].records, undertaken)
        let open = planned.filter { $0.settled == nil }
        let held = try sink.writer!.look(at: open.map(\.write))
        var found: [String: String] = [:]
        let strays = zip(open, held).filter { sink.isAnothers($1, than: $0, &found) }.map(\.0)
        let planned = try setAside(strays, of: planned, on: ticket)
        for (one, record) in zip(open, held) where planned.contains(where: { $0.golden === one.golden }) {
            undertaken.see(record, before: one.golden, own: one.write.own)
            if one.write.own == nil, one.write.action == .put { undertaken.create(one.golden) }
        }
        var note = undertaken.note(records)
        if note.utf8.count > shared.publisher.largest {
            if records.count > 1 {
                // In two parts, each planned and read again: what was parked with both of them, too.
                takeBack()
                (undertaken, jobs[0].records) = (known, Array(records.prefix(records.count / 2)))
                return jobs.insert(Job(sink: sink, records: Array(records.dropFirst(records.count / 2))), at: 1)
            }
            // No event takes it either: it is a dead letter wherever a source reads it. What others owe stays noted.
            undertaken.overlook(records)
            note = undertaken.note(records)
        }
        try shared.publisher.write(
            to: shared.names.position(connector: shared.connector), key: Undertaking.key, value: note.utf8, on: ticket)
        isNoted = true
        jobs[0].stage = .noted(planned, ticket, turn)
    }

    /// What is found under another's number isn't overwritten: nobody knows whose it is, until the hub has said so.
    private func setAside(
        _ strays: [Planned], of planned: [Planned], on ticket: Publisher.Ticket
    ) throws -> [Planned] {
        for stray in strays {
            let reason = "what is found there belongs to another \(stray.golden.entity)"
            try park(stray.golden, jobs[0].sink, reason, isWaiting: true, on: ticket)
        }
        return planned.filter { one in !strays.contains { $0.golden === one.golden } }
    }

    /// What systems held is kept no longer than it is needed: it may be somebody's data (I12).
    func forgetNote() throws {
        guard isNoted else { return }
        try shared.publisher.write(
            to: shared.names.position(connector: shared.connector), key: Undertaking.key,
            value: undertaken.note([]).utf8, on: shared.publisher.ticket())
        isNoted = false
    }

    /// The first job isn't done: it is done again.
    func dropJob() {
        guard let job = jobs.first, job.before != nil else { return }
        takeBack()
        unclear[job.sink.settings.name, default: []].formUnion(job.records.map(\.place.description))
        shared.doubts.begin(job.sink.entry.kind.name, by: job.sink.settings.name)
    }

    /// What the first job has parked and let go is forgotten. It may stand in the topic all the same: who plans it again says
    /// it again, whatever it is then (I7, I9).
    func takeBack() {
        jobs[0].endTurn()
        if let before = jobs[0].before { parked = before }
        (jobs[0].stage, jobs[0].before, jobs[0].released) = (.planned, nil, [])
    }

    /// All jobs are planned anew.
    func giveUp() {
        dropJob()
        if case .holding(_, _, let before) = phase {
            parked = before
            corrections.close()
        }
        if case .retrying = phase, let job = jobs.first, unclear[job.sink.settings.name] != nil { repeats.append(job) }
        jobs = []
        if case .beginning = phase { return }
        phase = .resting
    }

    /// The first job's writes are reported: nothing of it is in doubt.
    func endDoubt() {
        let (name, kind) = (jobs[0].sink.settings.name, jobs[0].sink.entry.kind.name)
        if unclear[name] != nil {
            unclear[name]?.subtract(jobs[0].records.map(\.place.description))
            guard unclear[name]?.isEmpty == true else { return }
            unclear[name] = nil
        }
        shared.doubts.end(kind, by: name)
    }
}
