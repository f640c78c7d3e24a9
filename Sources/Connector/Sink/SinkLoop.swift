import Canonical
import Document
import Installation
import Kafka
import Logging
import Transports

/// All sinks of a connector: one thread, one consumer. Read a batch → the newest of each entity → write → read back →
/// report → everything acknowledged → commit the position.
final class SinkLoop {
    private let sinks: [Sink]
    private let shared: Shared
    private let consumer: Consumer
    private let admin: Admin
    private let entityOf: [String: String]
    private let ready: Gate
    private var parked: ParkedWrites
    private var generation: UInt64
    private let most: Int
    private let wait: Duration
    private let log: Logger
    /// Until a partition has come this far after the start, writes may be repetitions, and nobody reads (Turns).
    private var repeating: [TopicPartition: Int64]?
    private var assigned: [TopicPartition] = []
    private var isAssigned = false
    /// Whether sources may read.
    private var isReady = false
    /// What was read and isn't written yet.
    private var pending: [Golden] = []
    private var positions: [TopicPartitionOffset] = []
    private var committed: [TopicPartitionOffset] = []

    /// - Parameter ready: opens when the writes that may have been under way are repeated.
    init(
        _ sinks: [Sink], _ shared: Shared, _ settings: Kafka.Settings, parked: ParkedWrites, ready: Gate
    ) throws(KafkaError) {
        self.sinks = sinks
        self.shared = shared
        self.ready = ready
        self.parked = parked
        generation = shared.knowledge.generation
        most = sinks.map(\.settings.batch.records).max() ?? 500
        wait = sinks.map(\.settings.batch.wait).min() ?? .milliseconds(50)
        log = shared.log
        let entities = Set(sinks.map(\.settings.of)).sorted()
        entityOf = Dictionary(
            uniqueKeysWithValues: entities.map { (shared.names.golden(entity: $0), $0) })
        let group = "\(shared.names.prefix).\(shared.connector)"
        consumer = try Consumer(
            settings.merging([
                "group.id": group, "group.instance.id": group, "auto.offset.reset": "earliest",
                // A system may be out of order for hours; this member stays, as its heartbeats go on.
                "max.poll.interval.ms": "86400000", "queued.max.messages.kbytes": "16384",
            ]), log: shared.log)
        admin = try Admin(settings, log: shared.log)
    }

    /// Runs until it is time to end.
    func run() {
        do {
            try consumer.subscribe(
                to: entityOf.keys.sorted(),
                hooks: RebalanceHooks(assigned: { [unowned self] partitions in
                    assigned = partitions
                    isAssigned = true
                    repeating = nil
                    return []
                }))
            while !shared.stop.isSet { try step() }
            if pending.isEmpty { try commit() }
        } catch is Stopped {
        } catch {
            log.error("the sinks can't go on", metadata: ["error": "\(error)"])
            shared.stop.set(failure: "sinks: \(error)")
        }
        do { try consumer.close() } catch { log.warning("leaving the group failed", metadata: ["error": "\(error)"]) }
    }

    private func step() throws {
        do {
            if pending.isEmpty {
                try commit()
                try gather()
            }
            if isAssigned, repeating == nil { try beginRepeating() }
            try perform(pending)
            pending = []
            try commit()
            try endRepeating()
            try retryParked()
            holdBack()
        } catch let error as KafkaError where error.isRetriable {
            // What was read stays pending, and is written again.
            log.warning("Kafka pauses the sinks", metadata: ["error": "\(error)"])
            if shared.stop.wait(for: .milliseconds(500)) { throw Stopped() }
        }
    }

    // MARK: Reading

    /// Takes what has come: up to a batch, waiting a little for more.
    private func gather() throws {
        var newest = Coalescing()
        // Also when Kafka fails in the middle: the positions have moved behind what was taken.
        defer { pending = newest.records }
        var count = 0
        var deadline: ContinuousClock.Instant?
        while count < most, !shared.stop.isSet {
            let timeout = deadline.map { $0 - .now } ?? .milliseconds(100)
            if timeout <= .zero { break }
            let taken = try consumer.poll(max: most - count, timeout: timeout) { batch in
                batch.forEach { take($0, &newest) }
                positions = batch.positions()
                return batch.count
            }
            count += taken
            if taken == 0 { break }
            deadline = deadline ?? .now + wait
        }
    }

