public import Canonical
import Consistency
public import Installation
import Kafka
public import Logging
import Synchronization
import Transports

/// One hub process: its store, its engine's knowledge, and the loop that decides.
///
/// ```swift
/// let hub = try HubProcess(installation, instance: "1", log: log)
/// try hub.run { stopped }
/// ```
public final class HubProcess: Sendable {
    /// The entities and their rules.
    public let model: Model
    /// The kinds with their schemas.
    public let kinds: KindCatalog
    /// The names of topics and groups.
    public let names: TopicNames
    /// The local store: what queries read.
    public let store: Store
    /// By entity, the systems whose copies are kept in sync.
    public let subscribers: [String: [String]]
    /// By entity, the systems of these whose sinks read nothing back (no `seen-by`): nobody sees what they hold.
    public let unseen: [String: Set<String>]
    private let lifts: Lifts
    private let bounds: HoldBounds
    private let settings: Settings
    private let instance: String
    private let startsFile: String?
    private let quarantine: String
    private let partitionCounts: [String: Int32]
    private let log: Logger
    private let waitingCount = Atomic(0)
    private let clockError = Atomic<Int64>(0)
    private let owned = Mutex<Set<DomainPartition>>([])
    private let progress = Mutex<RestoreProgress?>(nil)
    private let standby: Standby?

    /// How long a broker may take for an answer at the start. Who starts a hub says then that it is waited for, and tries again.
    private static let patience = Duration.seconds(5)

    /// Reads the installation, checks the topics and opens the store.
    ///
    /// - Parameter instance: names this process among the hub's processes: for static membership and fencing. Two at a
    ///   time must not share a name; the later one fences the earlier.
    public init(_ installation: Installation, instance: String, log: Logger) throws {
        let omni = installation.settings
        model = try installation.model()
        kinds = try KindCatalog(model)
        lifts = try Lifts(model)
        names = TopicNames(prefix: omni.prefix)
        settings = Settings(omni.brokerPairs)
        bounds = HoldBounds(
            standard: omni.reservations.standard.milliseconds, longest: omni.reservations.longest.milliseconds,
            most: omni.reservations.most)
        self.instance = instance
        startsFile = omni.hub.transactionalID == .perStart ? "\(omni.data)/hub-\(instance).starts" : nil
        quarantine = "\(omni.data)/quarantine"
        self.log = log
        (subscribers, unseen) = try Self.subscribers(installation)
        for doubt in try installation.ruleDoubts(model) { log.warning("\(doubt)") }
        let admin = try Admin(settings, log: log)
        partitionCounts = try Self.partitionCounts(admin, names, model)
        store = try Store(
            folder: "\(omni.data)/hub-\(instance)",
            identity: .init(
                cluster: try admin.clusterID(timeout: Self.patience) ?? "unknown", prefix: omni.prefix),
            size: 64 << 30, log: log)
        standby = omni.hub.standby ? Self.standby(store, model, names, settings, partitionCounts, log) : nil
    }

    private static func standby(
        _ store: Store, _ model: Model, _ names: TopicNames, _ settings: Settings, _ counts: [String: Int32],
        _ log: Logger
    ) -> Standby {
        let settings = settings.merging(["group.id": "\(names.hubGroup)-standby"])
        let stateNames = StateNames(model)
        let restore = Restore(
            store: store, changelog: CommittedReader(settings, log: log), topic: { names.state(domain: $0) },
            names: { domain, key, state in try stateNames.of(domain, key, state) }, clocks: .machine, tell: { _ in },
            log: log)
        return Standby(all: Self.all(model, names, counts), restore, settings, log: log)
    }

    private static func all(_ model: Model, _ names: TopicNames, _ counts: [String: Int32]) -> Set<DomainPartition> {
        Set(
            model.domains.flatMap { domain in
                (0..<(counts[names.input(domain: domain)] ?? 0)).map { DomainPartition(domain, $0) }
            })
    }

    /// The partitions of the topics in which keys decide on them. Everything that the hub writes must be there, too: a record for a
    /// topic or a partition that isn't would be tried for ever.
    private static func partitionCounts(
        _ admin: Admin, _ names: TopicNames, _ model: Model
    ) throws -> [String: Int32] {
        // Only the hub's own: what connectors write is theirs to check.
        let table = TopicTable(names: names, model: model, connectors: [], partitions: { _ in 1 }).topics.map(\.name)
        let described = try admin.topics(table, timeout: patience)
        let counts = Dictionary(uniqueKeysWithValues: described.map { ($0.name, Int32($0.partitions.count)) })
        if let missing = table.first(where: { counts[$0] == nil }) {
            throw HubError("there is no topic \(missing): create the topics with 'omni topics --create'")
        }
        for domain in model.domains {
            let (input, state) = (names.input(domain: domain), names.state(domain: domain))
            guard counts[input] == counts[state] else {
                throw HubError(
                    "\(input) has \(counts[input]!) partitions and \(state) has \(counts[state]!): state is written to the "
                        + "partition that was read. Partition counts never change in place; start over with another "
                        + "'prefix'")
            }
            let outputs = names.outputs(of: domain, model)
            // Golden customers are spread wider than they are decided; but all of them alike.
            let count = domain == "customer" ? outputs.compactMap { counts[$0] }.min() : counts[input]
            for topic in outputs where counts[topic] != count {
                throw HubError.respread(topic, counts[topic]!, before: count!, isInput: false)
            }
        }
        let spread = model.domains.flatMap { [names.input(domain: $0)] + names.outputs(of: $0, model) }
        return counts.filter { spread.contains($0.key) }
    }

