import Canonical
import Document
import Glibc
import Installation
import Kafka
import Logging
import TestBroker
import Testing
import Transports

@testable import Connector

/// An installation in a temporary folder, with topics of its own on the shared broker and one connector called `test`.
final class Workplace: Sendable {
    let folder: String
    let prefix: String
    let installation: Installation
    private let model: Model
    private let broker: Kafka.Settings
    private let log: Logger

    /// - Parameter files: what lies in `Connectors/test/`, `connector.yaml` among it. `{folder}` stands for the
    ///   workplace's folder.
    /// - Parameter environment: what the placeholders in it stand for.
    init(_ files: [String: String], partitions: Int = 2, environment: [String: String] = [:]) throws {
        var template = Array("/tmp/omni-connector-XXXXXX".utf8CString)
        let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
        self.folder = folder
        let shared = try TestBroker.shared
        prefix = shared.unique("connector")
        broker = ["bootstrap.servers": shared.bootstrapServers]
        var all = files.map { ("Connectors/test/\($0.key)", $0.value.replacing("{folder}", with: folder)) }
        all.append(
            (
                "omni.yaml",
                "prefix: \(prefix)\ndata: \(folder)/var\nbroker: { bootstrap.servers: \"\(shared.bootstrapServers)\" }\n"
            ))
        for path in ["Connectors", "Connectors/test", "Schemas", "drop", "drop/in"] {
            mkdir("\(folder)/\(path)", 0o755)
        }
        for (name, text) in all {
            let parts = name.split(separator: "/").dropLast()
            for count in 1..<(parts.count + 1) where count > 0 {
                mkdir("\(folder)/\(parts.prefix(count).joined(separator: "/"))", 0o755)
            }
            try AtomicFile.replace("\(folder)/\(name)", with: Array(text.utf8))
        }
        let schemas = Self.repository + "/Schemas"
        for entity in ["product", "stock", "customer", "order", "location", "reservation"] {
            for suffix in [".schema.json", ".rules.yaml"] {
                guard let bytes = try? AtomicFile.read("\(schemas)/\(entity)\(suffix)") else { continue }
                try AtomicFile.replace("\(folder)/Schemas/\(entity)\(suffix)", with: bytes)
            }
        }
        var log = Logger(label: "test")
        log.logLevel = getenv("OMNI_TEST_LOG") == nil ? .critical : .debug
        self.log = log
        installation = try Installation.load(
            folder: folder, surroundings: Surroundings(variable: { environment[$0] }, file: { _ in nil }))
        model = try installation.model()
        let table = TopicTable(
            names: TopicNames(prefix: prefix), model: model, connectors: ["test"], partitions: { _ in partitions })
        let admin = try Admin(broker, log: log)
        try admin.create(
            table.topics.map { TopicSpecification($0.name, partitions: Int32($0.partitions), settings: [:]) },
            timeout: .seconds(20))
    }

    /// A connector of this repository.
    static func connector(_ name: String) throws -> [String: String] {
        let folder = "\(repository)/Connectors/\(name)"
        let names = ["connector.yaml"] + Folders.names(in: folder).filter { $0.hasSuffix(".jsonata") }
        return try Dictionary(
            uniqueKeysWithValues: names.map {
                ($0, String(decoding: try AtomicFile.read("\(folder)/\($0)"), as: UTF8.self))
            })
    }