    private func take(_ record: borrowing Record, _ newest: inout Coalescing) {
        guard let entity = entityOf[record.topic] else { return }
        switch Golden.read(record, entity: entity) {
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
            try consumer.commit(positions)
        } catch {
            // The group moves on, which only polling ends: what isn't committed is read again then.
            guard Self.groupMoves.contains(error.code) else { throw error }
            log.notice("what is written can't be committed, and is repeated", metadata: ["error": "\(error)"])
        }
        committed = positions
    }

    private static let groupMoves: Set<KafkaError.Code> = [
        .rebalanceInProgress, .illegalGeneration, .unknownMemberID, .assignmentLost,
    ]

    // MARK: Repeating at the start

    /// What may have been under way when the process ended: one batch of each partition behind its committed position.
    /// A batch counts records, and a partition's offsets count its transactions' ends and its compacted records too.
    private func beginRepeating() throws {
        let committed = try consumer.committed(assigned, timeout: .seconds(10))
        let marks = try admin.watermarks(of: assigned, timeout: .seconds(10))
        var goals: [TopicPartition: Int64] = [:]
        for partition in assigned {
            guard let mark = marks[partition], mark.high > mark.low else { continue }
            let begin = max(committed[partition] ?? mark.low, mark.low)
            if begin < mark.high { goals[partition] = min(begin + 10 * Int64(most), mark.high) }
        }
        repeating = goals
    }

    private func endRepeating() throws {
        guard !isReady, var goals = repeating, isAssigned else { return }
        for place in positions where goals[place.partition].map({ place.offset >= $0 }) == true {
            goals[place.partition] = nil
        }
        repeating = goals
        guard goals.isEmpty else { return }
        // What is parked may have been under way too.
        try retryParked()
        ready.open()
        isReady = true
    }

    // MARK: Writing

    /// Writes records into every sink that is theirs, until the system takes them.
    private func perform(_ records: [Golden]) throws {
        guard !records.isEmpty else { return }
        for sink in sinks {
            let own = records.filter { $0.entity == sink.settings.of }
            if !own.isEmpty { try perform(own, in: sink) }
        }
    }

    /// - Parameter doubt: what is in doubt from the first failure until all of it is written and reported.
    private func perform(_ records: [Golden], in sink: Sink, doubt: Doubts.Origin = .new) throws {
        var backOff = BackOff(shared.errors)
        while true {
            let ticket = shared.publisher.ticket()
            defer { shared.publisher.forget(ticket) }
            let before = parked
            do {
                try shared.turns.take {
                    shared.doubts.begin(sink.entry.kind.name, doubt)
                    try write(records, in: sink, on: ticket)
                    // Its reports precede whatever is read from now on.
                    shared.doubts.end(sink.entry.kind.name, doubt)
                }
                try shared.publisher.settle(ticket, shared.stop)
                return
            } catch let failure as SystemFailure {
                parked = before
                let pause = backOff.next()
                log.warning(
                    "the sink pauses",
                    metadata: ["sink": "\(sink.settings.name)", "error": "\(failure)", "pause": "\(pause)"])
                if shared.stop.wait(for: pause) { throw Stopped() }
            } catch {
                parked = before
                shared.doubts.begin(sink.entry.kind.name, doubt)
                throw error
            }
        }
    }

    /// One turn: plan, write, read back, hand the reports to the producer.
    private func write(_ records: [Golden], in sink: Sink, on ticket: Publisher.Ticket) throws {
        var planned: [(golden: Golden, write: Write)] = []
        for golden in records {
            if golden.verb == .gone, !(sink.writer is FileWriter) {
                try release(golden, sink, on: ticket)
                continue
            }
            switch try sink.plan(golden) {
            case .write(let writes): planned += writes.map { (golden, $0) }
            case .absent:
                try report(Report(revision: golden.revision, status: .absent), golden, sink, on: ticket)
                try release(golden, sink, on: ticket)
            case .absentUntilKnown(let reason):
                try park(golden, sink, reason, isWaiting: true, as: .absent, on: ticket)
            case .wait(let reason): try park(golden, sink, reason, isWaiting: true, on: ticket)
            case .refuse(let reason, _): try park(golden, sink, reason, isWaiting: false, on: ticket)
            }
        }
        guard !planned.isEmpty else { return }
        let results = try sink.writer!.write(planned.map(\.write))
        // An entity may have several numbers in one system: one refusal parks it.
        var refused: [String: String] = [:]
        for ((golden, _), result) in zip(planned, results) {
            if case .refused(let reason) = result.status { refused[golden.key] = reason }
        }
        for ((golden, write), result) in zip(planned, results) {
            try conclude(golden, write, result, sink, on: ticket)
            if refused[golden.key] == nil { try release(golden, sink, on: ticket) }
        }
        for golden in Set(planned.map(\.golden.key)).compactMap({ key in planned.first { $0.golden.key == key }?.golden
        }) {
            if let reason = refused[golden.key] { try park(golden, sink, reason, isWaiting: false, on: ticket) }
        }
    }

