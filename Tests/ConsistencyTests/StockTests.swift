import Canonical
import Consistency
import Document
import Testing

let green = "\(sofa)@kamppi"

func stockWorld(_ ledger: JSON = ["skew": "1s", "horizon": "2d", "remember": "1d"], _ subscribers: [String] = []) throws
    -> World
{
    var world = World(
        try testModel([
            "stock": ["ledger": ledger], "reservation": [:], "product": ["key": "gtin"], "location": ["key": "code"],
            "customer": [:],
        ]), subscribers: ["stock": subscribers])
    world.now = Tick(1_000_000_000)
    return world
}

extension World {
    mutating func count(_ quantity: Int, from system: String = "wms", at time: Int64? = nil, position: Int64? = nil)
        throws
    {
        try send(
            "count.stated", green, from: system,
            ["product": .string(sofa), "place": "kamppi", "quantity": .number(Number(quantity))], at: time,
            position: position)
    }

    mutating func move(
        _ quantity: Int, _ kind: String = "sale", from system: String = "till", at time: Int64? = nil,
        position: Int64? = nil, id: String? = nil, reservation: String? = nil, delivery: String? = nil
    ) throws {
        var data: JSON = [
            "product": .string(sofa), "place": "kamppi", "quantity": .number(Number(quantity)), "kind": .string(kind),
        ]
        data["reservation"] = reservation.map { .string($0) }
        data["delivery"] = delivery.map { .string($0) }
        try send("movement.stated", green, from: system, data, at: time, position: position, id: id)
    }

    /// A request to hold goods; answers the state that was decided.
    @discardableResult
    mutating func hold(_ id: String, _ quantity: Int = 1, until: Int64? = nil, notAfter: Int64? = nil) throws -> String?
    {
        try send(
            "hold.requested", green, from: "api",
            [
                "reservation": .string(id), "product": .string(sofa), "place": "kamppi",
                "quantity": .number(Number(quantity)),
                "until": .string((until.map { Tick($0) } ?? now.advanced(by: 3_600_000)).rfc3339), "customer": "c-1",
            ], notAfter: notAfter)
        return reservations[id]?["state"]?.string
    }

    /// Lets pass what time there is.
    mutating func expire() throws {
        effects.reset()
        try engine.expire(key: green, state: &state, now: now, effects: &effects)
        try take()
    }

    mutating func release(_ id: String) throws {
        try send(
            "hold.released", green, from: "api",
            ["reservation": .string(id), "product": .string(sofa), "place": "kamppi"])
    }

    var position: JSON? { self["stock", green] }

    func number(_ name: String) -> Int? { position?[name]?.integer }
}

@Suite struct LedgerTests {
    @Test func onHandIsTheCountAndWhatMovedSince() throws {
        var world = try stockWorld()
        try world.move(-1, at: 890_000_000)
        #expect(world.position?["onHand"] == .null, "never counted")
        try world.count(5, at: 900_000_000)
        #expect(world.number("onHand") == 5)
        try world.move(-2, at: 910_000_000, id: "s1")
        try world.move(-2, at: 910_000_000, id: "s1")
        try world.move(3, "return", at: 920_000_000)
        #expect(world.number("onHand") == 6)
        #expect(world.position?["asOf"]?.string == Tick(920_000_000).rfc3339)
        try world.move(-4, at: 890_000_000)
        #expect(world.number("onHand") == 6, "a sale before the count is in it")
        try world.count(4, at: 880_000_000)
        #expect(world.number("onHand") == 6, "an older count says nothing")
        try world.count(7, at: 915_000_000)
        #expect(world.number("onHand") == 10)
    }

    @Test func aCutInTheSameLogBeatsTheClock() throws {
        var world = try stockWorld()
        try world.count(5, from: "till", at: 900_000_000, position: 40)
        try world.move(-1, at: 999_000_000, position: 39)
        #expect(world.number("onHand") == 5)
        try world.move(-1, at: 899_999_999, position: 41)
        #expect(world.number("onHand") == 4)
        #expect(world.position?["uncertain"] == nil)
    }

    @Test func movementsNearACountWithoutACutAreUncertain() throws {
        for order in permutations(2) {
            var world = try stockWorld()
            for step in order {
                if step == 0 { try world.count(5, at: 900_000_000) } else { try world.move(-1, at: 899_999_500) }
            }
            #expect(world.number("onHand") == 5)
            #expect(world.position?["uncertain"] == true, "order \(order)")
            try world.count(5, at: 950_000_000)
            #expect(world.position?["uncertain"] == nil)
        }
    }

