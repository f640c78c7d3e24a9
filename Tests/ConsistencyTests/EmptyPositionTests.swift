import Canonical
import Consistency
import Document
import Testing

/// What leaves nothing behind, and what is found under which name.
@Suite struct EmptyPositionTests {
    @Test func whatIsRefusedLeavesNothingBehind() throws {
        var world = try stockWorld()
        let count: JSON = ["product": .string(sofa), "place": "kamppi", "quantity": .number(Number("1.0001")!)]
        try world.send("count.stated", green, from: "wms", count)
        #expect(world.log.last == "rejected malformed" && world.state.bytes.isEmpty)
        try world.send("stock.golden", green, from: "wms")
        #expect(world.log.last == "rejected unknownType" && world.state.bytes.isEmpty)
    }

    /// A refused movement's key is checked by nobody.
    @Test func whatIsNoProductHasNoPosition() throws {
        var world = try stockWorld()
        for (key, isPosition) in [("nobody@home", false), (green, true)] {
            world.effects.reset()
            try world.engine.markIncomplete(key: key, state: &world.state, now: world.now, effects: &world.effects)
            try world.take()
            #expect((world["stock", key] != nil) == isPosition)
        }
        #expect(world.state.bytes.keys == [green])
    }

    /// It would hide the reservation of that id, which is held elsewhere.
    @Test func aReleaseOfWhatNobodyAskedForIsNoReservation() throws {
        var world = try stockWorld()
        try world.count(1, at: 900_000_000)
        try world.release("r1")
        let state = world.state.bytes[green] ?? []
        #expect(try world.engine.names(domain: "stock", key: green, state: state).isEmpty)
        #expect(try Engine.reservation("r1", key: green, state: state) == nil)
        #expect(try world.hold("r1") == "refused")
        let refused = world.state.bytes[green] ?? []
        #expect(
            try world.engine.names(domain: "stock", key: green, state: refused) == [StateName("reservation", "r1")])
        #expect(try Engine.reservation("r1", key: green, state: refused) != nil)
    }
}
