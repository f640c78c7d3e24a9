import Canonical
import Consistency
import Document
import Testing

/// Whatever is asked for, a position stays one that can be sold from, counted and held at (I5).
@Suite struct CrowdedPositionTests {
    /// So large may a position's state become, well below what a record takes.
    private static let most = 600_000

    private func size(_ world: borrowing World) -> Int { world.state.bytes[green]?.count ?? 0 }

    /// A day of carts that are filled and emptied.
    @Test func holdsThatAreOverMakeRoomForOthers() throws {
        var world = try stockWorld(["skew": "1s", "horizon": "2d", "remember": "30d"])
        try world.count(10, at: 900_000_000)
        for cart in 0..<4_000 {
            world.now = world.now.advanced(by: 20_000)
            #expect(try world.hold("cart-\(cart)", until: world.now.milliseconds + 10_000) == "confirmed")
        }
        #expect(world.number("reserved") == 1 && world.reservations.count <= 2_049 && size(world) < Self.most)
        // What was forgotten is not decided a second time.
        try world.hold("cart-0", until: 1_000_030_000)
        #expect(world.log.last == "rejected forgotten")
        #expect(try world.hold("cart-3998", until: world.now.milliseconds - 10_000) == "expired")
    }

    @Test func releasesOfWhatNobodyAskedForFillNothing() throws {
        var world = try stockWorld(["skew": "1s", "horizon": "2d", "remember": "30d"])
        try world.count(10, at: 900_000_000)
        for cart in 0..<9_000 {
            if cart.isMultiple(of: 3_000) { world.now = world.now.advanced(by: 1) }
            try world.release("a cart's number that is somewhat long, as some shops have them: \(cart)")
        }
        #expect(size(world) < Self.most)
        world.now = world.now.advanced(by: 1)
        #expect(try world.hold("r1") == "confirmed")
        #expect(size(world) < Self.most)
    }

    /// Holds that are held can't go. What finds no room is refused, and the position works on.
    @Test func whatFindsNoRoomIsRefused() throws {
        var world = try stockWorld()
        try world.count(1_000_000, at: 900_000_000)
        let padding = String(repeating: "n", count: 380)
        var last: String?
        var count = 0
        while last != "refused", count < 2_000 {
            count += 1
            last = try world.hold("\(padding)\(count)")
            if last == nil { break }
        }
        #expect(count > 500 && size(world) < Self.most)
        let answered = world.log.suffix(2)
        #expect(answered == ["decided \(padding)\(count) refused", "tombstone \(padding)\(count)"])
        try world.move(-1, at: 910_000_000)
        #expect(world.number("onHand") == 999_999)
        try world.release("\(padding)1")
        world.now = world.now.advanced(by: 86_400_000)
        try world.expire()
        #expect(try world.hold("r1") == "confirmed")
    }

    @Test func longTextsAreRefusedAndNotKept() throws {
        var world = try stockWorld()
        try world.count(1, at: 900_000_000)
        let request: JSON = [
            "reservation": "r1", "product": .string(sofa), "place": "kamppi", "quantity": 1,
            "until": .string(world.now.advanced(by: 1_000).rfc3339),
            "order": .string(String(repeating: "x", count: 500_000)),
        ]
        try world.send("hold.requested", green, from: "api", request)
        #expect(world.reservations["r1"]?["state"] == "refused" && world.reservations["r1"]?["order"] == nil)
        #expect(world.reservations["r1"]?["reason"] == "'customer' and 'order' have at most 400 bytes together")
        #expect(size(world) < 1_000)
    }
}
