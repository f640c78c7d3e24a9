public import Canonical
public import Installation
public import Kafka
public import Logging

/// Creates and verifies the topics of an installation.
public struct TopicSetup {
    /// The topics as they must be.
    public let table: TopicTable
    private let admin: Admin
    private let replicas: Int16

    /// For an installation's broker.
    public init(_ installation: Installation, log: Logger) throws {
        try self.init(installation, try Admin(Settings(installation.settings.brokerPairs), log: log))
    }

    /// For an installation's broker, asked by connections that there are already.
    public init(_ installation: Installation, _ admin: Admin) throws {
        let settings = installation.settings
        table = TopicTable(
            names: TopicNames(prefix: settings.prefix), model: try installation.model(),
            connectors: installation.connectors, replicas: settings.topics.replication,
            partitions: { settings.topics.partitions(of: $0) })
        replicas = Int16(settings.topics.replication)
        self.admin = admin
    }

    private var specifications: [TopicSpecification] {
        table.topics.map {
            TopicSpecification($0.name, partitions: Int32($0.partitions), replicas: replicas, settings: $0.settings)
        }
    }

    /// Creates what isn't there; answers the names.
    public func createMissing() throws -> Set<String> {
        let missing = Set(try missing())
        guard !missing.isEmpty else { return [] }
        return try admin.create(specifications.filter { missing.contains($0.name) }, timeout: .seconds(30))
    }

    /// The names of topics that aren't there.
    public func missing() throws -> [String] {
        let present = Set(try admin.topics(table.topics.map(\.name), timeout: .seconds(10)).map(\.name))
        return table.topics.map(\.name).filter { !present.contains($0) }
    }

    /// How the topics that are there differ from the table, in words.
    public func differences() throws -> [String] {
        let missing = Set(try missing())
        return try admin.differences(
            from: specifications.filter { !missing.contains($0.name) }, timeout: .seconds(30)
        ).map(\.description)
    }
}
