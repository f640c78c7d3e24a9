import Canonical
import Connector
import Installation
import Kafka

/// The whole house: hubs, connectors and systems of a seed, and people who use them; then an end, when all must come to rest.
package final class House {
    package let plan: HousePlan
    package let scheduler: Scheduler
    package let broker: SimulatedBroker
    package let till: StoreTill
    package let shop: Shop
    package let importer: Importer
    package private(set) var hubs: [SimulatedHub] = []
    package private(set) var connectors: [SimulatedConnector] = []
    package let seed: UInt64
    let webhooks: Webhooks
    let desk: Desk
    private(set) var people: People!

    /// GTINs whose check digits are right.
    static let gtins = ["06438012345675", "06438012345682", "06438012345699"]

    /// - Parameter isTraced: prints what happens.
    package init(_ plan: HousePlan, seed: UInt64, flaw: HouseFlaw? = nil, isTraced: Bool = false) {
        self.plan = plan
        self.seed = seed
        let random = Randomness(seed: seed)
        let clock = VirtualClock(start: 1_766_000_000_000)
        scheduler = Scheduler(
            clock: clock, random: random, profile: .drawn(random), trace: Trace(clock, isOn: isTraced))
        broker = SimulatedBroker(scheduler)
        till = StoreTill(SystemLine(scheduler))
        shop = Shop(SystemLine(scheduler))
        importer = Importer(SystemLine(scheduler))
        webhooks = Webhooks(scheduler, topic: "product.updated")
        desk = Desk(broker, plan.names)
        let faults = random.pick([0, 0, 3_000, 30_000, 150_000])
        for line in [till.line, shop.line, importer.line] {
            line.faults = faults
            line.flaw = flaw
        }
        shop.announce = { [unowned self] in webhooks.announce($0) }
        let partitions = scheduler.profile.partitions
        broker.create(
            TopicTable(
                names: plan.names, model: plan.model, connectors: plan.connectors.map(\.settings.name),
                partitions: { _ in partitions }))
        people = People(self)
        makeProcesses(flaw)
    }

    private func makeProcesses(_ flaw: HouseFlaw?) {
        let hubs = HubPlan(
            model: plan.model, kinds: plan.kinds, names: plan.names, subscribers: plan.subscribers,
            partitions: scheduler.profile.partitions, largest: 1_000_000)
        self.hubs = (1...scheduler.profile.hubs).map { SimulatedHub("h\($0)", broker, hubs) }
        let clock = HouseTime(scheduler.clock)
        connectors = plan.connectors.map { connector in
            SimulatedConnector(connector, broker, flaw: flaw) { [unowned self] process in
                HouseSystems(
                    house: self, process: process, settings: connector.settings, clock: LoopClock { clock.now })
            }
        }
    }

    func trace(_ who: String, _ what: @autoclosure () -> String) { scheduler.trace.note(who, what()) }

    /// Runs the seed. Answers whether all came to rest.
    package func run() -> Bool {
        people.furnish()
        for hub in hubs { hub.start() }
        for connector in connectors { connector.start() }
        let end = scheduler.clock.now + Int64(scheduler.random.pick([5_000, 30_000, 120_000]))
        let pause = scheduler.random.pick([200, 1_000, 4_000])
        schedule(until: end, pause: pause)
        _ = scheduler.run(rounds: 200_000) { scheduler.clock.now >= end }
        scheduler.calm()
        importer.deliver()
        return rest()
    }

    private func schedule(until end: Int64, pause: Int) {
        scheduler.after(1 + scheduler.random.below(2 * pause)) { [unowned self] in
            guard scheduler.clock.now < end else { return }
            people.act()
            schedule(until: end, pause: pause)
        }
    }

    /// Nothing new is said for so long: comparisons have found what was missed, and what was parked has been tried again.
    private static let quiet: Int64 = 65_000

    private func rest() -> Bool {
        var last = (size: Int64(-1), since: scheduler.clock.now)
        return scheduler.run(rounds: 400_000) {
            let size = broker.size(of: plan.names.golden(entity: "product"))
            if size != last.size { last = (size, scheduler.clock.now) }
            return scheduler.clock.now - last.since > Self.quiet
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
