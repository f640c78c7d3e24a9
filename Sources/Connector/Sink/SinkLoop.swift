import Canonical
import Document
import Installation
import Kafka
import Logging
import Transports

/// All sinks of a connector, and one consumer. Read a batch → the newest of each entity → write → read back → report →
/// everything acknowledged → commit the position.
final class SinkLoop: Loop {
    let settings: [SinkSettings]
    let shared: Shared
    /// Those that have begun, in the order in which they are configured.
    var sinks: [Sink] = []
    /// Those that haven't.
    var awaited: [AwaitedSink]
    /// The topics of those for whom it is read; nil: nothing is read yet.
    var subscribed: [String]?
    let brokers: any Brokers
    let consumer: any Member
    let entityOf: [String: String]
    /// By entity, the major version of the schema that the mappings are written for.
    let majors: [String: Int]
    /// Why nothing is taken up any more: a golden record of a later one came. A process that is started with the hub's schemas reads
    /// it again, as nothing behind it is committed.
    var foreign: SystemFailure?
    /// The entities that systems have numbers for.
    let hasNumbers: Set<String>
    /// The partitions of the topics of numbers.
    var partitionsOf: [String: [TopicPartition]] = [:]
    let bootstrap: Bootstrap
    let ready: Gate
    var parked: ParkedWrites
    /// Of what was parked or let go by jobs that aren't done, in this process or in the one before: the topic may hold it, and memory
    /// something else; and it may not have been reported.
    var unsure: Set<String> = []
    /// What is about to be written, and what the process before may have written last.
    var undertaken: Undertaking
    /// Of what was read, what that process may have written: written first, revision by revision.
    var suspects: [Golden] = []
    var generation: UInt64
    let most: Int
    let wait: Duration
    let log: Logger
    var phase = Phase.beginning
    var backOff: BackOff
    private var trouble = BrokerTrouble()
    /// What is still to be written in this phase, the first of them now.
    var jobs: [Job] = []
    /// What of the process before may have to be written again: until it is, nobody reads (Turns). Nil: not known yet.
    var repeating: Repeating?
    /// Until then what the process before noted is waited for.
    var noteDeadline: ContinuousClock.Instant?
    var assigned: [TopicPartition] = []
    var isAssigned = false
    /// Whether sources may read.
    var isReady = false
    /// Whether one of the sinks began when others had: all that waited for it is repeated, not one batch.
    var joinsLate = false
    /// What was read and isn't written yet.
    var pending: [Golden] = []
    /// Parked records whose write broke off: repeated before anything newer of them is written.
    var repeats: [Job] = []
    /// By sink, the places of what may have been written without a report.
    var unclear: [String: Set<String>] = [:]
    var positions: [TopicPartitionOffset] = []
    var committed: [TopicPartitionOffset] = []
    /// Whether it is said that too much is parked.
    var isHeldBack = false
    /// While it is: what mends parked records.
    var corrections: Corrections
    /// Whether the note on what was written still stands.
    var isNoted = false
    /// Whether nothing had come in this round.
    var isIdle = false
    /// The note on the size of batches, until it is acknowledged.
    var batchNote: Publisher.Ticket?

    enum Phase {
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
    struct Job {
        let sink: Sink
        var records: [Golden]
        var stage = Stage.planned
        /// What was parked before them.
        var before: ParkedWrites?
        /// What is parked no longer, once that is reported.
        var released: Set<String> = []

        enum Stage {
            case planned
            /// What the system held is noted, and the note not yet acknowledged. The turn lasts until it is written.
            case noted([Planned], Publisher.Ticket, Turns.Turn)
            /// They are written, and their reports not yet acknowledged.
            case written(Publisher.Ticket)
            /// What is parked no longer is taken out of its topic, and that isn't acknowledged yet.
            case released(Publisher.Ticket)
        }

        /// Whether what is to be written was read, and the turn goes on.
        var isLookedAt: Bool {
            if case .noted = stage { true } else { false }
        }