    @Test func anUndatedMovementIsUncertain() throws {
        var world = try stockWorld()
        try world.count(5, at: 900_000_000)
        try world.move(-1)
        #expect(world.number("onHand") == 4 && world.position?["uncertain"] == true)
    }

    /// Its stamp is the time of its arrival: read again, it would be after the count that holds it.
    @Test func anUndatedMovementThatIsReadAgainCountsOnce() throws {
        var world = try stockWorld()
        try world.count(5, at: 900_000_000)
        try world.move(1, "return", id: "r1")
        try world.count(6, at: world.now.milliseconds + 10_000)
        for _ in 0..<2 {
            world.now = world.now.advanced(by: 60_000)
            try world.count(6)
            try world.move(1, "return", id: "r1")
            #expect(world.number("onHand") == 6 && world.position?["uncertain"] == nil)
        }
    }

    @Test func negativeIsFlaggedAndGrantsNothing() throws {
        var world = try stockWorld()
        try world.count(1, at: 900_000_000)
        try world.move(-3, at: 910_000_000)
        #expect(world.number("onHand") == -2 && world.number("available") == 0)
        #expect(world.position?["uncertain"] == true)
        #expect(try world.hold("r1") == "refused")
    }

    @Test func announcementsWaitForTheirReceipts() throws {
        for order in permutations(3) {
            var world = try stockWorld()
            try world.count(0, at: 800_000_000)
            for step in order {
                switch step {
                case 0: try world.move(12, "incoming", at: 850_000_000, id: "a", delivery: "D1")
                case 1: try world.move(5, "receipt", at: 900_000_000, id: "b", delivery: "D1")
                default: try world.move(2, "incoming", at: 850_000_000, id: "c", delivery: "D2")
                }
            }
            try world.move(5, "receipt", at: 900_000_000, id: "b", delivery: "D1")
            #expect(world.number("onHand") == 5 && world.number("incoming") == 9, "order \(order)")
        }
    }

    @Test func whatIsOlderThanTheHorizonAsksForARecount() throws {
        var world = try stockWorld()
        try world.count(5, at: 900_000_000)
        try world.move(-1, at: 910_000_000, id: "s1")
        world.now = Tick(1_000_000_000 + 86_400_000)
        try world.move(-1, at: 1_000_000_000 + 80_000_000)
        #expect(world.number("onHand") == 3, "s1 is closed into the balance")
        try world.move(-1, at: 911_000_000)
        #expect(world.log.last == "rejected beyondHorizon")
        #expect(world.position?["incomplete"] == true && world.number("onHand") == 3)
        try world.count(2, at: 1_086_000_000)
        #expect(world.position?["incomplete"] == nil && world.number("onHand") == 2)
    }

    @Test func manyMovementsAreClosedEarlyAndKeepTheirSum() throws {
        var world = try stockWorld()
        try world.count(5000, at: 900_000_000)
        for sale in 0..<1500 {
            try world.move(-1, at: 900_010_000 + Int64(sale), position: Int64(sale), id: "s\(sale)")
        }
        #expect(world.number("onHand") == 3500)
        #expect(try #require(world.state.bytes[green]).count < 40_000)
        // Read again from the start of the log: all of it is known.
        for sale in 0..<1500 {
            try world.move(-1, at: 900_010_000 + Int64(sale), position: Int64(sale), id: "s\(sale)")
        }
        #expect(world.number("onHand") == 3500 && world.position?["incomplete"] == nil)
    }

    @Test func quantitiesAreExactToTheThousandth() throws {
        var world = try stockWorld()
        let data: JSON = ["product": .string(sofa), "place": "kamppi", "quantity": .number(Number("1.250")!)]
        try world.send("count.stated", green, from: "wms", data, at: 900_000_000)
        #expect(world.position?["onHand"]?.number == Number("1.25"))
        var fine = data
        fine["quantity"] = .number(Number("1.2501")!)
        try world.send("count.stated", green, from: "wms", fine, at: 900_000_001)
        #expect(world.log.last == "rejected malformed")
    }

    @Test func aDeadLetterMarksThePosition() throws {
        var world = try stockWorld()
        try world.count(1, at: 900_000_000)
        world.effects.reset()
        try world.engine.markIncomplete(key: green, state: &world.state, now: world.now, effects: &world.effects)
        try world.take()
        #expect(world.position?["incomplete"] == true)
    }
}