    static var repository: String {
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4).joined(separator: "/")
    }

    deinit {
        let remove = try? ChildProcess("/bin/rm", ["-rf", folder])
        _ = remove?.wait()
    }

    var names: TopicNames { TopicNames(prefix: prefix) }

    /// Writes a file into the workplace's folder, renamed into place.
    func drop(_ name: String, _ text: String) throws {
        try AtomicFile.replace("\(folder)/drop/\(name)", with: Array(text.utf8))
    }

    /// A file's text.
    func read(_ name: String) throws -> String {
        String(decoding: try AtomicFile.read("\(folder)/\(name)"), as: UTF8.self)
    }

    /// Whether a file is there.
    func exists(_ name: String) -> Bool { access("\(folder)/\(name)", F_OK) == 0 }

    /// Runs the connector while the body runs.
    func connected<Result>(
        log heard: HeardLog? = nil, _ body: (RunningConnector) throws -> Result
    ) throws -> Result {
        let running = try RunningConnector(try ConnectorProcess(installation, "test", log: heard?.logger ?? log))
        defer { running.stop() }
        return try body(running)
    }

    /// Writes another `connector.yaml`, for the next start.
    func configure(_ text: String) throws {
        let text = text.replacing("{folder}", with: folder)
        try AtomicFile.replace("\(folder)/Connectors/test/connector.yaml", with: Array(text.utf8))
    }

    // MARK: Topics

    /// Writes a record.
    func produce(
        _ topic: String, key: String, _ value: JSON?, _ headers: [(name: String, text: String)] = [],
        inTransaction: Bool = false
    ) throws {
        let settings = inTransaction ? broker.merging(["transactional.id": "\(prefix).\(key)"]) : broker
        let producer = try Producer(settings, log: log)
        if inTransaction {
            try producer.initTransactions(timeout: .seconds(20))
            try producer.begin()
        }
        if let value {
            try producer.produce(
                to: topic, key: key.utf8.span.bytes, value: value.utf8.span.bytes, headers: Headers(headers))
        } else {
            try producer.produce(to: topic, key: key.utf8.span.bytes, value: nil)
        }
        try inTransaction ? producer.commit(timeout: .seconds(20)) : producer.flush(timeout: .seconds(20))
    }

    /// Says whose number that is, as the hub does.
    func identify(_ entity: String, _ system: String, _ id: String, as key: String) throws {
        try produce(names.identity(entity: entity), key: "\(system):\(id)", ["key": .string(key)])
    }

    /// Writes a golden record, as the hub does.
    func golden(
        _ entity: String, _ key: String, revision: Int, epoch: Int64? = nil, _ document: JSON,
        verb: EventType.Verb = .golden, inTransaction: Bool = false
    ) throws {
        var envelope = Envelope(
            id: "\(key)/\(revision)", source: .hub, type: EventType(entity, verb), subject: key)
        envelope.dataSchema = "urn:omni:\(entity):1"
        envelope.revision = Int64(revision)
        envelope.epoch = epoch
        try produce(names.golden(entity: entity), key: key, document, envelope.headers, inTransaction: inTransaction)
    }

    /// Takes the connector's group back to the beginning of a topic, as if its last commits had been lost. A static
    /// member never leaves, so only itself can do it.
    func rewind(_ topic: String) throws {
        let consumer = try Consumer(
            broker.merging([
                "group.id": "\(prefix).test", "group.instance.id": "\(prefix).test", "auto.offset.reset": "earliest",
            ]), log: log)
        try consumer.subscribe(to: [topic])
        while consumer.partitions.isEmpty { try consumer.poll(timeout: .milliseconds(50)) { _ in } }
        try consumer.commit(consumer.partitions.map { $0.at(0) })
        try consumer.close()
    }

    /// All records of a topic, partition by partition.
    func records(_ topic: String) throws -> [Seen] {
        let admin = try Admin(broker, log: log)
        let partitions = try admin.topics([topic], timeout: .seconds(10)).flatMap(\.topicPartitions)
        var seen: [Seen] = []
        try Table.read(
            partitions, broker.merging(["group.id": "\(prefix).probe"]), timeout: .seconds(20), log: log
        ) { batch in
            batch.forEach { seen.append(Seen($0)) }
        }
        return seen
    }

    /// The records of a topic, once there are so many.
    func records(_ topic: String, count: Int, _ location: SourceLocation = #_sourceLocation) throws -> [Seen] {
        var seen: [Seen] = []
        eventually(location) {
            seen = (try? records(topic)) ?? []
            return seen.count >= count
        }
        return seen
    }

    /// Waits until something is so.
    func eventually(_ location: SourceLocation = #_sourceLocation, _ condition: () throws -> Bool) {
        for _ in 0..<600 {
            if (try? condition()) == true { return }
            usleep(25_000)
        }
        Issue.record("it has not become so within 15 s", sourceLocation: location)
    }
}

/// A record as a test sees it.
struct Seen: Sendable {
    let key: String
    let value: JSON?
    let bytes: [UInt8]
    let headers: [String: String]
    let partition: Int32

    init(_ record: borrowing Record) {
        key = record.key?.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } ?? ""
        bytes = record.value?.withUnsafeBytes { Array($0) } ?? []
        value = try? JSON(parsing: bytes)
        partition = record.partition
        var headers: [String: String] = [:]
        record.forEachHeader { header in
            headers[header.name] = header.value?.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        }
        self.headers = headers
    }

    var type: String { headers["ce_type"] ?? "" }
}

/// A connector on a thread of its own.
final class RunningConnector {
    let connector: ConnectorProcess
    private let thread: NamedThread
    private let failure = Monitor<String?>(nil)

    init(_ connector: ConnectorProcess) throws {
        self.connector = connector
        let failure = failure
        thread = try NamedThread("connector") {
            do { try connector.run() } catch { failure.withLock { $0 = "\(error)" } }
        }
    }

    /// Whether it has heard whose number that is.
    func knows(_ entity: String, _ system: String, _ id: String) -> Bool {
        connector.identities.key(of: Reference(system: system, id: id), entity: entity) != nil
    }

    /// Why it has ended by itself.
    var reason: String? { failure.withLock { $0 } }

    func stop() {
        connector.stop()
        thread.join()
    }
}
