package import Canonical
import Document
package import Installation
import Kafka
import Mapping
package import Logging

/// The systems that a connector speaks with: those that are configured, or a simulator's in their place.
package protocol Systems {
    /// How a source is read.
    func transport(of source: SourceSettings) throws -> any SourceTransport
    /// How a sink writes.
    func writer(of sink: SinkSettings) throws -> any SinkWriter
}

/// The loops of one connector: the tables' first; when these are read, those of its sinks and sources.
package struct Crew: Sendable {
    let settings: ConnectorSettings
    let shared: Shared
    let mappings: Mappings
    let brokers: any Brokers
    /// Whose numbers are followed.
    private let entities: [String]
    /// Opens when the tables are read to their ends.
    package let tables = Gate()
    /// Opens when the writes that may have been under way are repeated.
    private let repeated = Gate()

    /// - Parameters:
    ///   - quarantine: the folder for what is too large for Kafka.
    ///   - areThreads: whether the loops run on threads of their own, or step by step on one.
    package init(
        _ settings: ConnectorSettings, _ model: Model, _ mappings: Mappings, _ names: TopicNames,
        _ brokers: any Brokers, quarantine: String, clock: LoopClock = .machine, areThreads: Bool = true, log: Logger
    ) throws {
        let publisher = try Publisher(brokers, log: log)
        shared = Shared(
            connector: settings.name,
            knowledge: Knowledge(
                system: settings.system, names: names, kinds: mappings.kinds, identities: IdentityTable(),
                tables: mappings.tables, decisions: DecisionTable(), limits: EvaluationLimits(settings.mapping)),
            publisher: publisher,
            deadLetters: DeadLetters(
                topic: names.dead(of: settings.name), quarantine: quarantine, publisher: publisher, log: log),
            turns: Turns(isWaitedFor: areThreads), stop: StopSignal(), errors: settings.onError,
            writtenBack: WrittenBack(settings.sources.compactMap { source in source.of.map { (source.name, $0) } }),
            clock: clock, log: log)
        self.settings = settings
        self.mappings = mappings
        self.brokers = brokers
        entities = model.entities.filter { $0.engine != .stock }.map(\.name)
    }

    /// What follows the tables.
    package func follower() -> any Loop {
        IdentityFollower(
            shared, brokers, entities: entities, decisions: mappings.mention("omni_decision"), ready: tables)
    }

    /// The sinks' and the sources' loops, as they were left. The tables must have been read.
    package func loops(_ systems: any Systems) throws -> [any Loop] { try loops(systems, as: try left()) }

    /// How the loops were left by the process before: what is kept of them in topics.
    struct Left {
        let positions: [String: JSON]
        let parked: [String: JSON]
    }

    /// Reads how the loops were left.
    func left() throws -> Left {
        let (positions, parked) = (
            shared.names.position(connector: shared.connector), shared.names.parked(connector: shared.connector)
        )
        let tables = try brokers.tables([positions, parked])
        // A position that can't be read is none. A parked record that can't be is told of.
        return Left(
            positions: (tables[positions] ?? [:]).filter { $0.value != .null }, parked: tables[parked] ?? [:])
    }

    /// The sinks' and the sources' loops, as they were left. The tables must have been read.
    func loops(_ systems: any Systems, as left: Left) throws -> [any Loop] {
        let (positions, parked) = (left.positions, left.parked)
        let bootstrap = bootstrap(positions)
        shared.overwrites.restore(parked)
        var loops: [any Loop] = []
        if settings.sinks.isEmpty {
            repeated.open()
        } else {
            let (writes, corrections) = writes(parked)
            loops.append(
                try SinkLoop(
                    settings.sinks, shared, brokers, numbered: entities, parked: writes, corrections,
                    undertaken: Undertaking(noted: positions[Undertaking.key]), bootstrap, ready: repeated
                ) { try sink($0, systems) })
        }
        for source in settings.sources {
            let gone = positions.keys.compactMap { Absences.number(in: $0, of: source.name) }
            loops.append(
                SourceLoop(
                    source, shared, mappings.sources[source.name]!, position: positions[source.name]?["position"],
                    lanes: lanes(parked, of: source), absences: Absences(reported: Set(gone)), bootstrap,
                    after: repeated
                ) { try systems.transport(of: source) })
        }
        return loops
    }

    /// The sources whose snapshot must be known before the sinks begin. Files come when they come.
    private func bootstrap(_ positions: [String: JSON]) -> Bootstrap {
        let awaited = settings.sources.filter { source in
            if case .files = source.from.transport { return false }
            return source.start == .snapshot && positions[source.name] == nil
        }
        return Bootstrap(awaited: Set(awaited.map(\.name)), isFirst: positions.isEmpty)
    }

    private func writes(_ parked: [String: JSON]) -> (ParkedWrites, Corrections) {
        var (writes, corrections) = (ParkedWrites(), Corrections())
        for (key, value) in parked {
            guard let name = ParkedWrites.name(key: key),
                settings.sinks.contains(where: { name.hasPrefix($0.name + "/") })
            else { continue }
            let ahead = value["ahead"].flatMap(TopicPartitionOffset.init)
            if let ahead { corrections.restore(name, at: ahead) }
            if ahead != nil, value["record"] == nil { continue }
            if !writes.restore(name, value, now: shared.clock.now()) { tellUnreadable(key) }
        }
        return (writes, corrections)
    }

    private func lanes(_ parked: [String: JSON], of source: SourceSettings) -> Lanes {
        var all: [Lanes.Waiting] = []
        for (key, value) in parked where key.hasPrefix(source.name + "/") {
            let name = String(decoding: key.utf8.dropFirst(source.name.utf8.count + 1), as: UTF8.self)
            if let waiting = Lanes.Waiting(name: name, value) { all.append(waiting) } else { tellUnreadable(key) }
        }
        var lanes = Lanes()
        lanes.restore(all)
        return lanes
    }

    private func tellUnreadable(_ name: String) {
        shared.log.error("a parked record can't be read", metadata: ["key": "\(name)"])
    }
}

