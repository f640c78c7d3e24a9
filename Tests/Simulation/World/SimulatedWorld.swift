package import Canonical
import Document
import Kafka

/// One simulation, whole: hub processes, systems with their connectors, people, vandals, and a broker between them.
///
/// ```swift
/// let verdict = SimulatedWorld(seed: 42, plan).run()
/// ```
package final class SimulatedWorld {
    package let seed: UInt64
    package let profile: Profile
    package let random: Randomness
    package let scheduler: Scheduler
    package let broker: SimulatedBroker
    package let names = TopicNames(prefix: "sim")
    package let plan: HubPlan
    package private(set) var hubs: [SimulatedHub] = []
    package private(set) var contributors: [Contributor] = []
    let till: Till
    let shoppers: Shoppers
    private let vandal: Vandal
    private var deeds: Int
    /// When it begins, in milliseconds since 1970.
    let start: Int64 = 1_772_366_400_000
    private let gtins: [String]
    private let places: [String]

    /// What is the same in all simulations: read once, as schemas take their time.
    package struct Setup: Sendable {
        package let model: Model
        package let kinds: KindCatalog

        package init() throws {
            model = try SimulatedModel.load()
            kinds = try KindCatalog(model)
        }
    }

    package init(
        seed: UInt64, _ setup: Setup, flaw: SimulatedBroker.Flaw? = nil, profile: Profile? = nil,
        tell: ((String) -> Void)? = nil
    ) {
        self.seed = seed
        random = Randomness(seed: seed)
        self.profile = profile ?? .drawn(random)
        let clock = VirtualClock(start: start)
        scheduler = Scheduler(
            clock: clock, random: random, profile: self.profile, trace: Trace(clock, tell: tell))
        broker = SimulatedBroker(scheduler, flaw: flaw)
        let partitions = self.profile.partitions
        broker.create(
            TopicTable(names: names, model: setup.model, connectors: [], partitions: { _ in partitions }))
        gtins = (0..<random.within(1...3)).map { SimulatedModel.gtin($0) }
        places = ["kamppi", "ilo"].prefix(random.within(1...2)).map { $0 }
        deeds = random.pick([10, 30, 60])
        till = Till(broker, names)
        shoppers = Shoppers(broker, names)
        vandal = Vandal(broker, names)
        let random = random
        let sinks = SimulatedModel.systems.filter { _ in random.one(in: 2) }
        plan = HubPlan(
            model: setup.model, kinds: setup.kinds, names: names, subscribers: ["product": sinks],
            partitions: partitions, largest: 900_000)
        for system in SimulatedModel.systems {
            contributors.append(
                Contributor(
                    system, fields: Self.fields(of: system, random), isDated: random.one(in: 2),
                    nameLength: random.pick([5, 100]), hasSink: sinks.contains(system), broker, names))
        }
        hubs = (1...self.profile.hubs).map { SimulatedHub(String($0), broker, plan) }
    }

    private static func fields(of system: String, _ random: Randomness) -> [String] {
        let all = ["name", "description", "price", "currency", "brand", "costPrice", "labels", "category"]
        let some = all.filter { _ in !random.one(in: 3) }
        return some.isEmpty ? all : some
    }

    // MARK: Running

    /// Lets everything happen, then lets it come to rest; answers what the auditor finds.
    package func run() -> Verdict {
        for hub in hubs { hub.start() }
        for contributor in contributors { contributor.start() }
        till.start()
        refuseSomewhere()
        scheduler.everyRound = { [unowned self] in happen() }
        _ = scheduler.run(rounds: 60_000) { deeds == 0 }
        settle()
        var rest = 0
        let hasCome = scheduler.run(rounds: 60_000) {
            rest = isAtRest ? rest + 1 : 0
            return rest > 40
        }
        var auditor = Auditor(self)
        var verdict = auditor.audit()
        if !hasCome { verdict.add("I9", "it never comes to rest: \(unrest)") }
        for (what, count) in scheduler.trace.counts { verdict.count(what, count) }
        verdict.setting = "a world, \(profile)"
        scheduler.shutDown()
        return verdict
    }

    /// In some worlds a topic takes nothing for a while. A draw of its own: the others are what they were.
    private func refuseSomewhere() {
        let random = Randomness(seed: ~seed)
        guard profile.hasRefusals, random.one(in: 5) else { return }
        let topic = random.pick([
            names.golden(entity: "product"), names.golden(entity: "stock"), names.state(domain: "product"),
        ])
        scheduler.after(random.within(1...20_000)) { [unowned self] in broker.refusing.insert(topic) }
        scheduler.after(random.within(20_000...90_000)) { [unowned self] in broker.refusing.remove(topic) }
    }

    /// What the world does by itself.
    private func happen() {
        if deeds > 0, random.one(in: 12) { act() }
        if random.chance(profile.comings) { come() }
        if random.chance(profile.jumps), let hub = hubs.randomElement(random) {
            hub.machine.lead = Int64(random.pick([0, 0, -30_000, 20_000, 7_200_000, -7_200_000]))
        }
        if random.chance(profile.compactions) { broker.compactSomewhere() }
    }

    private func act() {
        deeds -= 1
        let (gtin, place) = (random.pick(gtins), random.pick(places))
        switch random.below(10) {
        case 0...4: random.pick(contributors).edit(gtin)
        case 5, 6: till.happen(gtin, place, reservation: shoppers.asked.randomElement(random)?.id)
        case 7: shoppers.ask(gtin, place)
        case 8: random.one(in: 3) ? shoppers.release() : shoppers.ask(gtin, place)
        default: vandal.act(gtin)
        }
    }

    /// A hub process comes, goes, or is believed dead.
    private func come() {
        let hub = random.pick(hubs)
        switch random.below(3) {
        case 0: hub.start()
        case 1: hub.stop()
        default:
            hub.forget()
            hub.start()
        }
    }

    private func settle() {
        scheduler.calm()
        scheduler.everyRound = nil
        deeds = 0
        broker.refusing = []
        for hub in hubs {
            hub.machine.lead = 0
            hub.start()
        }
    }

    // MARK: Rest

    private var isAtRest: Bool { unrest.isEmpty }

    /// Who has something to do still.
    private var unrest: [String] {
        var unrest = contributors.filter { !$0.isAtRest }.map(\.name)
        if !till.isAtRest { unrest.append("till") }
        if !broker.transactions.isAtRest { unrest.append("transactions") }
        let group = broker.group(names.hubGroup)
        let partitions = plan.model.domains.reduce(0) { $0 + broker.logs(of: names.input(domain: $1)).count }
        if hubs.reduce(0, { $0 + $1.owned.count }) != partitions { unrest.append("partitions without an owner") }
        for domain in plan.model.domains {
            for log in broker.logs(of: names.input(domain: domain)) {
                let position = group.committed[log.place] ?? 0
                if position < log.end { unrest.append("\(log.place) at \(position) of \(log.end)") }
            }
        }
        if scheduler.hasTimers(within: 5_000) { unrest.append("timers") }
        return unrest
    }
}

extension Array {
    func randomElement(_ random: Randomness) -> Element? { isEmpty ? nil : random.pick(self) }
}
