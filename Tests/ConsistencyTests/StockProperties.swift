import Canonical
import Consistency
import Document
import Testing

/// An independent, naive account of a stock position: from the list of all events.
struct StockAuditor {
    struct Movement {
        var id: String
        var system: String
        var quantity: Int
        var stamp: Int64
        var position: Int64?
    }

    struct Count {
        var system: String
        var quantity: Int
        var stamp: Int64
        var position: Int64?
    }

    var counts: [Count] = []
    var movements: [Movement] = []

    var onHand: Int? {
        guard let count = counts.max(by: { $0.stamp < $1.stamp }) else { return nil }
        var seen: Set<String> = []
        return movements.reduce(count.quantity) { sum, movement in
            guard seen.insert(movement.id).inserted else { return sum }
            if movement.system == count.system, let position = movement.position, let cut = count.position {
                return position > cut ? sum + movement.quantity : sum
            }
            return movement.stamp > count.stamp ? sum + movement.quantity : sum
        }
    }
}

@Suite struct StockProperties {
    /// I3 for stock: on hand is a function of the set of counts and movements.
    @Test(arguments: 0..<100) func onHandIsWhatTheAuditorSays(run: Int) throws {
        var seed = Seeded(UInt64(run) &+ 7000)
        var auditor = StockAuditor()
        // The till's log and its clock agree in their order; stamps differ.
        var stamps = Array(0..<40).map { 900_000_000 + Int64($0) * 1_000_000 }
        stamps.shuffle(using: &seed)
        for index in 0..<Int.random(in: 1...30, using: &seed) {
            let stamp = stamps[index]
            let position = Bool.random(using: &seed) ? stamp / 1000 : nil
            if Int.random(in: 0...4, using: &seed) == 0 {
                let system = Bool.random(using: &seed) ? "till" : "wms"
                auditor.counts.append(
                    .init(
                        system: system, quantity: Int.random(in: 0...50, using: &seed), stamp: stamp,
                        position: system == "till" ? position : nil))
            } else {
                auditor.movements.append(
                    .init(
                        id: "m\(index)", system: "till", quantity: Int.random(in: -5...3, using: &seed), stamp: stamp,
                        position: position))
            }
        }
        for _ in 0..<3 {
            var world = try stockWorld()
            enum Step {
                case count(StockAuditor.Count)
                case movement(StockAuditor.Movement)
            }
            var steps: [Step] = auditor.counts.map { .count($0) } + auditor.movements.map { .movement($0) }
            steps += steps.filter { _ in Int.random(in: 0...3, using: &seed) == 0 }
            steps.shuffle(using: &seed)
            for step in steps {
                switch step {
                case .count(let count):
                    try world.count(count.quantity, from: count.system, at: count.stamp, position: count.position)
                case .movement(let movement):
                    try world.move(
                        movement.quantity, from: "till", at: movement.stamp, position: movement.position,
                        id: movement.id)
                }
            }
            #expect(world.number("onHand") == auditor.onHand, "run \(run)")
        }
    }

    /// I5: whatever is claimed, sold, returned, counted, released and repeated, in whatever order.
    @Test(arguments: 0..<50) func neverMoreIsPromisedThanIsThere(run: Int) throws {
        var seed = Seeded(UInt64(run) &+ 9000)
        let backorder = run % 3 == 0 ? 2 : 0
        var world = try stockWorld(
            ["skew": "1s", "horizon": "20d", "remember": "20d", "backorder": .number(Number(backorder))])
        var decided: [String: String] = [:]
        var requests: [(id: String, quantity: Int)] = []
        for step in 0..<150 {
            world.now = world.now.advanced(by: Int64.random(in: 0...200_000, using: &seed))
            let now = world.now.milliseconds
            switch Int.random(in: 0...9, using: &seed) {
            case 0: try world.count(Int.random(in: 0...12, using: &seed), at: now)
            case 1: try world.move(Int.random(in: 1...3, using: &seed), "receipt", at: now)
            case 2: try world.move(-1, at: now)
            case 3:
                if let request = requests.randomElement(using: &seed) { try world.release(request.id) }
            case 4:
                if let request = requests.randomElement(using: &seed) {
                    try world.move(-request.quantity, at: now, id: "sale-\(request.id)", reservation: request.id)
                }
            default:
                let isRepeated = !requests.isEmpty && Int.random(in: 0...4, using: &seed) == 0
                let request =
                    isRepeated
                    ? requests.randomElement(using: &seed)!
                    : (id: "r\(step)", quantity: Int.random(in: 1...3, using: &seed))
                if !isRepeated { requests.append(request) }
                let before = world.reservations[request.id]
                let onHand = world.number("onHand")
                let reserved = world.number("reserved") ?? 0
                let state = try world.hold(request.id, request.quantity, until: now + 1_000_000)
                if isRepeated {
                    let wasDue = before?["state"] == "confirmed" || before?["state"] == "short"
                    #expect(
                        world.reservations[request.id] == before || wasDue,
                        "a decision is a fact; only time and stock may change it")
                } else if state == "confirmed" {
                    // What expired meanwhile makes room, so the bound is what was free before or less held.
                    let held = world.number("reserved") ?? 0
                    #expect(held <= (world.number("onHand") ?? 0) + backorder, "run \(run), step \(step)")
                } else {
                    #expect(state == "refused")
                    let free = (onHand ?? 0) + backorder - reserved
                    #expect(onHand == nil || request.quantity > free, "run \(run): a claim that fits is granted")
                }
            }
            try Self.audit(world, backorder: backorder)
            for (id, reservation) in world.reservations {
                let state = reservation["state"]!.string!
                if let last = decided[id], ["refused", "fulfilled", "released", "expired"].contains(last) {
                    #expect(state == last, "\(last) is the end")
                }
                decided[id] = state
            }
        }
    }

    /// What is published agrees with itself, whatever happened.
    static func audit(_ world: borrowing World, backorder: Int) throws {
        guard let position = world["stock", green] else { return }
        let active = world.reservations.values.filter { ["confirmed", "short"].contains($0["state"]!.string!) }
        let onHand = position["onHand"]?.integer ?? 0
        let reserved = position["reserved"]!.integer!
        let short = position["short"]?.integer ?? 0
        #expect(reserved <= active.reduce(0) { $0 + $1["quantity"]!.integer! })
        #expect(short == active.reduce(0) { $0 + ($1["short"]?.integer ?? 0) }, "the shortfall is named")
        #expect(reserved - short <= max(0, onHand + backorder), "what isn't short is there")
        #expect(position["available"]!.integer! == max(0, onHand - reserved))
    }

    /// A hundred claims at once for a few sofas: exactly as many are granted as there are, in any order.
    @Test(arguments: 0..<10) func aHundredClaimsAtOnce(run: Int) throws {
        var seed = Seeded(UInt64(run) &+ 11_000)
        let sofas = Int.random(in: 1...5, using: &seed)
        var world = try stockWorld()
        try world.count(sofas, at: 900_000_000)
        var claims = (0..<100).map { "r\($0)" }
        claims += claims.filter { _ in Int.random(in: 0...2, using: &seed) == 0 }
        claims.shuffle(using: &seed)
        for claim in claims { try world.hold(claim) }
        let confirmed = world.reservations.values.count { $0["state"] == "confirmed" }
        #expect(confirmed == sofas)
        #expect(world.reservations.count == 100)
    }
}