// MARK: Sinks

extension Crew {
    private func sink(_ sink: SinkSettings, _ systems: any Systems) throws -> Sink {
        let made = Sink(
            sink, shared.kinds[sink.of]!, shared.knowledge, filter: mappings.filters[sink.name],
            mapping: mappings.sinks[sink.name]!, seenBy: seenBy(sink), writer: try systems.writer(of: sink))
        try restore(made)
        return made
    }

    private func seenBy(_ sink: SinkSettings) -> Sink.SeenBy? {
        guard let name = sink.seenBy, let mapping = mappings.sources[name] else { return nil }
        return Sink.SeenBy(mapping, Translator(source: name, knowledge: shared.knowledge))
    }

    /// A file holds everything: what the golden topic has is taken up before anything is written.
    private func restore(_ sink: Sink) throws {
        guard var writer = sink.writer as? any WholeWriter else { return }
        let topic = shared.names.golden(entity: sink.settings.of)
        let result = try writer.restore(most: shared.errors.mostParked) { take in
            try brokers.read(try brokers.partitions(of: [topic])) { batch in
                for index in batch.indices {
                    guard case .success(let golden) = Golden.read(batch[index], entity: sink.settings.of) else {
                        continue
                    }
                    try take(FoundRecord(golden: golden, fate: try fate(of: golden, in: sink)))
                }
            }
        }
        if let failure = tell(result, of: sink) { throw UnfitSink(failure: failure, writer: writer) }
        sink.held = result.held
        sink.writer = writer
    }

    /// What a file shows of a golden record: its document, or nothing; or what it showed before, as the record is held back.
    private func fate(of golden: Golden, in sink: Sink) throws -> FoundRecord.Fate {
        switch try sink.plan(golden) {
        case .write(let writes, _), .absentUntilKnown(_, let writes):
            if let write = writes.first { return .write(write) }
        case .wait(let reason): return .waiting(reason)
        case .refuse(let reason, _): return .refused(reason)
        case .absent: break
        }
        return .write(
            Write(
                key: golden.key, revision: golden.revision, epoch: golden.epoch, own: nil, bytes: [], action: .delete,
                idempotency: ""))
    }

    /// - Returns: why the file is left as it is; nil: it isn't.
    private func tell(_ result: Restored, of sink: Sink) -> SystemFailure? {
        let name = sink.settings.name
        if let first = result.first {
            var metadata: Logger.Metadata = [
                "sink": "\(name)", "refused": "\(result.refused)", "of": "\(result.mapped + result.withheld)",
                "without-row": "\(result.bare)", "first": "\(first.place)", "why": "\(first.reason)",
            ]
            if let reason = result.nothingKept { metadata["before"] = "\(reason)" }
            if result.isTooMuch {
                metadata["most-parked"] = "\(shared.errors.mostParked)"
                shared.log.error(
                    "too many records are refused at the start: the file is left as it is", metadata: metadata)
                return SystemFailure(
                    "\(result.refused) records are refused, and most-parked is \(shared.errors.mostParked): mend the "
                        + "mapping or the format, and start again; or raise on-error.most-parked to hand it over so")
            }
            shared.log.warning("records are refused at the start, and keep the rows that they have", metadata: metadata)
        }
        if let before = result.size.before, before > result.size.now ?? 0 {
            shared.log.notice(
                "the file has become smaller at the start",
                metadata: ["sink": "\(name)", "bytes": "\(result.size.now ?? 0)", "before": "\(before)"])
        }
        return nil
    }
}
