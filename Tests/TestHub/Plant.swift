package import Canonical
package import Installation
package import Kafka
package import Logging
import TestBroker

#if canImport(Glibc)
    import Glibc
#endif

/// An installation in a temporary folder, with this repository's schemas and topics of its own on the shared broker:
/// what tests of the hub, the API and operations work in. Removed at the end.
package final class Plant: Sendable {
    /// The installation's folder.
    package let folder: String
    package let prefix: String
    package let installation: Installation
    package let model: Model
    /// The broker, for clients of the test's own.
    package let broker: Settings
    package let log: Logger

    /// - Parameters:
    ///   - partitions: of every domain but customer, which has one.
    ///   - omni: further lines of `omni.yaml`.
    ///   - connectors: `connector.yaml` by folder name.
    ///   - createsTopics: false leaves that to the test.
    package init(
        partitions: Int = 2, omni: String = "", connectors: [String: String] = [:], createsTopics: Bool = true
    ) throws {
        var template = Array("/tmp/omni-plant-XXXXXX".utf8CString)
        guard let folder = mkdtemp(&template).map({ String(cString: $0) }) else { throw Failure("no folder") }
        self.folder = folder
        let shared = try TestBroker.shared
        prefix = shared.unique("plant")
        broker = ["bootstrap.servers": shared.bootstrapServers]
        for path in ["Connectors", "Schemas", "var"] { mkdir("\(folder)/\(path)", 0o755) }
        try Self.write(
            "\(folder)/omni.yaml",
            """
            prefix: \(prefix)
            data: "${env:DATA}"
            broker: { bootstrap.servers: "\(shared.bootstrapServers)" }
            topics: { standard: \(partitions) }
            \(omni)
            """)
        for (name, text) in connectors {
            mkdir("\(folder)/Connectors/\(name)", 0o755)
            try Self.write("\(folder)/Connectors/\(name)/connector.yaml", text)
        }
        for name in ["product", "stock", "customer", "order", "location", "reservation"] {
            for suffix in [".schema.json", ".rules.yaml"] {
                guard let bytes = Self.read("\(Self.repository)/Schemas/\(name)\(suffix)") else { continue }
                try Self.write("\(folder)/Schemas/\(name)\(suffix)", bytes)
            }
        }
        var log = Logger(label: "test")
        log.logLevel = getenv("OMNI_TEST_LOG") == nil ? .critical : .debug
        self.log = log
        installation = try Self.load(folder, data: "\(folder)/var")
        model = try installation.model()
        if createsTopics { try createTopics(partitions) }
    }

    deinit {
        guard let entries = Self.command("/bin/rm", ["-rf", folder]) else { return }
        _ = entries
    }

    private func createTopics(_ partitions: Int) throws {
        let table = TopicTable(
            names: names, model: model, connectors: installation.connectors, partitions: { _ in partitions })
        try Admin(broker, log: log).create(
            table.topics.map {
                TopicSpecification($0.name, partitions: Int32($0.partitions), replicas: 1, settings: $0.settings)
            }, timeout: .seconds(30))
    }

    /// The same installation with another folder for what can be rebuilt, as on another machine.
    package func elsewhere(_ name: String) throws -> Installation {
        mkdir("\(folder)/\(name)", 0o755)
        return try Self.load(folder, data: "\(folder)/\(name)")
    }

    private static func load(_ folder: String, data: String) throws -> Installation {
        try Installation.load(
            folder: folder,
            surroundings: Surroundings(variable: { $0 == "DATA" ? data : nil }, file: { _ in nil }))
    }

    package var names: TopicNames { TopicNames(prefix: prefix) }

    /// The repository's root.
    package static var repository: String {
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    }

    package func admin() throws -> Admin { try Admin(broker, log: log) }

    package func producer(_ more: Settings = [:]) throws -> Producer { try Producer(broker.merging(more), log: log) }
}

// MARK: - Files

extension Plant {
    /// What a test could not do.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
        package init(_ description: String) { self.description = description }
    }

    package static func write(_ path: String, _ text: String) throws { try write(path, Array(text.utf8)) }

    package static func write(_ path: String, _ bytes: [UInt8]) throws {
        guard let file = fopen(path, "w") else { throw Failure("can't write \(path): errno \(errno)") }
        defer { fclose(file) }
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw Failure("can't write \(path)") }
    }

    package static func read(_ path: String) -> [UInt8]? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&chunk, 1, chunk.count, file)
            guard count > 0 else { return bytes }
            bytes += chunk[..<count]
        }
    }

    /// Copies a folder with all that is in it.
    package static func copy(_ from: String, _ to: String) throws {
        guard command("/bin/cp", ["-r", from, to]) == 0 else { throw Failure("can't copy \(from)") }
    }

    package static func remove(_ path: String) { _ = command("/bin/rm", ["-rf", path]) }

    private static func command(_ program: String, _ arguments: [String]) -> Int32? {
        var words = ([program] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var child = pid_t()
        guard posix_spawn(&child, program, nil, nil, &words, environ) == 0 else { return nil }
        var status: Int32 = 0
        waitpid(child, &status, 0)
        return status
    }
}

/// Waits until something is so, by looking again and again; throws what it waited for when it never is.
package func eventually(_ what: String, within limit: Duration = .seconds(30), _ condition: () throws -> Bool) throws {
    let end = ContinuousClock.now.advanced(by: limit)
    while try !condition() {
        guard ContinuousClock.now < end else { throw Plant.Failure("it never happened: \(what)") }
        usleep(5_000)
    }
}
