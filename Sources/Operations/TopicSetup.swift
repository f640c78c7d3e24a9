public import Canonical
public import Installation
public import Kafka
public import Logging

#if canImport(Glibc)
    import Glibc
#endif

/// Creates and verifies the topics of an installation.
public struct TopicSetup {
    /// The topics as they must be.
    public let table: TopicTable
    private let admin: Admin
    private let replicas: Int16
    private let families: [TopicFamily]

    /// For an installation's broker.
    public init(_ installation: Installation, log: Logger) throws {
        try self.init(installation, try Admin(Settings(installation.settings.brokerPairs), log: log))
    }

    /// For an installation's broker, asked by connections that there are already.
    public init(_ installation: Installation, _ admin: Admin) throws {
        let settings = installation.settings
        let (names, model) = (TopicNames(prefix: settings.prefix), try installation.model())
        families = model.domains.map { TopicFamily($0, names, model) }
        table = TopicTable(
            names: names, model: model, connectors: installation.connectors, replicas: settings.topics.replication,
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
    ///
    /// - Parameter evenLost: whether topics are made anew, empty, whose siblings are there: somebody has deleted them.
    /// - Throws: ``LostTopics`` when somebody has, and ``evenLost`` doesn't say so.
    public func createMissing(evenLost: Bool = false) throws -> Set<String> {
        var missing = Set(try missing())
        guard !missing.isEmpty else { return [] }
        if !evenLost {
            // Another process may be creating them at this moment.
            for _ in 0..<20 where families.contains(where: { $0.isTorn(missing) }) {
                usleep(250_000)
                missing = Set(try self.missing())
            }
            let torn = families.filter { $0.isTorn(missing) }
            if !torn.isEmpty { throw LostTopics(names: torn.flatMap { $0.topics.filter(missing.contains) }) }
        }
        let created = try admin.create(specifications.filter { missing.contains($0.name) }, timeout: .seconds(30))
        // Brokers know a topic before they tell everybody of it.
        for _ in 0..<40 where try !self.missing().isEmpty { usleep(250_000) }
        return created
    }

    /// The names of topics that aren't there.
    public func missing() throws -> [String] {
        // Short: whoever starts says only after that that a broker doesn't answer.
        let present = Set(try admin.topics(table.topics.map(\.name), timeout: .seconds(5)).map(\.name))
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

/// The topics of one domain, which are made together: where some are there and others aren't, somebody has deleted them.
struct TopicFamily {
    let topics: [String]

    init(_ domain: String, _ names: TopicNames, _ model: Model) {
        topics =
            [names.input(domain: domain), names.state(domain: domain)]
            + model.entities(of: domain).flatMap { entity in
                [names.golden(entity: entity.name)]
                    + (entity.engine == .stock ? [] : [names.identity(entity: entity.name)])
            }
    }

    /// Whether some of them are missing, and not all.
    func isTorn(_ missing: Set<String>) -> Bool {
        let count = topics.count(where: missing.contains)
        return count > 0 && count < topics.count
    }
}

/// Topics that were there, as their siblings are, and are not any more. To begin with empty ones would lose what they held
/// without a word.
public struct LostTopics: Error, Sendable, CustomStringConvertible {
    /// Their names.
    public let names: [String]

    /// These topics.
    public init(names: [String]) { self.names = names }

    /// Which, and what to do.
    public var description: String {
        "\(names.joined(separator: ", ")): missing, though other topics of the same domain are there: somebody has deleted "
            + "them. Restore them from your backup; or 'omni topics --create' makes them anew, empty"
    }
}
