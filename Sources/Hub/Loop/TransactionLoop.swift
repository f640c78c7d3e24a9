package import Canonical
package import Consistency
import Document
package import Kafka
package import Logging

/// The hub's loop: read a batch and decide it, while the one before is committed: outputs, states and offsets in one Kafka
/// transaction, then the local store (I4).
///
/// One turn at most is on its way (``CommitStep``, carried by a ``Courier``); the next one is decided on top of it, and handed
/// over when that has ended well. After an abort both are dropped and the partitions read again. Whenever the group moves
/// partitions, the turn on its way is waited for first.
///
/// What each record touches is excepted from exclusivity checks, as in ``Overlay``: nothing that it calls comes back here.
package final class TransactionLoop<
    Consumer: GroupConsumer, Producer: TransactionalProducer, Changelog: PartitionReader, Store: StateStore
> {
    let consumer: Consumer
    let producer: Producer
    let outputs: Outputs
    let letters: Letters
    let commits: CommitStep<Producer, Store>
    @exclusivity(unchecked) var intake: Intake
    @exclusivity(unchecked) var engine: Engine
    let store: Store
    let restore: Restore<Changelog, Store>
    let clocks: LoopClocks
    let names: TopicNames
    /// By input topic.
    let domains: [String: String]
    /// By topic of golden records, decisions or numbers.
    let outputDomains: [String: String]
    let partitionCounts: [String: Int32]
    let log: Logger
    let courier: any Courier
    let view: Store.View
    /// What is being decided, and what is on its way; they change places.
    @exclusivity(unchecked) var turn = Turn()
    @exclusivity(unchecked) var underWay = Turn()
    /// What became of the turn on its way; nil until it has ended.
    var outcome: Handover<Producer, Store>?
    var company = Company()
    @exclusivity(unchecked) var tape = Tape()
    @exclusivity(unchecked) var effects = Effects()
    var timers = Timers()
    var waiting = WaitingRoom()
    var settlement: Settlement
    var epochs: [DomainPartition: Int64] = [:]
    /// The epochs that begin with the next transaction: see ``renewEpoch(of:)``.
    var newEpochs: [DomainPartition: Int64] = [:]
    var clock: HubClock
    var hasJumped = false
    /// Where each owned partition goes on after the last commit.
    var committed: [TopicPartition: Int64] = [:]
    /// The same after what is on its way.
    var reached: [TopicPartition: Int64] = [:]
    /// Told which partitions are owned, whenever that changes.
    let ownership: (Set<DomainPartition>) -> Void
    /// Told how many records wait for a newer hub, whenever that may have changed.
    private let waitingCount: (Int) -> Void
    /// Told how far the machine's clock is off, in milliseconds, with each look at it.
    private let clockError: (Int64) -> Void

    /// The place of the last record.
    private var latestPlace: Place?
    /// Told which partitions are about to be restored, before anything of them is read: nobody else writes them from then on.
    let taking: ([DomainPartition]) -> Void
    /// Asked while the broker is waited for.
    var isStopping: () -> Bool { insistence.isStopping }
    private(set) var insistence: Insistence
    private var repetition = Repetition()
    var inputMarks = InputMarks()
    var outputMarks = OutputMarks()
    var looks: Looks

    /// Why partitions could not be taken: the consumer is of no use after that.
    private var broken: (any Error)?
    /// Why a turn failed that was waited for while partitions moved.
    var hookFailure: (any Error)?
    /// Whether a turn was committed that the store has missed: nothing may be decided before it is brought level (I4).
    var isStoreBehind = false
    /// The most records that are read at once. Large ones are fewer: no more are taken than the consumer has fetched ahead.
    private static var batch: Int { 5_000 }
    /// A turn whose outputs and states have more bytes leaves. Twice as much is kept: being decided, and being committed.
    let most: Int

    /// - Parameters:
    ///   - consumer: a member of the hub's group, not subscribed yet.
    ///   - producer: with the transactional id of this process.
    ///   - lifts: what reads documents of earlier versions.
    ///   - largest: the largest value that the broker takes, in bytes.
    ///   - quarantine: the folder for what is larger.
    ///   - most: how many bytes of outputs and states make a turn leave.
    ///   - partitionCounts: of the input topics, and of those whose partitions keys decide on.
    ///   - ownership: told which partitions are owned, whenever that changes.
    ///   - waitingCount: told how many records wait for a newer hub, whenever that may have changed.
    ///   - clockError: told how far the machine's clock is off, in milliseconds, with each look at it.
    ///   - courier: carries the commits out.
    ///   - runner: lets a small commit's records leave while its offsets are sent.
    ///   - taking: told which partitions are about to be restored; nobody else writes them into the store after that.
    ///   - restoring: told how far that is; nil when it is done.
    package init(
        consumer: Consumer, producer: Producer, changelog: Changelog, store: Store, clocks: LoopClocks, model: Model,
        kinds: KindCatalog, lifts: Lifts = .none, subscribers: [String: [String]], bounds: HoldBounds,
        names: TopicNames, largest: Int, quarantine: String, most: Int = 32 << 20,
        partitionCounts: [String: Int32],
        ownership: @escaping (Set<DomainPartition>) -> Void, waitingCount: @escaping (Int) -> Void,
        clockError: @escaping (Int64) -> Void = { _ in },
        courier: any Courier = ImmediateCourier(), runner: any Courier = ImmediateCourier(),
        taking: @escaping ([DomainPartition]) -> Void = { _ in },
        restoring: @escaping (RestoreProgress?) -> Void = { _ in }, log: Logger
    ) {
        self.consumer = consumer
        self.producer = producer
        self.store = store
        self.clocks = clocks
        insistence = Insistence(clocks: clocks, log: log)
        self.ownership = ownership
        self.waitingCount = waitingCount
        self.clockError = clockError
        self.taking = taking
        self.names = names
        self.most = most
        self.log = log
        self.partitionCounts = partitionCounts
        engine = Engine(model: model, subscribers: subscribers, bounds: bounds)
        self.courier = courier
        view = store.view()
        let stateNames = StateNames(model)
        settlement = Settlement(model, subscribers)
        domains = Dictionary(uniqueKeysWithValues: model.domains.map { (names.input(domain: $0), $0) })
        outputDomains = Self.outputDomains(model, names)
        looks = Looks(domains.keys.sorted() + outputDomains.keys.sorted())
        intake = Intake(kinds: kinds, lifts: lifts)
        clock = HubClock(start: clocks.now())
        outputs = Outputs(names: names, model: model, kinds: kinds, largest: largest)
        letters = Letters(names: names, quarantine: Quarantine(folder: quarantine), largest: largest)
        commits = CommitStep(
            producer: producer, runner: runner, store: store, outputs: outputs, stateNames: stateNames,
            stateTopics: Dictionary(uniqueKeysWithValues: model.domains.map { (names.state(domain: $0), $0) }))
        restore = Restore(
            store: store, changelog: changelog, topic: { names.state(domain: $0) },
            names: { domain, key, state in try stateNames.of(domain, key, state) }, clocks: clocks,
            tell: restoring, log: log)
    }

    private static func outputDomains(_ model: Model, _ names: TopicNames) -> [String: String] {
        var domains: [String: String] = [:]
        for domain in model.domains { for topic in names.outputs(of: domain, model) { domains[topic] = domain } }
        return domains
    }

    /// Works until `stop` answers true; leaves the group then, positions committed.
    func run(until stop: @escaping () -> Bool) throws {
        insistence.isStopping = stop
        do {
            try start()
            while !stop() { try step(until: stop) }
        } catch is Interrupted {
            log.notice("stopping while the broker is waited for: the next start goes on from the last commit")
        }
        try end()
    }

    /// Joins the group, and fences the process that this one follows.
    package func start() throws {
        try insist("the transactional id") { timeout throws(KafkaError) in
            try producer.initTransactions(timeout: timeout)
        }
        try consumer.subscribe(
            to: domains.keys.sorted(),
            hooks: RebalanceHooks(
                assigned: { [unowned self] partitions in
                    do {
                        return try take(partitions)
                    } catch {
                        broken = error
                        throw error
                    }
                },
                revoked: { [unowned self] in giveBack($0) },
                lost: { [unowned self] in lose($0) }))
    }

    /// One turn: at most one transaction. Throws what a new process must mend.
    package func step(until stop: () -> Bool) throws {
        do {
            try work(until: stop)
        } catch let error as StoreError where error.isCorruption {
            store.condemn()
            throw error
        } catch let error as StateError {
            // What the store holds can't be read: the changelog's own copy is what counts.
            log.error("the local store holds what can't be read; it is rebuilt", metadata: ["error": "\(error)"])
            store.condemn()
            throw error
        }
    }

    /// Leaves the group, and flushes the store.
    package func end() throws {
        // What is on its way is finished first: offsets committed, nothing to repeat.
        do {
            if case .failed(let error) = settle() {
                log.warning("the last transaction is aborted", metadata: ["error": "\(error)"])
                try abort()
            }
            try consumer.close()
        } catch is Interrupted {}
        try store.close()
    }

    /// One turn, and what there is to do when it fails. Throws what a new process must mend.
    private func work(until stop: () -> Bool) throws {
        do { try work() } catch {
            // Polling again would throw the same for ever, whatever kind of error it is.
            if let broken { throw broken }
            switch error {
            case let error as KafkaError where error.verdict == .abortable || error.isRetriable:
                log.warning("a transaction is aborted and repeated", metadata: ["error": "\(error)"])
                if let topic = error.topic { looks.hurry(topic) }
            case let error as QuarantineError where error.mayPass:
                log.error("the quarantine can't be written", metadata: ["error": "\(error)"])
            case let error as StoreError where !error.isCorruption:
                log.error("the local store failed; it is brought level again", metadata: ["error": "\(error)"])
                isStoreBehind = true
            default: throw error
            }
            try beginAgain()
            if isStoreBehind { try mendStore() }
            try recall()
        }
    }

    /// Drops what was decided, and reads it again after a rest: what fails again and again must not spin.
    private func beginAgain() throws {
        // Aborted first: readers of what was written don't wait for the rest.
        try rewind()
        rest(repetition.rest(at: clocks.now().monotonic))
    }

    /// What became of what was on its way.
    enum Collected {
        case done
        case failed(any Error)
    }

    // MARK: One turn

    private func work() throws {
        try look()
        // What waits, and what is to be settled, is read from the store: all that was decided must be in it.
        // And what has ended is taken over when nothing comes, too: holds expire by it, and a failure is dealt with.
        if hasChores { try settled() } else if !courier.isBusy { try collected() }
        do {
            try decideNext()
        } catch let error as KafkaError where [.offsetOutOfRange, .autoOffsetReset].contains(error.code) {
            guard try mend(error) else { throw error }
        }
        waitingCount(waiting.count)
    }

    /// Reads what there is, decides it, and hands it over.
    private func decideNext() throws {
        try consumer.poll(max: Self.batch, timeout: hasChores ? .zero : patience()) { batch in
            if let error = hookFailure {
                hookFailure = nil
                throw error
            }
            try hearBrokerAgain(now: clock.time(clocks.now()).tick)
            if !company.isAwaited { turn.reset() }
            let began = clocks.now()
            let now = clock.time(began)
            turn.began = began
            turn.now = now.tick
            tellJump(now)
            clockError(clock.error(began))
            let chores = try chores()
            let ready = now.mayExpire ? timers.ready(at: now.tick) : []
            // They move without records, too: behind a transaction's marker, and behind what was aborted.
            let moved = batch.positions().filter { reached[$0.partition] != $0.offset }
            guard !moved.isEmpty || !ready.isEmpty || !chores.isEmpty else { return }
            try view.refresh()
            defer { view.rest() }
            try decide(batch)
            for (partition, key) in ready {
                try expire(partition, key, now.tick)
                if isLarge { try relieve(moved + standing(moved, [])) }
            }
            for chore in chores { try work(off: chore, now.tick) }
            turn.positions = moved + standing(moved, chores)
            if company.isWorthwhile(for: turn, chores: chores.count, at: clocks.now().monotonic) { return }
            try handOver()
        }
    }

    /// How long the next records are waited for.
    private func patience() -> Duration {
        company.left(at: clocks.now().monotonic).map { .milliseconds($0) } ?? Patience.idle
    }

    /// Where partitions stand that have not moved, but in which something was decided by the time alone, or told again: their
    /// tick is saved, and by their offsets the broker refuses a process that has lost them.
    private func standing(_ moved: [TopicPartitionOffset], _ chores: [Chore]) -> [TopicPartitionOffset] {
        let told = chores.map(\.partition).filter { !turn.overlay.partitions.contains($0) }
        return (turn.overlay.partitions + Set(told).sorted { $0.description < $1.description }).compactMap {
            partition in
            let place = TopicPartition(names.input(domain: partition.domain), partition.partition)
            guard !moved.contains(where: { $0.partition == place }) else { return nil }
            return reached[place].map { place.at($0) }
        }
    }

    /// Where a record of the input stands.
    private struct Place {
        let topic: String
        let partition: DomainPartition
        /// How many partitions its topic has.
        let count: Int32
    }

    /// Records come in runs of one partition.
    private func place(of record: borrowing Record) -> Place? {
        let (topic, number) = (record.topic, record.partition)
        if let latest = latestPlace, latest.partition.partition == number, latest.topic == topic { return latest }
        guard let domain = domains[topic] else { return nil }
        latestPlace = Place(
            topic: topic, partition: DomainPartition(domain, number), count: partitionCounts[topic] ?? 1)
        return latestPlace
    }

    func decide(_ record: borrowing Record, _ now: Tick) throws {
        guard let place = place(of: record) else { return }
        inputMarks.read(place.partition, offset: record.offset, at: record.timestamp)
        let domain = place.partition.domain
        switch intake.check(record, domain: domain, partitions: place.count, tape: &tape) {
        case .refused(let reason): try refuse(record, domain, reason, now)
        case .stray(let key):
            if let letter = letters.again(record, key: key) {
                turn.letters.append(letter)
            } else {
                try refuse(record, domain, "under the wrong key, and too large to be written again", now)
            }
        case .early(let envelope, let major):
            try wait(record, place.partition, envelope, major: major, now)
        case .event(let envelope):
            let partition = place.partition
            if waiting.holds(partition, envelope.subject) {
                return try wait(record, partition, envelope, major: nil, now)
            }
            let event = Event(
                envelope, arrival: Tick(record.timestamp ?? now.milliseconds),
                origin: Origin(partition: record.partition, offset: record.offset), data: tape.root,
                identity: intake.identity)
            // It must lie there until the decision is noted.
            let trace = intake.trace.isEmpty ? nil : intake.trace.withUnsafeBytes { turn.overlay.arena.copy($0) }
            for reason in try decide(event, partition, now, trace) { try refuse(record, domain, reason, now) }
        }
    }

    /// Decides an event; answers why it could not be used, if so.
    func decide(
        _ event: borrowing Event, _ partition: DomainPartition, _ now: Tick, _ trace: UnsafeRawBufferPointer?
    ) throws -> [String] {
        let excess = try change(partition, now, trace) { engine, state, effects in
            try engine.decide(event, state: &state, now: now, effects: &effects)
        }
        if let excess { return ["what follows from it has \(excess) bytes: more than a record may have"] }
        var reasons: [String] = []
        for case .rejected(let rejection) in effects.list { reasons.append(rejection.reason) }
        return reasons
    }

    /// Writes a dead letter. A movement is then missing from its position's ledger: the position says so until a recount.
    func refuse(_ record: borrowing Record, _ domain: String, _ reason: String, _ now: Tick) throws {
        let reason = Letters.shortened(reason)
        log.warning(
            "a record can't be used: dead letter",
            metadata: ["where": "\(record.topicPartition)@\(record.offset)", "reason": "\(reason)"])
        turn.letters.append(try letters.deadLetter(record, reason: reason))
        guard domain == "stock", record.headerText("ce_type") == EventType.item("movement").description,
            let key = intake.key(of: record, partitions: partitionCounts[record.topic] ?? 1)
        else { return }
        try markIncomplete(DomainPartition(domain, record.partition), key, now)
    }

    func markIncomplete(_ partition: DomainPartition, _ key: String, _ now: Tick) throws {
        let excess = try change(partition, now, nil) { engine, state, effects in
            try engine.markIncomplete(key: key, state: &state, now: now, effects: &effects)
        }
        tell(excess, partition, "a position's mark that its ledger has a hole")
    }

    private func expire(_ partition: DomainPartition, _ key: String, _ now: Tick) throws {
        let excess = try change(partition, now, nil) { engine, state, effects in
            try engine.expire(key: key, state: &state, now: now, effects: &effects)
        }
        guard excess != nil else { return }
        tell(excess, partition, "a hold's end")
        // It stays due: tried with every turn it would be a transaction without an end.
        turn.overlay.begin()
        turn.overlay.setDue(partition, key, Tick(now.milliseconds + Self.pauseOfExcess))
    }

    /// In milliseconds.
    private static var pauseOfExcess: Int64 { 3_600_000 }

    /// What doesn't fit, and was asked by no record that could become a dead letter.
    func tell(_ excess: Int?, _ partition: DomainPartition, _ what: String) {
        guard let excess else { return }
        log.error(
            "a decision is left undone: what follows from it is larger than a record may be",
            metadata: ["partition": "\(partition)", "what": "\(what)", "bytes": "\(excess)"])
    }

    /// Lets the engine decide, and takes over what it decided: states, outputs, times. What is too large to be written
    /// is undone; answers its size then.
    ///
    /// - Parameter topic: outputs for another one are left out.
    func change(
        _ partition: DomainPartition, _ now: Tick, _ trace: UnsafeRawBufferPointer?, into topic: String? = nil,
        _ decide: (inout Engine, inout PartitionState<Store.View>, inout Effects) throws -> Void
    ) throws -> Int? {
        let overlay = turn.overlay
        overlay.begin()
        effects.reset()
        var state = PartitionState(partition, overlay, over: underWay.overlay, view)
        try decide(&engine, &state, &effects)
        if let failure = state.failure { throw failure }
        if let size = outputs.excess(of: effects, overlay) {
            overlay.undo()
            effects.reset()
            return size
        }
        for case .due(let key, let time) in effects.list { overlay.setDue(partition, key, time) }
        if !effects.list.isEmpty {
            outputs.note(effects, epoch: epoch(of: partition), trace: trace, into: topic, in: turn)
        }
        return nil
    }
}
