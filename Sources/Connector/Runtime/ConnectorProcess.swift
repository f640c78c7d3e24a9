import Canonical
import Document
public import Installation
import Kafka
public import Logging
import Mapping
import Schema
import Transports

/// What `omni connect NAME` runs: one connector, its sources and its sinks.
///
/// ```swift
/// let connector = try ConnectorProcess(installation, "retailer", log: log)
/// let signals = try Signals.onStop { _ in connector.stop() }
/// try connector.run()
/// ```
public final class ConnectorProcess: Sendable {
    private let settings: ConnectorSettings
    private let broker: Kafka.Settings
    private let shared: Shared
    private let mappings: Mappings
    private let entities: [String]
    private let door = Monitor<Int?>(nil)
    /// How many threads there are.
    private let running = Monitor(0)

    /// Reads the connector's configuration and mappings, and checks that they fit together. Nothing is connected yet.
    ///
    /// - Throws: `ConfigurationError`, or what is wrong with a mapping or a schema, with its file and line.
    public init(_ installation: Installation, _ name: String, log: Logger) throws {
        settings = try installation.connector(name)
        let model = try installation.model()
        let names = TopicNames(prefix: installation.settings.prefix)
        let kinds = try KindCatalog(model)
        mappings = try Mappings(settings, kinds)
        entities = model.entities.filter { $0.engine != .stock }.map(\.name)
        broker = Kafka.Settings(
            installation.settings.broker.map { ($0.name, $0.value.reveal()) }
                + [("client.id", "\(names.prefix).\(name)")])
        var log = log
        log[metadataKey: "connector"] = "\(name)"
        let publisher = try Publisher(broker, log: log)
        shared = Shared(
            connector: name,
            knowledge: Knowledge(
                system: settings.system, names: names, kinds: kinds, identities: IdentityTable(),
                tables: mappings.tables, decisions: DecisionTable()),
            publisher: publisher,
            deadLetters: DeadLetters(
                topic: names.dead(of: name), quarantine: "\(installation.settings.data)/quarantine/\(name)",
                publisher: publisher, log: log),
            turns: Turns(), stop: StopSignal(), errors: settings.onError,
            writtenBack: WrittenBack(settings.sources.compactMap { source in source.of.map { (source.name, $0) } }),
            log: log)
    }

    /// Asks all threads to end; ``run()`` returns soon after.
    public func stop() { shared.stop.set() }

    /// Whose numbers it has heard of.
    var identities: IdentityTable { shared.identities }

    /// The port on which webhooks arrive; nil while there is none.
    public var webhookPort: Int? { door.withLock { $0 } }

    /// Runs until ``stop()`` is called, or something can't go on.
    ///
    /// - Throws: ``ConnectorFailure`` with the reason.
    public func run() throws {
        let log = shared.log
        let tables = Gate()
        let repeated = Gate()
        var threads: [NamedThread] = []
        let (names, entities, broker, shared) = (shared.names, entities, broker, shared)
        let needsDecisions = mappings.mention("omni_decision")
        threads.append(
            try thread("tables") {
                IdentityFollower(
                    shared.knowledge, entities: entities, decisions: needsDecisions, broker, log: log
                ).run(tables, shared.stop)
            })
        var doors: [WebhookDoor] = []
        do {
            let positions = try Tables.read(names.position(connector: shared.connector), broker, log: log)
            let parked = try Tables.read(names.parked(connector: shared.connector), broker, log: log)
            if tables.pass(shared.stop) {
                let hints = try openDoors(&doors)
                let bootstrap = bootstrap(positions)
                if settings.sinks.isEmpty {
                    repeated.open()
                } else {
                    threads.append(try startSinks(parked, repeated, bootstrap))
                }
                for source in settings.sources {
                    threads.append(
                        try start(
                            source, positions, parked, hints[source.name], bootstrap,
                            after: repeated))
                }
                log.info("running")
            }
        } catch {
            shared.stop.set(failure: "\(error)")
        }
        shared.stop.wait()
        for door in doors { door.close() }
        if running.wait(for: .seconds(4), until: { $0 == 0 ? true : nil }) == true {
            for thread in threads { thread.join() }
        } else {
            // Everything acknowledged is saved; what a system hasn't answered yet is repeated at the next start.
            log.warning("ending while a system still hasn't answered")
        }
        shared.publisher.close(patience: .seconds(1))
        if let failure = shared.stop.failure { throw ConnectorFailure(description: failure) }
        log.info("ended")
    }

    // MARK: Threads

    /// A thread that is waited for at the end, for a while.
    private func thread(_ name: String, _ body: @escaping @Sendable () -> Void) throws -> NamedThread {
        let running = running
        running.withLock { $0 += 1 }
        return try NamedThread(name) {
            body()
            running.withLock { $0 -= 1 }
        }
    }