    /// The systems that have a sink for an entity, and those of them where no sink reads back.
    private static func subscribers(
        _ installation: Installation
    ) throws -> (all: [String: [String]], unseen: [String: Set<String>]) {
        var subscribers: [String: Set<String>] = [:]
        var seen: [String: Set<String>] = [:]
        for name in installation.connectors {
            let connector = try installation.connector(name, surroundings: .unneeded)
            for sink in connector.sinks {
                subscribers[sink.of, default: []].insert(connector.system)
                if sink.seenBy != nil { seen[sink.of, default: []].insert(connector.system) }
            }
        }
        let unseen = subscribers.map { ($0, $1.subtracting(seen[$0] ?? [])) }
        return (subscribers.mapValues { $0.sorted() }, Dictionary(uniqueKeysWithValues: unseen))
    }

    /// The process ends before it works, or in the middle of it, because it was told to or has decided to: that is no death by the
    /// store, of which a few in a row drop it.
    public func endOnPurpose() { store.clear() }

    /// Works until `stop` answers true. Throws what a new process must mend: being fenced, or a fatal client error.
    public func run(until stop: @escaping () -> Bool) throws {
        do { try work(until: stop) } catch {
            // Else the guards that end a hub before it drops the only copy of its states would count as deaths by the store,
            // which is dropped after a few of them.
            if !(error is StoreError) { store.clear() }
            log.critical("the hub ends", metadata: ["error": "\(error)"])
            throw error
        }
    }

    private func work(until stop: @escaping () -> Bool) throws {
        let clients = HubClients(settings: settings, group: names.hubGroup, instance: instance, startsFile: startsFile)
        let insist = Insistence(clocks: .machine, log: log, isStopping: stop)
        let producer: Producer
        do { producer = try clients.producer(insist, log) } catch is Interrupted { return }
        let loop = try HubLoop(
            consumer: clients.consumer(log), producer: producer, changelog: clients.changelog(log),
            store: store, clocks: .machine, model: model, kinds: kinds, lifts: lifts, subscribers: subscribers,
            bounds: bounds, names: names, largest: clients.largest, quarantine: quarantine,
            partitionCounts: partitionCounts,
            ownership: { [unowned self] partitions in
                owned.withLock { $0 = partitions }
                standby?.own(partitions)
            },
            waitingCount: { [unowned self] count in waitingCount.store(count, ordering: .relaxed) },
            clockError: { [unowned self] error in clockError.store(error, ordering: .relaxed) },
            courier: CourierThread("hub-commit"), runner: CourierThread("hub-flush"),
            taking: { [unowned self] partitions in standby?.letGo(partitions) },
            restoring: { [unowned self] now in progress.withLock { $0 = now } }, log: log)
        let follower = try standby.map { standby in try NamedThread("standby") { standby.run() } }
        defer {
            standby?.stop()
            follower?.join()
        }
        try loop.run(until: stop)
    }

    /// The time, also while the machine's clock is wrong: by the broker's, as the loop has heard it.
    public var time: Tick { Tick(HubClock.Reading.now().wall - clockError.load(ordering: .relaxed)) }

    /// How far restoring is; nil when nothing is restored at this moment.
    public var restoring: RestoreProgress? { progress.withLock { $0 } }

    /// Every partition of every domain.
    public var allPartitions: Set<DomainPartition> { Self.all(model, names, partitionCounts) }

    /// The partitions that can be asked about here: those that this process owns, and those that it follows.
    public var readable: Set<DomainPartition> { partitions.union(standby?.level ?? []) }

    /// Whether this process sees no broker: nothing is decided, and what others decide meanwhile isn't heard.
    public var isBrokerAway: Bool { BrokerWatch.isAway(settings) }

    /// Whether it follows what other hubs have, and so is to answer for all partitions.
    public var standsBy: Bool { standby != nil }

    /// The partitions that this process owns now.
    public var partitions: Set<DomainPartition> { owned.withLock { $0 } }

    /// How many records wait for a hub that knows their schema's version, or behind one that does.
    public var waiting: Int { waitingCount.load(ordering: .relaxed) }

    /// Which partition of its domain a key lies in.
    public func partition(of key: String, domain: String) -> DomainPartition {
        let count = partitionCounts[names.input(domain: domain)] ?? 1
        return DomainPartition(domain, Partitioner.partition(key: key.utf8.span.bytes, count: count))
    }
}

/// Why a hub can't run.
public struct HubError: Error, Sendable, CustomStringConvertible {
    /// What is wrong, and what to do.
    public let description: String

    init(_ description: String) { self.description = description }

    /// A changelog was deleted and made anew under a hub, which has written into it since.
    static func emptied(_ place: TopicPartition, _ why: String) -> HubError {
        HubError("\(place) was made anew while a hub ran (\(why)): it lacks what it held. \(remedy)")
    }

    /// What to do about a changelog that has lost what a store knows.
    static let remedy =
        "Stop the hubs, delete the topic and restore it from a backup of before; or remove the hubs' local stores and make the topic "
        + "anew once more, empty, and all that only they know is gone"
}

extension Duration {
    /// Whole milliseconds.
    fileprivate var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
