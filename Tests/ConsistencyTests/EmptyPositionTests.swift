import Canonical
import Consistency
import Document
import Testing

/// What leaves nothing behind, and what is found under which name.
@Suite struct EmptyPositionTests {
    /// It would hide the reservation of that id, which is held elsewhere.
    @Test func aReleaseOfWhatNobodyAskedForIsNoReservation() throws {
        var world = try stockWorld()
        try world.count(1, at: 900_000_000)
        try world.release("r1")
        let state = try #require(world.state.bytes[green])
        #expect(try world.engine.names(domain: "stock", key: green, state: state).isEmpty)
        #expect(try Engine.reservation("r1", key: green, state: state) == nil)
        #expect(try world.hold("r1") == "refused")
        let refused = try #require(world.state.bytes[green])
        #expect(
            try world.engine.names(domain: "stock", key: green, state: refused) == [StateName("reservation", "r1")])
        #expect(try Engine.reservation("r1", key: green, state: refused) != nil)
    }
}