        /// Others may go on, whatever becomes of it.
        func endTurn() {
            if case .noted(_, _, let turn) = stage { turn.end() }
        }
    }

    /// What becomes of a golden record under one number. A class: it is handed on many times.
    final class Planned {
        let golden: Golden
        let write: Write
        /// What the system holds, where that is what it should hold: then nothing is written.
        let settled: JSON?
        /// What it waits for, and is absent until then.
        let awaited: String?

        init(_ golden: Golden, _ write: Write, settled: JSON? = nil, awaited: String? = nil) {
            (self.golden, self.write, self.settled, self.awaited) = (golden, write, settled, awaited)
        }
    }

    /// - Parameters:
    ///   - undertaken: what the process before noted that it was about to write.
    ///   - bootstrap: what must be known before anything is written.
    ///   - ready: opens when the writes that may have been under way are repeated.
    init(
        _ settings: [SinkSettings], _ shared: Shared, _ brokers: any Brokers, numbered: [String], parked: ParkedWrites,
        _ corrections: Corrections, undertaken: Undertaking, _ bootstrap: Bootstrap, ready: Gate,
        _ open: @escaping (SinkSettings) throws -> Sink
    ) throws(KafkaError) {
        self.shared = shared
        self.brokers = brokers
        hasNumbers = Set(numbered)
        consumer = try brokers.member()
        self.settings = settings
        awaited = settings.map { AwaitedSink($0, shared.errors, open) }
        self.bootstrap = bootstrap
        self.ready = ready
        self.parked = parked
        // The process before may have ended between parking them and saying so.
        unsure = Set(parked.entries.keys)
        self.corrections = corrections
        self.undertaken = undertaken
        backOff = BackOff(shared.errors)
        generation = shared.knowledge.generation
        most = settings.map(\.batch.records).max() ?? 500
        wait = settings.map(\.batch.wait).min() ?? .milliseconds(50)
        log = shared.log
        let entities = Set(settings.map(\.of)).sorted()
        entityOf = Dictionary(uniqueKeysWithValues: entities.map { (shared.names.golden(entity: $0), $0) })
        majors = Dictionary(
            uniqueKeysWithValues: entities.compactMap { name in shared.kinds[name].map { (name, $0.kind.major) } })
    }

    package var name: String { "sinks" }

    package var isAtRest: Bool {
        switch phase {
        case .beginning, .resting, .holding, .informing: pending.isEmpty && suspects.isEmpty
        case .writing, .retrying: false
        }
    }

    package func close() {
        jobs.first?.endTurn()
        corrections.close()
        do { try consumer.close() } catch { log.warning("leaving the group failed", metadata: ["error": "\(error)"]) }
    }

    package func step() throws -> Next {
        do {
            let next = try advance()
            if let time = trouble.pass(at: shared.clock.now()) {
                log.notice("Kafka lets the sinks go on", metadata: ["after": "\(time)"])
            }
            return next
        } catch let failure as SystemFailure {
            dropJob()
            let pause = backOff.next(asked: failure.pause)
            log.warning(
                "the sink pauses",
                metadata: [
                    "sink": "\(jobs.first?.sink.settings.name ?? name)", "error": "\(failure)", "pause": "\(pause)",
                ])
            return .time(pause)
        } catch let error as KafkaError where error.isRetriable || error.isTooLarge {
            giveUp()
            // What was read stays pending, and is written again.
            let (pause, isNews) = trouble.fail(
                error, least: error.isTooLarge ? backOff.next() : .zero, at: shared.clock.now())
            log.log(
                level: isNews ? .warning : .debug, "Kafka pauses the sinks",
                metadata: ["error": "\(error)", "pause": "\(pause)"])
            return .time(pause)
        } catch {
            giveUp()
            throw error
        }
    }

    private func advance() throws -> Next {
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
    }

    /// All jobs of a phase are done.
    func conclude() throws -> Next {
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
                (isReady, joinsLate) = (true, false)
                for sink in sinks { shared.doubts.end(sink.entry.kind.name, by: AwaitedSink.doubt(sink.settings)) }
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
}