    /// The sources whose snapshot must be known before the sinks begin. Files come when they come.
    private func bootstrap(_ positions: [String: JSON]) -> Bootstrap {
        Bootstrap(
            awaited: Set(
                settings.sources.filter { source in
                    if case .files = source.from.transport { return false }
                    return source.start == .snapshot && positions[source.name] == nil
                }.map(\.name)))
    }

    private func startSinks(
        _ parked: [String: JSON], _ repeated: Gate, _ bootstrap: Bootstrap
    ) throws -> NamedThread {
        let (settings, shared, broker, mappings) = (settings, shared, broker, mappings)
        return try thread("sinks") {
            var writes = ParkedWrites()
            for (name, value) in parked where settings.sinks.contains(where: { name.hasPrefix($0.name + "/") }) {
                if !writes.restore(name, value, now: .now) {
                    shared.log.error("a parked record can't be read", metadata: ["key": "\(name)"])
                }
            }
            if settings.sources.contains(where: { bootstrap.awaits($0.name) }) {
                // Nothing was ever written, so there is nothing to repeat.
                repeated.open()
                bootstrap.wait(shared.identities, shared.system, shared.stop, patience: .seconds(60), log: shared.log)
            }
            var backOff = BackOff(shared.errors)
            while !shared.stop.isSet {
                do {
                    let sinks = try Assembly(settings, shared, mappings).sinks(broker)
                    try SinkLoop(sinks, shared, broker, parked: writes, ready: repeated).run()
                    return
                } catch let failure as SystemFailure {
                    let pause = backOff.next()
                    shared.log.warning(
                        "the sinks can't be opened", metadata: ["error": "\(failure)", "pause": "\(pause)"])
                    shared.stop.wait(for: pause)
                } catch let failure as KafkaError where failure.isRetriable {
                    shared.log.warning("Kafka doesn't let the sinks begin", metadata: ["error": "\(failure)"])
                    shared.stop.wait(for: backOff.next())
                } catch {
                    shared.log.error("the sinks can't be opened", metadata: ["error": "\(error)"])
                    shared.stop.set(failure: "sinks: \(error)")
                }
            }
        }
    }

    private func start(
        _ source: SourceSettings, _ positions: [String: JSON], _ parked: [String: JSON], _ hints: Hints?,
        _ bootstrap: Bootstrap, after repeated: Gate
    ) throws -> NamedThread {
        var lanes = Lanes()
        for (name, value) in parked where name.hasPrefix(source.name + "/") {
            let lane = String(name.dropFirst(source.name.utf8.count + 1))
            guard let lane = Lanes.Lane(name: lane, value) else {
                shared.log.error("a parked record can't be read", metadata: ["key": "\(name)"])
                continue
            }
            lanes.restore(lane)
        }
        let position = positions[source.name]?["position"]
        let absences = Absences(reported: Set(positions.keys.compactMap { Absences.number(in: $0, of: source.name) }))
        let (settings, shared, mappings, restored, port) = (settings, shared, mappings, lanes, webhookPort)
        return try thread(source.name) {
            guard repeated.pass(shared.stop) else { return }
            let assembly = Assembly(settings, shared, mappings)
            SourceLoop(
                source, shared, mappings.sources[source.name]!, position: position, lanes: restored,
                absences: absences, bootstrap
            ) {
                try assembly.transport(of: source, hints: hints, port: port)
            }.run()
        }
    }

    /// Opens a door for each connection that has one, and tells which source hears of what.
    private func openDoors(_ doors: inout [WebhookDoor]) throws -> [String: Hints] {
        var hints: [String: Hints] = [:]
        for connection in settings.connections {
            guard case .http(let http) = connection.kind, let listener = http.webhooks else { continue }
            var routes: [(path: String, hints: Hints)] = []
            for source in settings.sources where source.from.connection == connection.name {
                guard case .poll(let poll) = source.from.transport, let webhook = poll.webhook else { continue }
                let queue = Hints()
                hints[source.name] = queue
                routes.append((webhook.path, queue))
            }
            guard !routes.isEmpty else { continue }
            let opened = try WebhookDoor(listener, routes: routes, log: shared.log)
            shared.log.info("webhooks arrive here", metadata: ["port": "\(opened.port)"])
            door.withLock { $0 = opened.port }
            doors.append(opened)
        }
        return hints
    }
}

/// A connector that can't go on: why, and what to do.
public struct ConnectorFailure: Error, Sendable, CustomStringConvertible {
    /// The reason, without data.
    public let description: String
}
