import Canonical
import Document
import Installation
import Kafka
import Logging
import Transports

/// All sinks of a connector, and one consumer. Read a batch → the newest of each entity → write → read back → report →
/// everything acknowledged → commit the position.
final class SinkLoop: Loop {
    let shared: Shared
    /// Opens the system, for writing.
    private let open: () throws -> [Sink]
    private var sinks: [Sink] = []
    private let brokers: any Brokers
    private let consumer: any Member
    private let entityOf: [String: String]
    /// The entities that systems have numbers for.
    private let hasNumbers: Set<String>
    /// The partitions of the topics of numbers.
    private var partitionsOf: [String: [TopicPartition]] = [:]
    private let bootstrap: Bootstrap
    private let ready: Gate
    private var parked: ParkedWrites
    /// Of what was parked or let go by jobs that aren't done: the topic may hold it, and memory something else.
    private var unsure: Set<String> = []
    /// What is about to be written, and what the process before may have written last.
    private var undertaken: Undertaking
    /// Of what was read, what that process may have written: written first, revision by revision.
    private var suspects: [Golden] = []
    private var generation: UInt64
    private let most: Int
    private let wait: Duration
    private let log: Logger
    private var phase = Phase.beginning
    private var backOff: BackOff
    /// What is still to be written in this phase, the first of them now.
    private var jobs: [Job] = []
    /// What of the process before may have to be written again: until it is, nobody reads (Turns). Nil: not known yet.
    private var repeating: Repeating?
    /// Until then what the process before noted is waited for.
    private var noteDeadline: ContinuousClock.Instant?
    private var assigned: [TopicPartition] = []
    private var isAssigned = false
    /// Whether sources may read.
    private var isReady = false
    /// What was read and isn't written yet.
    private var pending: [Golden] = []
    /// Parked records whose write broke off: repeated before anything newer of them is written.
    private var repeats: [Job] = []
    /// By sink, the places of what may have been written without a report.
    private var unclear: [String: Set<String>] = [:]
    private var positions: [TopicPartitionOffset] = []
    private var committed: [TopicPartitionOffset] = []
    /// Whether it is said that too much is parked.
    private var isHeldBack = false
    /// While it is: what mends parked records.
    private var corrections: Corrections
    /// Whether the note on what was written still stands.
    private var isNoted = false
    /// Whether nothing had come in this round.
    private var isIdle = false
    /// The note on the size of batches, until it is acknowledged.
    private var batchNote: Publisher.Ticket?

    private enum Phase {
        /// Nothing is open yet.
        case beginning
        /// Between two batches.
        case resting
        /// What was read waits until the tables of numbers know what the hub knew when it said it: their ends.
        case informing([TopicPartition: Int64])
        /// What was read is written.
        case writing
        /// What is parked and due is written, as of this generation of the tables.
        case retrying(UInt64)
        /// Too much is parked: nothing new is taken up. What was parked before newer records took places, which are not
        /// acknowledged yet; and how far the tables of numbers must be for these.
        case holding(Publisher.Ticket, ends: [TopicPartition: Int64], before: ParkedWrites)
    }

    /// Records for one sink, written in one turn.
    private struct Job {
        let sink: Sink
        var records: [Golden]
        var stage = Stage.planned
        /// What was parked before them.
        var before: ParkedWrites?
        /// What is parked no longer, once that is reported.
        var released: Set<String> = []

        enum Stage {
            case planned
            /// What the system held is noted, and the note not yet acknowledged.
            case noted([Planned], Publisher.Ticket)
            /// They are written, and their reports not yet acknowledged.
            case written(Publisher.Ticket)
            /// What is parked no longer is taken out of its topic, and that isn't acknowledged yet.
            case released(Publisher.Ticket)
        }
    }

    private typealias Planned = (golden: Golden, write: Write)

