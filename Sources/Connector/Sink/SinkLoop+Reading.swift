import Canonical
import Document
import Installation
import Kafka
import Logging
import Transports

// What has come, up to a batch; and what a start repeats of it first.
extension SinkLoop {
    /// Commits what is done, and reads what has come.
    func takeUp() throws -> Next {
        if pending.isEmpty, suspects.isEmpty {
            try commit()
            if !awaited.isEmpty {
                try admit()
                try subscribe()
                if subscribed?.isEmpty == true { return .time(shared.errors.retry) }
            }
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
        if let foreign { throw foreign }
        if isAssigned, repeating == nil { try beginRepeating() }
        if awaitsNote { return .records }
        if let ends = try endsOfNumbers(suspects, pending) { phase = .informing(ends) } else { plan() }
        return .again
    }

    /// How far the tables of numbers must be before these records are planned; nil: they know all that matters.
    ///
    /// The hub tells of a number and of the golden record in one transaction, but in two topics. A record whose number isn't
    /// known here may not be in the system, or the number is still on its way: taken for absent it would stay unwritten (I9).
    func endsOfNumbers(_ read: [Golden]...) throws -> [TopicPartition: Int64]? {
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
    func plan() {
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
    func gather() throws {
        var newest = Coalescing(pending)
        // Also when Kafka fails in the middle: the positions have moved behind what was taken.
        defer { pending = newest.records }
        var count = 0
        var deadline: ContinuousClock.Instant?
        // Whether more lay there than was taken last.
        var isMore = false
        // Records come in runs of one topic.
        var run: (topic: String, entity: String?) = ("", nil)
        while count < most, !shared.stop.isSet {
            let now = shared.clock.now()
            let timeout = isMore ? .zero : deadline.map { $0 - now } ?? .milliseconds(100)
            if timeout <= .zero, !isMore { break }
            let piece = min(most - count, Self.piece)
            let taken = try consumer.poll(max: piece, timeout: timeout) { batch in
                batch.forEach { record in
                    let topic = record.topic
                    if topic != run.topic { run = (topic, entityOf[topic]) }
                    if let entity = run.entity { take(record, of: entity, &newest) }
                }
                positions = batch.positions()
                return batch.count
            }
            count += taken
            if taken == 0, !isMore { break }
            isMore = taken == piece
            if isMore { newest.reserve(most) }
            deadline = deadline ?? shared.clock.now() + wait
        }
    }

    /// So many records are lent at once: what librdkafka keeps of each is freed before the next ones are taken.
    private static let piece = 256

    func take(_ record: borrowing Record, of entity: String, _ newest: inout Coalescing) {
        if !isReady { repeating?.take(record.topicPartition) }
        let read = Golden.read(record, entity: entity)
        if case .success(let golden) = read, let reason = golden.foreignVersion(to: majors[entity] ?? .max) {
            foreign = SystemFailure(reason)
        }
        switch read {
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
    func commit() throws {
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

    static let groupMoves: Set<KafkaError.Code> = [
        .rebalanceInProgress, .illegalGeneration, .unknownMemberID, .assignmentLost,
    ]

    // MARK: Repeating at the start

    /// What may have been under way when the process ended: one batch of each partition behind its committed position.
    func beginRepeating() throws {
        let committed = try consumer.committed(assigned, timeout: .seconds(10))
        repeating = Repeating(
            assigned.map { ($0, committed[$0]) }, try brokers.watermarks(of: assigned),
            batch: joinsLate ? .max : undertaken.batch,
            noted: { undertaken.last(in: $0) })
        noteDeadline = noteDeadline ?? shared.clock.now() + Self.notePatience
    }

    /// Whether something that the process before noted is still to be read. It had read it together with all that stands before
    /// it, and had written the newest of each entity: so nothing is written before that is known again. For a while: what
    /// was noted may be gone from its topic by now, and then nothing says so.
    var awaitsNote: Bool {
        guard !isReady, let repeating, let noteDeadline, shared.clock.now() < noteDeadline else { return false }
        return repeating.awaitsNote(positions)
    }

    static let notePatience = Duration.seconds(10)

    /// Whether all that a start repeats is written, and reported.
    func hasRepeated() -> Bool {
        guard isAssigned, repeating != nil else { return false }
        repeating?.reach(positions)
        return repeating?.isDone == true
    }
}
