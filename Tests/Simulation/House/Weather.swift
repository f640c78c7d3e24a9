/// What befalls a house beside the people in it: hubs come and go, connectors are started twice, clocks are set, the broker
/// cleans up, systems come back from a backup. Each seed draws what it has to bear.
final class Weather: CustomStringConvertible {
    private enum Event: String, CaseIterable {
        case hub
        case zombie
        case clock
        case compaction
        case backup
        case restore
        case absence
    }

    private unowned let house: House
    private var random: Randomness { house.scheduler.random }
    private let events: [(weight: Int, Event)]

    init(_ house: House) {
        self.house = house
        let random = house.scheduler.random
        events = Event.allCases.compactMap { event in
            let weight = random.pick([0, 0, 1, 3])
            return weight == 0 ? nil : (weight, event)
        }
    }

    /// Whether connectors are started twice.
    var bringsZombies: Bool { events.contains { $0.1 == .zombie } }

    var description: String { "bearing " + events.map { "\($0.1.rawValue) \($0.weight)" }.joined(separator: ", ") }

    func happen() {
        guard !events.isEmpty else { return }
        switch random.pick(events) {
        case .hub: comeAndGo()
        case .zombie: replace()
        case .clock: setClock()
        case .compaction: house.broker.compactSomewhere()
        case .backup:
            house.shop.products.backUp()
            house.shop.customers.backUp()
            house.crm.backUp()
        case .restore: restore()
        case .absence: random.pick(house.lines).goAway(random.pick([500, 5_000, 40_000]))
        }
    }

    private func comeAndGo() {
        let hub = random.pick(house.hubs)
        switch random.below(3) {
        case 0: hub.start()
        case 1: hub.stop()
        default:
            hub.forget()
            hub.start()
        }
    }

    /// A connector is started once more; the process before is cut off for a while, or goes on beside it at once.
    private func replace() {
        let connector = random.pick(house.connectors)
        guard let old = connector.process, !old.isFrozen else { return }
        let absence = random.pick([0, 0, 300, 4_000, 20_000])
        if absence > 0 {
            old.isFrozen = true
            house.scheduler.after(absence) { old.isFrozen = false }
        }
        connector.replace()
    }

    private func setClock() {
        let machines = house.hubs.map(\.machine) + house.lines.map(\.machine)
        let machine = random.pick(machines)
        machine.lead = Int64(random.pick([0, 0, -30_000, 20_000, 7_200_000, -7_200_000]))
        house.scheduler.trace.count("clock set", "weather", "to \(machine.lead) ms")
    }

    private func restore() {
        let (name, isRestored) =
            switch random.below(3) {
            case 0: ("the shop's products", house.shop.products.restoreBackup())
            case 1: ("the shop's customers", house.shop.customers.restoreBackup())
            default: ("the CRM", house.crm.restoreBackup())
            }
        if isRestored { house.scheduler.trace.count("backup restored", "weather", name) }
    }

    /// From now on all is as it should be.
    func end() {
        for hub in house.hubs {
            hub.machine.lead = 0
            hub.start()
        }
    }
}