    /// - Parameters:
    ///   - undertaken: what the process before noted that it was about to write.
    ///   - bootstrap: what must be known before anything is written.
    ///   - ready: opens when the writes that may have been under way are repeated.
    init(
        _ settings: [SinkSettings], _ shared: Shared, _ brokers: any Brokers, numbered: [String], parked: ParkedWrites,
        _ corrections: Corrections, undertaken: Undertaking, _ bootstrap: Bootstrap, ready: Gate,
        _ open: @escaping () throws -> [Sink]
    ) throws(KafkaError) {
        self.shared = shared
        self.brokers = brokers
        hasNumbers = Set(numbered)
        consumer = try brokers.member()
        self.open = open
        self.bootstrap = bootstrap
        self.ready = ready
        self.parked = parked
        self.corrections = corrections
        self.undertaken = undertaken
        backOff = BackOff(shared.errors)
        generation = shared.knowledge.generation
        most = settings.map(\.batch.records).max() ?? 500
        wait = settings.map(\.batch.wait).min() ?? .milliseconds(50)
        log = shared.log
        let entities = Set(settings.map(\.of)).sorted()
        entityOf = Dictionary(uniqueKeysWithValues: entities.map { (shared.names.golden(entity: $0), $0) })
    }

    package var name: String { "sinks" }

    package var isAtRest: Bool {
        switch phase {
        case .beginning, .resting, .holding, .informing: pending.isEmpty && suspects.isEmpty
        case .writing, .retrying: false
        }
    }

    package func close() {
        corrections.close()
        do { try consumer.close() } catch { log.warning("leaving the group failed", metadata: ["error": "\(error)"]) }
    }

    package func step() throws -> Next {
        do {
            switch phase {
            case .beginning: return try begin()
            case .resting: return try takeUp()
            case .informing(let ends):
                guard shared.identities.hasReached(ends) else { return .time(.microseconds(200)) }
                plan()
            case .writing, .retrying: return try jobs.isEmpty ? conclude() : work()
            case .holding(let ticket, let ends, _):
                guard try shared.publisher.isSettled(ticket) else { return .acknowledgements }
                guard shared.identities.hasReached(ends) else { return .time(.microseconds(200)) }
                corrections.confirm()
                planRetries()
            }
            return .again
        } catch let failure as SystemFailure {
            dropJob()
            let pause = backOff.next()
            log.warning(
                "the sink pauses",
                metadata: [
                    "sink": "\(jobs.first?.sink.settings.name ?? name)", "error": "\(failure)", "pause": "\(pause)",
                ])
            return .time(pause)
        } catch let error as KafkaError where error.isRetriable || error.isTooLarge {
            giveUp()
            // What was read stays pending, and is written again.
            let pause = error.isTooLarge ? backOff.next() : .milliseconds(500)
            log.warning("Kafka pauses the sinks", metadata: ["error": "\(error)", "pause": "\(pause)"])
            return .time(pause)
        } catch {
            giveUp()
            throw error
        }
    }

    // MARK: Beginning

    private func begin() throws -> Next {
        guard isBootstrapped() else { return .time(.milliseconds(50)) }
        if sinks.isEmpty {
            sinks = try open()
            repeats = sinks.compactMap { sink in
                let parked = parked.entries.filter { $0.key.hasPrefix(sink.settings.name + "/") }.map(\.value.golden)
                    .filter(undertaken.includes).sorted { $0.key < $1.key }
                let places = Set(parked.map(\.place.description))
                let created = undertaken.created(of: sink.settings.of)
                    .filter { sink.readsBefore && !places.contains($0.place.description) }
                let records = parked + created + heldAnew(by: sink)
                return records.isEmpty ? nil : Job(sink: sink, records: records)
            }
        }
        guard try isBatchNoted() else { return .acknowledgements }
        try consumer.subscribe(
            to: entityOf.keys.sorted(),
            hooks: RebalanceHooks(assigned: { [unowned self] partitions in
                assigned = partitions
                isAssigned = true
                repeating = nil
                return []
            }))
        backOff.reset()
        phase = .resting
        return .again
    }

    /// What today's mapping holds back at a start, and was written before: it is parked like anything else that comes (I9).
    private func heldAnew(by sink: Sink) -> [Golden] {
        defer { sink.held = [] }
        return sink.held.filter { golden in
            let known = parked.entries[ParkedWrites.name(sink: sink.settings.name, golden)]?.golden
            return known.map { golden.isNewer(than: $0) } ?? true
        }
    }