@Suite struct ReservationTests {
    @Test func oneSofaOneBuyer() throws {
        var world = try stockWorld()
        try world.count(1, at: 900_000_000)
        #expect(try world.hold("r1") == "confirmed")
        #expect(world.number("reserved") == 1 && world.number("available") == 0)
        #expect(world.reservations["r1"]?["customer"] == "c-1")
        for claim in 2...100 { #expect(try world.hold("r\(claim)") == "refused") }
        #expect(world.reservations["r2"]?["reason"] == "not available")
        #expect(try world.hold("r1") == "confirmed", "the same request has the same answer")
        try world.move(-1, at: 999_000_000, reservation: "r1")
        #expect(world.reservations["r1"]?["state"] == "fulfilled")
        #expect(world.number("onHand") == 0 && world.number("reserved") == 0)
        #expect(try world.hold("r1") == "fulfilled")
    }

    @Test func whatNobodyCountedCantBeHeld() throws {
        var world = try stockWorld()
        #expect(try world.hold("r1") == "refused")
        #expect(world.reservations["r1"]?["reason"] == "never counted")
    }

    @Test func holdsExpireWhenTheirTimeIsOver() throws {
        var world = try stockWorld()
        try world.count(1, at: 900_000_000)
        try world.hold("r1", until: 1_000_060_000)
        #expect(world.due[green] == Tick(1_000_060_000))
        #expect(try Engine.nextDue(world.state.bytes[green]!) == Tick(1_000_060_000))
        world.now = Tick(1_000_060_000)
        try world.expire()
        #expect(world.reservations["r1"]?["state"] == "expired" && world.number("available") == 1)
        #expect(try world.hold("r2") == "confirmed")
        // Remembered for a day, then forgotten.
        world.now = try #require(world.due[green])
        try world.expire()
        #expect(world.reservations["r2"]?["state"] == "expired")
        world.now = try #require(world.due[green])
        try world.expire()
        #expect(world.reservations["r1"] == nil)
        try world.hold("r1", until: 1_000_060_000)
        #expect(
            world.log.last == "rejected forgotten", "deciding anew could contradict the decision that was forgotten")
    }

    @Test func lateRequestsAreRefused() throws {
        var world = try stockWorld()
        try world.count(1, at: 900_000_000)
        #expect(try world.hold("r1", notAfter: 999_999_999) == "refused")
        #expect(try world.hold("r2", until: 999_999_999) == "refused")
        #expect(try world.hold("r3", notAfter: 1_000_000_000) == "confirmed")
    }

