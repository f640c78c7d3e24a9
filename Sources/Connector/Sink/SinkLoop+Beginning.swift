import Canonical
import Document
import Installation
import Kafka
import Logging
import Transports

// How sinks begin: each as soon as it can.
extension SinkLoop {
    func begin() throws -> Next {
        guard isBootstrapped() else { return .time(.milliseconds(50)) }
        try admit()
        guard try isBatchNoted() else { return .acknowledgements }
        try subscribe()
        backOff.reset()
        phase = .resting
        return .again
    }

    /// Lets those begin that are due. Who can't is tried again later and says why each time; the others go on without it.
    func admit() throws {
        let now = shared.clock.now()
        for name in awaited.filter({ $0.due.map { $0 <= now } ?? true }).map(\.settings.name) {
            let index = awaited.firstIndex { $0.settings.name == name }!
            do { try admit(at: index) } catch let failure as SystemFailure {
                try keepWaiting(index, failure)
            } catch let unfit as UnfitSink {
                try keepWaiting(index, unfit)
            } catch let error as KafkaError where error.isRetriable {
                // It alone needs what the brokers can't give now: all that its topic holds.
                try keepWaiting(index, SystemFailure("\(error)"))
            }
        }
    }

    private func admit(at index: Int) throws {
        let awaited = awaited[index]
        // Taking up all that there is takes its time: only where there is something new.
        if let unfit = awaited.unfit, try seen(by: awaited) == unfit.seen {
            return say(index, unfit.failure, unfit.seen)
        }
        // Beginning late it hands over what waited all the while, before that is reported.
        if awaited.due != nil { shared.doubts.begin(kind(of: awaited), by: AwaitedSink.doubt(awaited.settings)) }
        let sink = try awaited.open(awaited.settings)
        self.awaited.remove(at: index)
        sinks.append(sink)
        let order = settings.map(\.name)
        sinks.sort { order.firstIndex(of: $0.settings.name)! < order.firstIndex(of: $1.settings.name)! }
        if let job = firstJob(of: sink) { repeats.append(job) }
        if awaited.due != nil { log.notice("the sink begins", metadata: ["sink": "\(sink.settings.name)"]) }
    }

    private func kind(of sink: AwaitedSink) -> String { shared.kinds[sink.settings.of]!.kind.name }

    private func seen(by sink: AwaitedSink) throws -> AwaitedSink.Seen {
        AwaitedSink.Seen(ends: try brokers.ends(of: partitions(of: sink)), generation: shared.knowledge.generation)
    }

    private func partitions(of sink: AwaitedSink) throws -> [TopicPartition] {
        try brokers.partitions(of: [shared.names.golden(entity: sink.settings.of)])
    }

    /// What it has is refused: for as long as there is nothing new.
    private func keepWaiting(_ index: Int, _ unfit: UnfitSink) throws {
        do {
            // Asked first: what comes while that is found out is something new.
            let seen = try seen(by: awaited[index])
            setDoubt(of: awaited[index], try mayOwe(awaited[index], unfit.writer))
            say(index, unfit.failure, seen)
        } catch let error as KafkaError where error.isRetriable {
            setDoubt(of: awaited[index], true)
            say(index, unfit.failure, nil)
        }
    }

    private func keepWaiting(_ index: Int, _ failure: SystemFailure) throws {
        do { setDoubt(of: awaited[index], try mayOwe(awaited[index], nil)) } catch let error as KafkaError
            where error.isRetriable
        {
            // Nobody knows.
            setDoubt(of: awaited[index], true)
        }
        say(index, failure, nil)
    }

    private func setDoubt(of sink: AwaitedSink, _ mayOwe: Bool) {
        let (kind, doubt) = (kind(of: sink), AwaitedSink.doubt(sink.settings))
        if mayOwe { shared.doubts.begin(kind, by: doubt) } else { shared.doubts.end(kind, by: doubt) }
    }

    private func say(_ index: Int, _ failure: SystemFailure, _ seen: AwaitedSink.Seen?) {
        let pause = awaited[index].wait(failure, unfit: seen, now: shared.clock.now())
        log.warning(
            "the sink pauses",
            metadata: ["sink": "\(awaited[index].settings.name)", "error": "\(failure)", "pause": "\(pause)"])
    }

    /// Whether its system may show something that the process before has written and not reported. What a source reads of the same
    /// kind can't be told from that before it is (I6; docs/contracts.md, Turns).
    private func mayOwe(_ sink: AwaitedSink, _ writer: (any WholeWriter)?) throws -> Bool {
        if bootstrap.isFirst { return false }
        let partitions = try partitions(of: sink)
        let committed = try consumer.committed(partitions, timeout: .seconds(10))
        let marks = try brokers.watermarks(of: partitions)
        let behind = partitions.filter { max(committed[$0] ?? 0, marks[$0]?.low ?? 0) < marks[$0]?.high ?? 0 }
        guard !behind.isEmpty else { return false }
        guard let writer else { return true }
        var written: [TopicPartition: [Golden]] = [:]
        try brokers.read(behind) { batch in
            batch.forEach { record in
                let place = record.topicPartition
                guard record.offset >= committed[place] ?? 0, written[place]?.count ?? 0 < undertaken.batch,
                    case .success(let golden) = Golden.read(record, entity: sink.settings.of)
                else { return }
                written[place, default: []].append(golden)
            }
        }
        return writer.mayShow(
            written.values.joined().map {
                ShownRecord(key: $0.key, epoch: $0.epoch, revision: $0.revision, isGone: $0.verb != .golden)
            })
    }

    /// Reads for those that have begun. A topic has one position: as long as one of its sinks can't begin, all of it stays.
    func subscribe() throws {
        let stopped = Set(awaited.map(\.settings.of))
        let topics = entityOf.filter { !stopped.contains($0.value) }.keys.sorted()
        guard topics != subscribed else { return }
        if topics.isEmpty {
            ready.open()
        } else {
            try consumer.subscribe(
                to: topics,
                hooks: RebalanceHooks(
                    assigned: { [unowned self] partitions in
                        assigned = (assigned.filter { !partitions.contains($0) } + partitions).sorted()
                        (isAssigned, repeating) = (true, nil)
                        return []
                    }, revoked: { [unowned self] in giveBack($0) }, lost: { [unowned self] in giveBack($0) }))
            // Who joins late repeats what is its own, too.
            if subscribed != nil { (isReady, isAssigned, repeating, joinsLate) = (false, false, nil, true) }
        }
        subscribed = topics
    }

    private func giveBack(_ partitions: [TopicPartition]) { assigned.removeAll { partitions.contains($0) } }

    /// What it may have written before, and not reported; and what it holds back.
    private func firstJob(of sink: Sink) -> Job? {
        let parked = parked.entries.filter { $0.key.hasPrefix(sink.settings.name + "/") }.map(\.value.golden)
            .filter(undertaken.includes).sorted { $0.key < $1.key }
        let places = Set(parked.map(\.place.description))
        let created = undertaken.created(of: sink.settings.of)
            .filter { sink.readsBefore && !places.contains($0.place.description) }
        let records = parked + created + heldAnew(by: sink)
        return records.isEmpty ? nil : Job(sink: sink, records: records)
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
}
