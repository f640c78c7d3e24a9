import Canonical
import Connector
import Installation
import Kafka

/// The whole house: hubs, connectors and systems of a seed, and people who use them; then an end, when all must come to rest.
package final class House {
    package let plan: HousePlan
    package let seed: UInt64
    package let scheduler: Scheduler
    package let broker: SimulatedBroker
    let trade: HousePlan.Trade
    /// Whether what is known to go wrong still happens, too: the list of what is to be mended.
    let isRough: Bool
    let till: StoreTill
    let shop: Shop
    let crm: CRM
    let importer: Supplier
    let wholesaler: Supplier
    private(set) var hubs: [SimulatedHub] = []
    private(set) var connectors: [SimulatedConnector] = []
    private var doors: [String: Webhooks] = [:]
    let scratch = Scratch()
    let desk: Desk
    private(set) var people: People!
    private(set) var weather: Weather!
    /// Who is given what.
    let subscribers: [String: [String]]
    /// When it begins, in milliseconds since 1970.
    let start: Int64 = 1_766_000_000_000

    /// GTINs whose check digits are right.
    let gtins: [String]

    /// - Parameters:
    ///   - isRough: whether what is known to go wrong still happens, too.
    ///   - tell: hears what happens, line by line; nil: nobody.
    package init(
        _ plan: HousePlan, seed: UInt64, isRough: Bool = false, flaw: HouseFlaw? = nil, tell: ((String) -> Void)? = nil
    ) {
        self.plan = plan
        self.isRough = isRough
        self.seed = seed
        let random = Randomness(seed: seed)
        let clock = VirtualClock(start: start)
        scheduler = Scheduler(
            clock: clock, random: random, profile: .drawn(random), trace: Trace(clock, tell: tell))
        broker = SimulatedBroker(scheduler)
        // Of customers too much is known to go wrong still (docs/decisions/0010).
        trade = isRough ? random.pick([(5, .goods), (3, .people), (2, .both)]) : .goods
        gtins = Array(["06438012345675", "06438012345682", "06438012345699"].prefix(random.within(1...3)))
        till = StoreTill(SystemLine(scheduler))
        shop = Shop(SystemLine(scheduler))
        crm = CRM(SystemLine(scheduler))
        importer = Supplier(Supplier.importer, SystemLine(scheduler))
        wholesaler = Supplier(Supplier.wholesaler, SystemLine(scheduler))
        desk = Desk(broker, plan.names)
        let likely = ["retailer": 85, "ecommerce": 85, "importer": 70, "wholesaler": 40, "crm": 100]
        let some = plan.connectors(trade) { random.below(100) < likely[$0]! }
        let connectors = some.isEmpty ? plan.connectors(trade) { _ in true } : some
        subscribers = HousePlan.subscribers(connectors)
        let partitions = scheduler.profile.partitions
        broker.create(
            TopicTable(
                names: plan.names, model: plan.model, connectors: connectors.map(\.settings.name),
                partitions: { _ in partitions }))
        weather = Weather(self)
        people = People(self, connectors.map(\.settings.system))
        let faults = random.pick([0, 0, 3_000, 30_000, 150_000])
        for line in lines {
            line.faults = faults
            line.flaw = flaw
        }
        for (records, source) in [(shop.products, "products"), (shop.customers, "customers")] {
            let door = webhooks(source)
            records.announce = { [unowned door] in door.announce($0) }
        }
        makeProcesses(connectors, flaw)
    }

    private func makeProcesses(_ connectors: [ConnectorPlan], _ flaw: HouseFlaw?) {
        let plan = HubPlan(
            model: plan.model, kinds: plan.kinds, names: plan.names, subscribers: subscribers,
            partitions: scheduler.profile.partitions, largest: 1_000_000)
        hubs = (1...scheduler.profile.hubs).map { SimulatedHub("h\($0)", broker, plan) }
        let clock = HouseTime(scheduler.clock)
        self.connectors = connectors.map { connector in
            SimulatedConnector(connector, broker, flaw: flaw) { [unowned self] process in
                HouseSystems(
                    house: self, process: process, settings: connector.settings, clock: LoopClock { clock.now })
            }
        }
    }

    var lines: [SystemLine] { [till.line, shop.line, crm.line, importer.line, wholesaler.line] }

    /// The webhooks that a source of the shop hears.
    func webhooks(_ source: String) -> Webhooks {
        if let door = doors[source] { return door }
        let door = Webhooks(scheduler)
        doors[source] = door
        return door
    }

    func folder(of system: String) throws -> String { try scratch.folder(of: system) }

    func trace(_ who: String, _ what: @autoclosure () -> String) { scheduler.trace.note(who, what()) }

    // MARK: Running

    /// Lets everything happen, then lets it come to rest; answers what the auditor finds.
    package func run() -> Verdict {
        let hasCome = live()
        let auditor = HouseAuditor(self)
        var verdict = auditor.audit()
        if !hasCome { verdict.add("I9", "it never comes to rest") }
        for (what, count) in scheduler.trace.counts { verdict.count(what, count) }
        let systems = connectors.map(\.name).joined(separator: ", ")
        verdict.setting = "a house of \(trade.rawValue) with \(systems), \(scheduler.profile), \(weather!)"
        scheduler.shutDown()
        return verdict
    }

    private func live() -> Bool {
        people.furnish()
        for hub in hubs { hub.start() }
        for connector in connectors { connector.start() }
        let end = scheduler.clock.now + Int64(scheduler.random.pick([5_000, 20_000, 60_000]))
        repeatedly(until: end, pause: scheduler.random.pick([200, 1_000, 4_000])) { [unowned self] in people.act() }
        repeatedly(until: end, pause: scheduler.random.pick([1_000, 5_000, 20_000])) { [unowned self] in
            weather.happen()
        }
        _ = scheduler.run(rounds: 200_000) { scheduler.clock.now >= end }
        scheduler.calm()
        weather.end()
        importer.deliver()
        wholesaler.deliver()
        return rest()
    }

    private func repeatedly(until end: Int64, pause: Int, _ body: @escaping () -> Void) {
        scheduler.after(1 + scheduler.random.below(2 * pause)) { [unowned self] in
            guard scheduler.clock.now < end else { return }
            body()
            repeatedly(until: end, pause: pause, body)
        }
    }

    /// Nothing new is said for so long: comparisons have found what was missed, and what was parked has been tried again.
    private static let quiet: Int64 = 65_000

    private func rest() -> Bool {
        let topics = ["product", "customer", "stock"].map { plan.names.golden(entity: $0) }
        var last = (size: Int64(-1), since: scheduler.clock.now)
        var (caughtUp, looked): (Int64, Int64) = (0, 0)
        return scheduler.run(rounds: 400_000) {
            // Looking costs more than what happens meanwhile.
            let now = scheduler.clock.now
            guard now - looked > 300 else { return false }
            looked = now
            let size = topics.reduce(0) { $0 + broker.size(of: $1) }
            // A connector's first start waits a minute for numbers that nobody gives.
            if size != last.size || !connectors.allSatisfy(\.hasBegun) { last = (size, now) }
            if isCaughtUp { caughtUp = now }
            return now - last.since > Self.quiet && now - caughtUp < 5_000 && !connectors.contains(where: \.hasZombies)
        }
    }
}

extension House {
    /// Whether all connectors run, and the hubs have decided all that was said.
    private var isCaughtUp: Bool {
        guard connectors.allSatisfy({ $0.process != nil }) else { return false }
        let group = broker.group(plan.names.hubGroup)
        return plan.model.domains.allSatisfy { domain in
            broker.logs(of: plan.names.input(domain: domain)).allSatisfy { log in
                (group.committed[log.place] ?? 0) >= log.end
            }
        }
    }
}

extension SimulatedBroker {
    /// How much the hubs have said: what is observed again and again is no news.
    func size(of topic: String) -> Int64 { logs(of: topic).reduce(0) { $0 + $1.end } }
}

/// The simulation's time as transports take it.
private final class HouseTime: @unchecked Sendable {
    // Unchecked: a simulation has one thread.
    private let clock: VirtualClock
    private let start = ContinuousClock.now
    private let zero: Int64

    init(_ clock: VirtualClock) {
        self.clock = clock
        zero = clock.microseconds
    }

    var now: ContinuousClock.Instant { start + .microseconds(clock.microseconds - zero) }
}