    /// A start repeats as many records as a batch may have had, and today's setting may be smaller than that: so what is larger
    /// than usual is noted before the first batch is written.
    private func isBatchNoted() throws -> Bool {
        if batchNote == nil, undertaken.batch >= most { return true }
        let known = undertaken.batch
        do {
            if batchNote == nil {
                let note = shared.publisher.ticket()
                undertaken.batch = most
                try shared.publisher.write(
                    to: shared.names.position(connector: shared.connector), key: Undertaking.key,
                    value: undertaken.note([]).utf8, on: note)
                batchNote = note
            }
            guard try shared.publisher.isSettled(batchNote!) else { return false }
        } catch {
            // It is noted again.
            (batchNote, undertaken.batch) = (nil, min(known, most - 1))
            throw error
        }
        batchNote = nil
        return true
    }

    /// What the system held before must be known. At the very first start nothing was ever written, so there is nothing to
    /// repeat; where a source was added, only that one reads before it is repeated.
    private func isBootstrapped() -> Bool {
        guard bootstrap.isNeeded else { return true }
        if bootstrap.isFirst {
            ready.open()
            isReady = true
        }
        return bootstrap.isDone(
            shared.identities, shared.system, now: shared.clock.now(), patience: .seconds(60), log: log)
    }

    // MARK: One batch

    /// Commits what is done, and reads what has come.
    private func takeUp() throws -> Next {
        if pending.isEmpty, suspects.isEmpty {
            try commit()
            if mustHoldBack {
                // What broke off is repeated first.
                if repeats.isEmpty { return try holdBack() }
            } else {
                endHoldingBack()
                try gather()
            }
            isIdle = pending.isEmpty && suspects.isEmpty
        } else if awaitsNote {
            try gather()
        }
        if isAssigned, repeating == nil { try beginRepeating() }
        if awaitsNote { return .records }
        if let ends = try endsOfNumbers(suspects, pending) { phase = .informing(ends) } else { plan() }
        return .again
    }

    /// How far the tables of numbers must be before these records are planned; nil: they know all that matters.
    ///
    /// The hub tells of a number and of the golden record in one transaction, but in two topics. A record whose number isn't
    /// known here may not be in the system, or the number is still on its way: taken for absent it would stay unwritten (I9).
    private func endsOfNumbers(_ read: [Golden]...) throws -> [TopicPartition: Int64]? {
        var unknown: Set<String> = []
        for records in read {
            for golden in records where golden.verb != .gone && hasNumbers.contains(golden.entity) {
                // One of an entity is enough.
                if unknown.count == entityOf.count { break }
                if unknown.contains(golden.entity) { continue }
                if !shared.identities.hasNumber(golden.key, entity: golden.entity, in: shared.system) {
                    unknown.insert(golden.entity)
                }
            }
        }
        guard !unknown.isEmpty else { return nil }
        let topics = unknown.map { shared.names.identity(entity: $0) }.sorted()
        let partitions = try topics.flatMap { topic in
            if let known = partitionsOf[topic] { return known }
            let found = try brokers.partitions(of: [topic])
            partitionsOf[topic] = found
            return found
        }
        return try brokers.ends(of: partitions).filter { $0.value > 0 }
    }

    /// The pending records go to the sinks that are theirs; but first what the process before may have written, alone: so no
    /// note ever names two revisions of one entity, of which the older one would be written over the newer.
    private func plan() {
        jobs = repeats
        let isRepeating = !(suspects.isEmpty && repeats.isEmpty)
        let records = isRepeating ? suspects : pending
        for sink in sinks {
            let isAll = records.allSatisfy { $0.entity == sink.settings.of }
            var own = isAll ? records : records.filter { $0.entity == sink.settings.of }
            if !isRepeating, parked.count > 0 || !corrections.isEmpty { own.removeAll { isOvertaken($0, by: sink) } }
            if !own.isEmpty { jobs.append(Job(sink: sink, records: own)) }
        }
        phase = .writing
    }

    // MARK: Reading