    private func conclude(
        _ golden: Golden, _ write: Write, _ result: Written, _ sink: Sink, on ticket: Publisher.Ticket
    ) throws {
        sink.remember(result, of: golden)
        let held = result.readBack.flatMap { sink.held($0, key: golden.key) }
        for (attempt, before) in result.before.enumerated() {
            let reference = "\(golden.place)/\(write.own ?? "")/before/\(attempt)"
            for event in sink.observation(before, reference: reference, except: held ?? golden.data) {
                try shared.publisher.publish(event, on: ticket)
            }
        }
        var report = Report(revision: golden.revision, status: .written, own: result.own ?? write.own)
        report.position = result.position
        switch result.status {
        case .outdated, .refused: return
        case .written, .unchanged:
            report.status = result.status == .written ? .written : .unchanged
            if let own = report.own { shared.writtenBack.note(own, of: golden.entity) }
        case .absent: report.status = .absent
        }
        report.held = held
        if golden.verb != .gone { try self.report(report, golden, sink, on: ticket) }
    }

    private func report(_ report: Report, _ golden: Golden, _ sink: Sink, on ticket: Publisher.Ticket) throws {
        try shared.publisher.publish(
            report.event(
                of: golden, system: shared.system, sink: sink.settings.name,
                topic: shared.knowledge.inputTopic(sink.entry.kind)), on: ticket)
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
        let (key, value) = parked.park(
            golden, sink: sink.settings.name, reason: reason, isWaiting: isWaiting, now: .now, pause: pause)
        // The tenth refusal says nothing that the first one hasn't said.
        guard isNew else { return }
        log.log(
            level: status == .parked ? .notice : .debug, "a record is parked",
            metadata: ["sink": "\(sink.settings.name)", "place": "\(golden.place)", "why": "\(reason)"])
        try shared.publisher.write(
            to: shared.names.parked(connector: shared.connector), key: key, value: value.utf8, on: ticket)
        var report = Report(revision: golden.revision, status: status)
        if status == .parked { report.reason = reason }
        try self.report(report, golden, sink, on: ticket)
    }

    private func release(_ golden: Golden, _ sink: Sink, on ticket: Publisher.Ticket) throws {
        let name = ParkedWrites.name(sink: sink.settings.name, golden)
        guard parked.release(name) else { return }
        try shared.publisher.write(
            to: shared.names.parked(connector: shared.connector), key: name, value: nil, on: ticket)
    }

    /// Tries again what is due.
    private func retryParked() throws {
        guard parked.count > 0 else { return }
        let now = shared.knowledge.generation
        let isNewIdentity = now != generation
        for sink in sinks {
            let due = parked.due(sink: sink.settings.name, now: .now, isNewIdentity: isNewIdentity)
            for start in stride(from: 0, to: due.count, by: most) {
                try perform(Array(due[start..<min(start + most, due.count)]), in: sink, doubt: .parked)
            }
        }
        generation = now
    }

    /// Takes nothing new while too much is parked: something is wrong with all of it.
    private func holdBack() {
        var isTold = false
        while parked.refused >= shared.errors.mostParked, !shared.stop.isSet {
            if !isTold {
                log.error("too many records are parked: the sinks pause", metadata: ["parked": "\(parked.refused)"])
            }
            isTold = true
            shared.stop.wait(for: shared.errors.retry)
            do { try retryParked() } catch { return }
        }
    }
}
