import Canonical
import Consistency
import Document
import Testing

/// More movements than the ledger lists.
@Suite struct ManyMovementsTests {
    /// Dates without times: a day's sales have one stamp.
    @Test(arguments: [false, true]) func manyMovementsOfOneStampCount(haveNumbers: Bool) throws {
        var world = try stockWorld()
        try world.count(5_000, at: 900_000_000)
        for day in 0..<3 {
            for sale in 0..<700 {
                try world.move(
                    -1, at: 910_000_000 + Int64(day) * 10_000_000,
                    position: haveNumbers ? Int64(day * 700 + sale) : nil,
                    id: "s\(day)-\(sale)")
            }
        }
        #expect(world.number("onHand") == 2_900 && world.position?["incomplete"] == nil)
        #expect(world.state.bytes[green]?.count ?? 0 < 100_000)
    }

    /// Of one log it is known for certain which movements are new, however many have one stamp.
    @Test func aLogsNumbersTellNewMovementsOfAClosedStamp() throws {
        var world = try stockWorld()
        try world.count(5_000, at: 900_000_000)
        for _ in 0..<2 {
            for sale in 0..<4_000 { try world.move(-1, at: 910_000_000, position: Int64(sale), id: "s\(sale)") }
            #expect(world.number("onHand") == 1_000 && world.position?["incomplete"] == nil)
        }
    }
}
