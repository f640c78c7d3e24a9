import CLinux
import Canonical
import Document
public import Installation
public import Kafka
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
    private let crew: Crew
    private let brokers: KafkaBrokers
    /// Where it is kept what files show.
    private let shown: String
    private let door = Monitor<Int?>(nil)
    /// How many threads there are.
    private let running = Monitor(0)

    /// Reads the connector's configuration and mappings, and checks that they fit together. Nothing is connected yet.
    ///
    /// - Throws: `ConfigurationError`, or what is wrong with a mapping or a schema, with its file and line.
    public init(_ installation: Installation, _ name: String, log: Logger) throws {
        Self.settleMemory()
        let settings = try installation.connector(name)
        let model = try installation.model()
        let names = TopicNames(prefix: installation.settings.prefix)
        let kinds = try KindCatalog(model)
        let mappings = try Mappings(settings, kinds)
        var log = log
        log[metadataKey: "connector"] = "\(name)"
        brokers = KafkaBrokers(
            Kafka.Settings(installation.settings.broker.map { ($0.name, $0.value.reveal()) }), names, connector: name,
            log: log)
        shown = "\(installation.settings.data)/shown/\(name)"
        crew = try Crew(
            settings, model, mappings, names, brokers, quarantine: "\(installation.settings.data)/quarantine/\(name)",
            log: log)
    }

    /// glibc keeps small pieces that were freed apart, and puts all of them together whenever somebody asks for a kilobyte:
    /// librdkafka does so for each record, and frees a dozen small pieces with each. Freed as all others are they cost less.
    private static func settleMemory() { mallopt(M_MXFAST, 0) }

    private var shared: Shared { crew.shared }

    /// Asks all threads to end; ``run()`` returns soon after.
    public func stop() { shared.stop.set() }

    /// Whose numbers it has heard of.
    var identities: IdentityTable { shared.identities }

    /// Asks the brokers, by connections that there are already.
    public var admin: Admin { get throws(KafkaError) { try brokers.admin } }

    /// The port on which webhooks arrive; nil while there is none.
    public var webhookPort: Int? { door.withLock { $0 } }

    /// Runs until ``stop()`` is called, or something can't go on.
    ///
    /// - Throws: ``ConnectorFailure`` with the reason.
    public func run() throws {
        let log = shared.log
        var threads: [NamedThread] = []
        var doors: [WebhookDoor] = []
        do {
            let crew = crew
            threads.append(try thread(crew.follower()))
            // While the tables are read.
            let left = try patiently { try crew.left() }
            if let left, crew.tables.pass(shared.stop) {
                let hints = try openDoors(&doors)
                for loop in try loops(hints, as: left) { threads.append(try thread(loop)) }
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
    private func thread(_ loop: any Loop) throws -> NamedThread {
        let (running, shared, handed) = (running, shared, Handed(loop: loop))
        running.withLock { $0 += 1 }
        return try NamedThread(loop.name) {
            handed.loop.run(shared)
            running.withLock { $0 -= 1 }
        }
    }

    /// A loop on its way into its thread. Unchecked: nobody else touches it any more.
    private struct Handed: @unchecked Sendable {
        let loop: any Loop
    }

    private func loops(_ hints: [String: Hints], as left: Crew.Left) throws -> [any Loop] {
        FileRecords.sweep(shown, keeping: Set(crew.settings.sinks.map { FileWriter.keptName(sink: $0.name) }))
        let assembly = Assembly(
            crew.settings, hints: hints, port: webhookPort, positions: left.positions, shown: shown,
            clock: shared.clock, log: shared.log)
        return try patiently { try crew.loops(assembly, as: left) } ?? []
    }

    /// Brokers that can't be reached are waited for. Nil: it is time to end.
    private func patiently<Result>(_ body: () throws -> Result) throws -> Result? {
        var backOff = BackOff(shared.errors)
        while !shared.stop.isSet {
            do {
                return try body()
            } catch let failure as KafkaError where failure.isRetriable {
                let pause = backOff.next()
                shared.log.warning(
                    "Kafka doesn't let the connector begin", metadata: ["error": "\(failure)", "pause": "\(pause)"])
                shared.stop.wait(for: pause)
            }
        }
        return nil
    }

    /// Opens a door for each connection that has one, and tells which source hears of what.
    private func openDoors(_ doors: inout [WebhookDoor]) throws -> [String: Hints] {
        var hints: [String: Hints] = [:]
        for connection in crew.settings.connections {
            guard case .http(let http) = connection.kind, let listener = http.webhooks else { continue }
            var routes: [(path: String, hints: Hints)] = []
            for source in crew.settings.sources where source.from.connection == connection.name {
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
