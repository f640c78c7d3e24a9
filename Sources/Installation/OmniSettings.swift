/// What `omni.yaml` says, decoded and checked.
public struct OmniSettings: Sendable {
    /// With what the names of topics, groups and transactional ids begin.
    public var prefix: String
    /// librdkafka's settings for every client, `bootstrap.servers` among them.
    public var broker: [(name: String, value: Secret)]
    /// How topics are made.
    public var topics: TopicSettings
    /// Where the API listens.
    public var api: APISettings
    /// The folder for what can be rebuilt: the hub's local store. Absolute.
    public var data: String
    /// How long a copy may lag before it counts as diverged.
    public var grace: GraceSettings
    /// Bounds on what may be reserved.
    public var reservations: ReservationSettings
    /// How the hub's processes are told apart.
    public var hub: HubSettings
    /// How processes log.
    public var log: LogSettings
}

/// How the hub's processes are told apart.
public struct HubSettings: Sendable, Equatable {
    /// Which transactional id a start of a hub process takes.
    public var transactionalID: TransactionalID
    /// How many hub processes `omni up` runs.
    public var instances: Int
    /// Whether a hub follows the partitions that other hubs own.
    public var standby: Bool

    /// Which transactional id a start of a hub process takes.
    public enum TransactionalID: String, Sendable, CaseIterable {
        /// Always the same: the later start fences the earlier, on whatever machine either is.
        case stable
        /// One of its own, numbered in the data folder: for brokers that go on reporting a producer's old aborts.
        case perStart = "per-start"
    }
}

/// How topics are made.
public struct TopicSettings: Sendable, Equatable {
    /// Partitions of a domain's topics where ``partitions`` doesn't name it.
    public var standardPartitions: Int
    /// Partitions per domain. `customer` always has one: linking compares any customer with any other.
    public var partitions: [String: Int]
    /// Copies of every partition in the cluster.
    public var replication: Int

    /// How many partitions the topics of a domain have.
    public func partitions(of domain: String) -> Int {
        domain == "customer" ? 1 : partitions[domain] ?? standardPartitions
    }
}

/// Where the API listens.
public struct APISettings: Sendable {
    /// `host:port`.
    public var listen: String
    /// What callers must send as a bearer token; nil: anybody who can connect may ask.
    public var token: Secret?
}

/// How long a copy may lag before it counts as diverged.
public struct GraceSettings: Sendable, Equatable {
    /// For systems that ``systems`` doesn't name.
    public var standard: Duration
    /// Per system.
    public var systems: [String: Duration]

    /// How long that system's copies may lag.
    public func of(_ system: String) -> Duration { systems[system] ?? standard }
}

/// Bounds on what may be reserved.
public struct ReservationSettings: Sendable, Equatable {
    /// A hold lasts so long when it doesn't say.
    public var standard: Duration
    /// A hold never lasts longer.
    public var longest: Duration
    /// The most pieces in one hold.
    public var most: Int
}

/// How processes log.
public struct LogSettings: Sendable, Equatable {
    /// The least important level shown.
    public var level: Level
    /// The form of a line.
    public var form: Form

    /// How important a line is.
    public enum Level: String, Sendable, CaseIterable { case trace, debug, info, notice, warning, error, critical }
    /// The form of a line.
    public enum Form: String, Sendable, CaseIterable { case text, json }
}

extension OmniSettings {
    init(_ reader: inout Reader, folder: String) {
        prefix = reader.text(
            "prefix", default: "omni", "With what the names of topics, consumer groups and transactional ids begin.")
        if !prefix.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }) {
            reader.report("prefix may hold letters, digits, dots, dashes and underscores", key: "prefix")
        }
        broker = reader.secrets(
            "broker",
            "librdkafka's settings for every client, by their own names, `bootstrap.servers` at least. "
                + "The ones that correctness needs can't be changed.")
        if !broker.contains(where: { $0.name == "bootstrap.servers" }), !reader.journal.describing {
            reader.report("broker lacks \"bootstrap.servers\"; add \"broker: { bootstrap.servers: HOST:9092 }\"")
        }
        topics = reader.inner("topics", "How topics are made.") { TopicSettings(&$0) }
        api = reader.inner("api", "Queries and requests over HTTP.") { reader in
            APISettings(
                listen: reader.text(
                    "listen", default: "127.0.0.1:8100", "Where to listen: `host:port`. Port 0 takes a free one."),
                token: reader.secret("token", "What callers must send as a bearer token. Without it, anybody may ask."))
        }
        data = absolute(
            reader.text("data", default: "var", "The folder for what can be rebuilt: the hub's local store."), folder)
        grace = reader.inner("grace", "How long a copy may lag before it counts as diverged.") { reader in
            GraceSettings(
                standard: reader.duration("standard", default: "5m", "For every system that isn't named."),
                systems: reader.durations("systems", "Per system."))
        }
        reservations = reader.inner("reservations", "Bounds on what may be reserved.") { reader in
            ReservationSettings(
                standard: reader.duration("standard", default: "2h", "How long a hold lasts when it doesn't say."),
                longest: reader.duration("longest", default: "7d", "A hold never lasts longer."),
                most: reader.integer("most", default: 100, in: 1...1_000_000, "The most pieces in one hold."))
        }
        hub = reader.inner("hub", "The hub's processes.") { reader in
            HubSettings(
                transactionalID: reader.choice(
                    "transactional-id", default: .stable,
                    "`per-start` is for the embedded broker alone (docs/decisions/0003)."),
                instances: reader.integer(
                    "instances", default: 1, in: 1...64,
                    "How many hub processes `omni up` runs. The API of the second listens one port above the first's."),
                standby: reader.flag(
                    "standby", default: false,
                    "Whether a hub follows the partitions of other hubs: a takeover reads only the tail, and every hub answers for all."
                ))
        }
        log = reader.inner("log", "How processes log.") { reader in
            LogSettings(
                level: reader.choice("level", default: .info, "The least important level shown."),
                form: reader.choice("form", default: .text, "Lines for people, or JSON objects."))
        }
    }
}

extension TopicSettings {
    fileprivate init(_ reader: inout Reader) {
        standardPartitions = reader.integer(
            "standard", default: 6, in: 1...10_000, "Partitions of a domain that `partitions` doesn't name.")
        partitions = reader.integers(
            "partitions", in: 1...10_000,
            "Partitions per domain: product, location, order, stock. Customers always have one. Never changed in place."
        )
        replication = reader.integer(
            "replication", default: 1, in: 1...32, "Copies of every partition; 3 where it matters.")
        if let customers = partitions["customer"], customers != 1 {
            reader.report("customer has one partition: linking compares any customer with any other", key: "partitions")
        }
    }
}

/// A path relative to a folder, made absolute.
func absolute(_ path: String, _ folder: String) -> String {
    path.hasPrefix("/") || path.isEmpty ? path : folder + "/" + path
}

extension OmniSettings {
    /// The broker's settings with their values, for the clients that connect.
    public var brokerPairs: [(String, String)] { broker.map { ($0.name, $0.value.reveal()) } }
}
