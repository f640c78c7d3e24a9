import Canonical
import Consistency
import Document
import Testing

/// Whatever is asked for, a position stays one that can be sold from, counted and held at (I5).
@Suite struct CrowdedPositionTests {
    /// So large may a position's state become, well below what a record takes.
    private static let most = 600_000

    /// Long numbers fill a position with few.
    private static let padding = String(repeating: "n", count: 380)

    private func size(_ world: borrowing World) -> Int { world.state.bytes[green]?.count ?? 0 }

    /// A day of carts that are filled and emptied.
    @Test func holdsThatAreOverMakeRoomForOthers() throws {
        var world = try stockWorld(["skew": "1s", "horizon": "2d", "remember": "30d"])
        try world.count(10, at: 900_000_000)
        for cart in 0..<1_400 {
            world.now = world.now.advanced(by: 20_000)
            #expect(try world.hold("\(Self.padding)\(cart)", until: world.now.milliseconds + 10_000) == "confirmed")
        }
        #expect(world.number("reserved") == 1 && world.reservations.count < 1_400 && size(world) < Self.most)
        // What was forgotten is not decided a second time.
        try world.hold("\(Self.padding)0", until: 1_000_030_000)
        #expect(world.log.last == "rejected forgotten")
        #expect(try world.hold("\(Self.padding)1398", until: world.now.milliseconds - 10_000) == "expired")
    }

    @Test func releasesOfWhatNobodyAskedForFillNothing() throws {
        var world = try stockWorld(["skew": "1s", "horizon": "2d", "remember": "30d"])
        try world.count(10, at: 900_000_000)
        for cart in 0..<1_500 {
            if cart.isMultiple(of: 500) { world.now = world.now.advanced(by: 1) }
            try world.release("\(Self.padding)\(cart)")
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
        var last: String?
        var count = 0
        while last != "refused", count < 2_000 {
            count += 1
            last = try world.hold("\(Self.padding)\(count)")
            if last == nil { break }
        }
        #expect(count > 500 && size(world) < Self.most)
        let answered = world.log.suffix(2)
        #expect(answered == ["decided \(Self.padding)\(count) refused", "tombstone \(Self.padding)\(count)"])
        try world.move(-1, at: 910_000_000)
        #expect(world.number("onHand") == 999_999)
        try world.release("\(Self.padding)1")
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

    /// It is a key of the store's index, which takes no longer ones.
    @Test(arguments: ["hold.requested", "hold.released"]) func anIdIsNoLongerThanAKey(type: String) throws {
        var world = try stockWorld()
        for (length, isFine) in [(400, true), (401, false)] {
            var data: JSON = ["product": .string(sofa), "place": "kamppi", "quantity": 1]
            data["reservation"] = .string(String(repeating: "r", count: length))
            let effects = try world.send("\(type)", green, from: "api", data)
            let isRefused = effects.contains { if case .rejected = $0 { true } else { false } }
            #expect(isRefused != isFine)
        }
    }
}