    /// Takes what has come: up to a batch, waiting a little for more.
    private func gather() throws {
        var newest = Coalescing(pending)
        // Also when Kafka fails in the middle: the positions have moved behind what was taken.
        defer { pending = newest.records }
        var count = 0
        var deadline: ContinuousClock.Instant?
        while count < most, !shared.stop.isSet {
            let now = shared.clock.now()
            let timeout = deadline.map { $0 - now } ?? .milliseconds(100)
            if timeout <= .zero { break }
            let taken = try consumer.poll(max: most - count, timeout: timeout) { batch in
                batch.forEach { take($0, &newest) }
                positions = batch.positions()
                return batch.count
            }
            count += taken
            if taken == 0 { break }
            deadline = deadline ?? shared.clock.now() + wait
        }
    }

    private func take(_ record: borrowing Record, _ newest: inout Coalescing) {
        if !isReady { repeating?.take(record.topicPartition) }
        guard let entity = entityOf[record.topic] else { return }
        switch Golden.read(record, entity: entity) {
        case .success(let golden) where undertaken.includes(golden):
            // What stands before it of the same entity the process before had left out, or written already: written now it would
            // take the place of the newer one, and what that had written there would be taken for somebody's edit (I6).
            newest.drop(before: golden)
            undertaken.forget(suspects.filter { $0.isSameEntity(as: golden) })
            suspects.removeAll { $0.isSameEntity(as: golden) }
            suspects.append(golden)
        case .success(let golden): newest.add(golden)
        case .failure(let fault):
            log.error(
                "a record is no golden record, and is left out",
                metadata: ["place": "\(record.topicPartition)@\(record.offset)", "why": "\(fault.reason)"])
        }
    }

    /// Everything up to here is written and reported. Waits for it: nothing more is written before, so that what a start
    /// repeats is all that may have been under way.
    private func commit() throws {
        guard positions != committed else { return }
        do {
            try consumer.commit(positions, wait: true)
            committed = positions
        } catch {
            // The group moves on, which only polling ends: what isn't committed by then is read again.
            guard Self.groupMoves.contains(error.code) else { throw error }
            log.notice("what is written can't be committed yet, and may be repeated", metadata: ["error": "\(error)"])
        }
    }

    private static let groupMoves: Set<KafkaError.Code> = [
        .rebalanceInProgress, .illegalGeneration, .unknownMemberID, .assignmentLost,
    ]

    // MARK: Repeating at the start

    /// What may have been under way when the process ended: one batch of each partition behind its committed position.
    private func beginRepeating() throws {
        let committed = try consumer.committed(assigned, timeout: .seconds(10))
        repeating = Repeating(
            assigned.map { ($0, committed[$0]) }, try brokers.watermarks(of: assigned), batch: undertaken.batch,
            noted: { undertaken.last(in: $0) })
        noteDeadline = noteDeadline ?? shared.clock.now() + Self.notePatience
    }

    /// Whether something that the process before noted is still to be read. It had read it together with all that stands before
    /// it, and had written the newest of each entity: so nothing is written before that is known again. For a while: what
    /// was noted may be gone from its topic by now, and then nothing says so.
    private var awaitsNote: Bool {
        guard !isReady, let repeating, let noteDeadline, shared.clock.now() < noteDeadline else { return false }
        return repeating.awaitsNote(positions)
    }

    private static let notePatience = Duration.seconds(10)

    /// Whether all that a start repeats is written, and reported.
    private func hasRepeated() -> Bool {
        guard isAssigned, repeating != nil else { return false }
        repeating?.reach(positions)
        return repeating?.isDone == true
    }

    // MARK: Writing