    /// The installation's bounds hold for whoever asks, when it is decided, and never again.
    @Test func whatIsBeyondTheBoundsIsRefused() throws {
        var world = try stockWorld()
        world.engine = Engine(
            model: world.engine.model, subscribers: [:],
            bounds: HoldBounds(standard: 60_000, longest: 3_600_000, most: 10))
        try world.count(100, at: 900_000_000)
        let now = world.now.milliseconds
        #expect(try world.hold("r1", 10, until: now + 3_600_000) == "confirmed")
        #expect(try world.hold("r2", 11) == "refused")
        #expect(world.reservations["r2"]?["reason"] == "too many: at most 10 in one hold")
        #expect(try world.hold("r3", until: now + 3_600_001) == "refused")
        #expect(
            world.reservations["r3"]?["reason"]?.string
                == "too long: a hold that is decided now ends by \(Tick(now + 3_600_000).rfc3339)")
        // Other bounds: what was decided stays decided.
        world.engine = Engine(model: world.engine.model, subscribers: [:], bounds: HoldBounds(longest: 1, most: 1))
        #expect(try world.hold("r1", 10, until: now + 3_600_000) == "confirmed")
        #expect(world.number("reserved") == 10)
        world.engine = Engine(model: world.engine.model, subscribers: [:])
        #expect(try world.hold("r2", 11) == "refused")
        #expect(try world.hold("r3", until: now + 3_600_001) == "refused")
    }

    /// A refusal is not remembered until a time that nobody will see.
    @Test func aRefusalIsForgottenInTime() throws {
        var world = try stockWorld()
        world.engine = Engine(model: world.engine.model, subscribers: [:], bounds: HoldBounds(longest: 3_600_000))
        try world.count(1)
        #expect(try world.hold("r1", until: 90_000_000_000_000) == "refused")
        #expect(world.due[green] == world.now.advanced(by: 2 * 86_400_000))
        world.now = world.now.advanced(by: 2 * 86_400_000)
        try world.expire()
        #expect(world.reservations["r1"] == nil)
    }

    /// A hold that doesn't say lasts the standard time from when it was asked for: read again, it is the same request.
    @Test func aHoldThatDoesNotSayLastsTheStandardTime() throws {
        var world = try stockWorld()
        world.engine = Engine(model: world.engine.model, subscribers: [:], bounds: HoldBounds(standard: 60_000))
        try world.count(1, at: 900_000_000)
        var data: JSON = ["reservation": "r1", "product": .string(sofa), "place": "kamppi", "quantity": 1]
        let asked = world.now.milliseconds - 10_000
        try world.send("hold.requested", green, from: "shop", data, at: asked)
        #expect(world.reservations["r1"]?["until"]?.string == Tick(asked + 60_000).rfc3339)
        world.now = world.now.advanced(by: 50_000)
        try world.expire()
        #expect(world.reservations["r1"]?["state"] == "expired")
        data["reservation"] = "r2"
        try world.send("hold.requested", green, from: "shop", data, at: asked)
        #expect(world.reservations["r2"]?["reason"] == "its time is over")
    }

    @Test func whenStockDropsTheShortfallIsNamed() throws {
        var world = try stockWorld()
        try world.count(3, at: 900_000_000)
        try world.hold("r1", 1)
        try world.hold("r2", 2)
        try world.count(1, at: 950_000_000)
        #expect(world.reservations["r1"]?["state"] == "confirmed")
        #expect(world.reservations["r2"]?["state"] == "short" && world.reservations["r2"]?["short"] == 2)
        #expect(world.number("short") == 2 && world.number("available") == 0)
        #expect(try world.hold("r3") == "refused", "nothing new is granted")
        try world.release("r1")
        #expect(world.reservations["r2"]?["short"] == 1, "what was released covers a part of it")
        try world.count(2, at: 960_000_000)
        #expect(world.reservations["r2"]?["state"] == "confirmed" && world.reservations["r2"]?["short"] == nil)
    }

    @Test func aReleaseBeforeItsRequestHolds() throws {
        var world = try stockWorld()
        try world.count(1, at: 900_000_000)
        try world.release("r1")
        #expect(world.reservations["r1"] == nil)
        #expect(try world.hold("r1") == "refused")
        #expect(world.reservations["r1"]?["reason"] == "released before it was requested")
        #expect(world.number("available") == 1)
    }

    @Test func partsFulfil() throws {
        var world = try stockWorld()
        try world.count(5, at: 900_000_000)
        try world.hold("r1", 3)
        try world.move(-2, at: 999_000_000, id: "s1", reservation: "r1")
        try world.move(-2, at: 999_000_000, id: "s1", reservation: "r1")
        #expect(world.reservations["r1"]?["state"] == "confirmed" && world.number("reserved") == 1)
        #expect(world.number("onHand") == 3 && world.number("available") == 2)
        try world.move(-1, at: 999_500_000, reservation: "r1")
        #expect(world.reservations["r1"]?["state"] == "fulfilled")
    }

    @Test func aBackorderMayBePromised() throws {
        var world = try stockWorld(["skew": "1s", "horizon": "2d", "remember": "1d", "backorder": 2])
        try world.count(1, at: 900_000_000)
        #expect(try world.hold("r1", 3) == "confirmed")
        #expect(try world.hold("r2", 1) == "refused")
    }

    @Test func aRushForgetsRefusalsOnly() throws {
        var world = try stockWorld()
        try world.count(1, at: 900_000_000)
        try world.hold("first")
        for claim in 0..<2100 {
            world.now = world.now.advanced(by: 1)
            try world.hold("r\(claim)")
        }
        #expect(world.reservations["first"]?["state"] == "confirmed")
        #expect(world.reservations["r2099"]?["state"] == "refused" && world.reservations["r0"] == nil)
        #expect(world.reservations.count <= 2049)
    }

    @Test func whatChangesNothingIsNotWritten() throws {
        var world = try stockWorld()
        try world.count(1, at: 900_000_000)
        try world.move(-1, at: 910_000_000, id: "s1")
        let writes = world.state.writes
        try world.move(-1, at: 910_000_000, id: "s1")
        try world.count(1, at: 800_000_000)
        #expect(world.state.writes == writes)
    }

    @Test(arguments: [#"{"quantity": 0}"#, #"{"reservation": ""}"#, #"{"until": "tomorrow"}"#])
    func refusesRequestsThatSayNothing(change: String) throws {
        var world = try stockWorld()
        try world.count(1, at: 900_000_000)
        var data: JSON = ["reservation": "r", "quantity": 1, "until": .string(Tick(1_000_001_000).rfc3339)]
        for member in try JSON(parsing: change).object! { data[member.key] = member.value }
        try world.send("hold.requested", green, from: "api", data)
        #expect(world.log.last == "rejected malformed")
    }
}