    /// Brings the first job one stage further.
    private func work() throws -> Next {
        let sink = jobs[0].sink
        switch jobs[0].stage {
        case .planned:
            guard shared.turns.mayBeTaken else { return .turn }
            jobs[0].before = parked
            let ticket = shared.publisher.ticket()
            try shared.turns.take {
                shared.doubts.begin(sink.entry.kind.name, by: sink.settings.name)
                let planned = try plan(jobs[0].records, in: sink, on: ticket)
                if sink.readsBefore, !planned.isEmpty {
                    try look(at: planned, on: ticket)
                } else {
                    jobs[0].stage = .written(ticket)
                    try write(planned, on: ticket)
                }
            }
        case .noted(let planned, let note):
            guard try shared.publisher.isSettled(note) else { return .acknowledgements }
            guard shared.turns.mayBeTaken else { return .turn }
            let ticket = shared.publisher.ticket()
            jobs[0].stage = .written(ticket)
            try shared.turns.take { try write(planned, on: ticket) }
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
    private func finishJob() {
        let (sink, records) = (jobs[0].sink.settings.name, jobs[0].records)
        undertaken.finish(records, in: sink)
        if !unsure.isEmpty { for golden in records { unsure.remove(ParkedWrites.name(sink: sink, golden)) } }
        jobs.removeFirst()
        backOff.reset()
    }

    /// Reads what the system holds of what is about to be written, and notes it: it is written when that is acknowledged.
    private func look(at planned: [Planned], on ticket: Publisher.Ticket) throws {
        let (sink, records, known) = (jobs[0].sink, jobs[0].records, undertaken)
        let held = try sink.writer!.look(at: planned.map(\.write))
        for ((golden, write), record) in zip(planned, held) {
            undertaken.see(record, before: golden, own: write.own, in: sink.settings.name)
            if write.own == nil, write.action == .put { undertaken.create(golden) }
        }
        var note = undertaken.note(records)
        if note.utf8.count > shared.publisher.largest {
            if records.count > 1 {
                // In two parts, each planned and read again: what was parked with both of them, too.
                takeBack()
                (undertaken, jobs[0].records) = (known, Array(records.prefix(records.count / 2)))
                return jobs.insert(Job(sink: sink, records: Array(records.dropFirst(records.count / 2))), at: 1)
            }
            // No event takes it either: it is a dead letter wherever a source reads it.
            note["held"] = []
            note["created"] = nil
        }
        try shared.publisher.write(
            to: shared.names.position(connector: shared.connector), key: Undertaking.key, value: note.utf8, on: ticket)
        isNoted = true
        jobs[0].stage = .noted(planned, ticket)
    }

    /// What systems held is kept no longer than it is needed: it may be somebody's data (I12).
    private func forgetNote() throws {
        guard isNoted else { return }
        try shared.publisher.write(
            to: shared.names.position(connector: shared.connector), key: Undertaking.key,
            value: undertaken.note([]).utf8, on: shared.publisher.ticket())
        isNoted = false
    }

    /// The first job isn't done: it is done again.
    private func dropJob() {
        guard let job = jobs.first, job.before != nil else { return }
        takeBack()
        unclear[job.sink.settings.name, default: []].formUnion(job.records.map(\.place.description))
        shared.doubts.begin(job.sink.entry.kind.name, by: job.sink.settings.name)
    }

    /// What the first job has parked and let go is forgotten. It may stand in the topic all the same: who plans it again says
    /// it again, whatever it is then (I7, I9).
    private func takeBack() {
        if let before = jobs[0].before { parked = before }
        (jobs[0].stage, jobs[0].before, jobs[0].released) = (.planned, nil, [])
    }

    /// All jobs are planned anew.
    private func giveUp() {
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
    private func endDoubt() {
        let (name, kind) = (jobs[0].sink.settings.name, jobs[0].sink.entry.kind.name)
        if unclear[name] != nil {
            unclear[name]?.subtract(jobs[0].records.map(\.place.description))
            guard unclear[name]?.isEmpty == true else { return }
            unclear[name] = nil
        }
        shared.doubts.end(kind, by: name)
    }

    /// All jobs of a phase are done.
    private func conclude() throws -> Next {
        switch phase {
        case .beginning, .resting, .holding, .informing: break
        case .writing:
            let wasRepeating = !suspects.isEmpty || !repeats.isEmpty
            undertaken.forget(suspects + repeats.flatMap(\.records))
            (suspects, repeats) = ([], [])
            if wasRepeating, !pending.isEmpty {
                plan()
                return .again
            }
            pending = []
            try commit()
            try forgetCorrections()
            planRetries()
        case .retrying(let generation):
            self.generation = generation
            phase = .resting
            // What was parked may have been under way too.
            if !isReady, hasRepeated() {
                ready.open()
                isReady = true
                for sink in sinks { sink.writer?.settle() }
                isNoted = undertaken.settle(batch: most) || isNoted
            }
            if isIdle {
                try forgetNote()
                return .records
            }
        }
        return .again
    }

    /// What is to be written; what needn't or can't be is reported.
    private func plan(_ records: [Golden], in sink: Sink, on ticket: Publisher.Ticket) throws -> [Planned] {
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
    private func write(_ planned: [Planned], on ticket: Publisher.Ticket) throws {
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

    private func conclude(
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
        report.held = result.isNew ? held : held.map { sink.spoken($0, by: golden) }
        if golden.verb != .gone { try self.report(report, golden, sink, on: ticket) }
    }

    /// Says what a process before has written, which may not have come to saying it: a newer revision must not hide it (I6).
    private func report(
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
    private func introduce(
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
    private func publish(
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
    private func publish(
        deletionOf own: String, _ golden: Golden, _ sink: Sink, on ticket: Publisher.Ticket
    ) throws {
        let event = sink.deletion(of: golden, own: own, topic: shared.knowledge.inputTopic(sink.entry.kind))
        try shared.publisher.publish(event, on: ticket)
    }

    private func report(_ report: Report, _ golden: Golden, _ sink: Sink, on ticket: Publisher.Ticket) throws {
        try sink.reports.publish(report, of: golden, by: shared.publisher, on: ticket)
    }

    // MARK: Parking

    private func park(
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
            level: status == .parked ? .notice : .debug, "a record is parked",
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
    private func release(_ golden: Golden, _ sink: Sink) {
        guard parked.count > 0 || !unsure.isEmpty else { return }
        let name = ParkedWrites.name(sink: sink.settings.name, golden)
        if parked.release(name) || unsure.contains(name) { jobs[0].released.insert(name) }
    }

    /// Takes what is parked no longer out of the topic, as its report is acknowledged. Not before: who ends in between would
    /// leave nobody who knows that it is to be written and reported (I9).
    private func unpark() throws {
        let ticket = shared.publisher.ticket()
        unsure.formUnion(jobs[0].released)
        for name in jobs[0].released.sorted() {
            try write(parked: name, corrections.note(name), on: ticket)
        }
        jobs[0].stage = .released(ticket)
    }

    /// Writes what the topic holds of a name from now on; nil: nothing.
    private func write(parked name: String, _ value: JSON?, on ticket: Publisher.Ticket) throws {
        try shared.publisher.write(
            to: shared.names.parked(connector: shared.connector), key: ParkedWrites.key(name), value: value?.utf8,
            on: ticket)
    }

    /// What is due is tried again.
    private func planRetries() {
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
    private var mustHoldBack: Bool { isReady && isAssigned && parked.refused >= shared.errors.mostParked }

    /// Lets newer records take the places of those that are parked, and nothing else: they may mend them. They are written as all
    /// that is parked, so that a process that ends meanwhile repeats them before sources read (I6).
    private func holdBack() throws -> Next {
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

    private func endHoldingBack() {
        guard isHeldBack else { return }
        isHeldBack = false
        corrections.close()
    }

    private func replace(_ golden: Golden, _ sink: Sink, on ticket: Publisher.Ticket) throws {
        let name = ParkedWrites.name(sink: sink.settings.name, golden)
        guard let value = parked.replace(name, with: golden, now: shared.clock.now()) else { return }
        // What becomes of it is said, though it be refused for the same reason.
        unsure.insert(name)
        try write(parked: name, value, on: ticket)
        corrections.take(golden, as: name)
    }

    /// Of what the committed position has passed, the topic needs to know no more. Nobody waits for it: the next process would
    /// find the same.
    private func forgetCorrections() throws {
        guard committed == positions else { return }
        for name in corrections.forget(before: positions) where parked.entries[name] == nil {
            try write(parked: name, nil, on: shared.publisher.ticket())
        }
    }

    /// Where the partitions are read on.
    private func standing() throws -> [TopicPartitionOffset] {
        let committed = try consumer.committed(assigned, timeout: .seconds(10))
        let marks = try brokers.watermarks(of: assigned)
        return assigned.compactMap { partition in
            marks[partition].map { partition.at(max(committed[partition] ?? $0.low, $0.low)) }
        }
    }

    /// Whether this record, or a newer one, took a parked one's place: what is older isn't written over it (I7).
    private func isOvertaken(_ golden: Golden, by sink: Sink) -> Bool {
        let name = ParkedWrites.name(sink: sink.settings.name, golden)
        return corrections.hasTaken(golden, as: name) || parked.holdsNewer(than: golden, name)
    }
}
