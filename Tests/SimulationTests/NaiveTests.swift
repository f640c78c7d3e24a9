import Document
import Testing

@testable import Simulation

/// The auditor's own arithmetic, by examples of the documentation.
@Suite struct NaiveTests {
    @Test func aNullThatIsSaidFirstRemovesNothing() {
        var merge = NaiveMerge()
        merge.state("till", ["category": "sofas"], stamp: 5, arrival: 9)
        merge.state("shop", ["category": .null], stamp: 8, arrival: 9)
        #expect(merge.golden["category"] == "sofas")
        merge.state("shop", ["category": "chairs"], stamp: 9, arrival: 10)
        merge.state("shop", ["category": .null], stamp: nil, arrival: 12)
        #expect(merge.golden["category"] == .null)
    }

    @Test func whatWasWrittenIsNoNews() {
        var merge = NaiveMerge()
        merge.state("till", ["price": 5], stamp: 5, arrival: 9)
        merge.report("importer", ["price": 5])
        merge.state("importer", ["price": 5], stamp: 8, arrival: 9)
        #expect(merge.edits == 1)
        merge.state("importer", ["price": 6], stamp: 8, arrival: 9)
        #expect(merge.edits == 2 && merge.golden["price"] == 6)
    }

    @Test func onHandIsTheLatestCountAndWhatMovedAfterIt() {
        var stock = NaiveStock()
        stock.take("omni.movement.stated", id: "m1", position: 1, ["quantity": -1])
        #expect(stock.onHand == nil)
        stock.take("omni.count.stated", id: "c1", position: 2, ["quantity": 5])
        stock.take("omni.movement.stated", id: "m2", position: 3, ["quantity": -2])
        stock.take("omni.movement.stated", id: "m2", position: 3, ["quantity": -2])
        #expect(stock.onHand == 3)
    }

    @Test func noMoreIsGrantedThanIsThere() {
        var stock = NaiveStock()
        stock.take("omni.count.stated", id: "c1", position: 1, ["quantity": 2])
        for id in ["r1", "r2", "r3"] {
            stock.take("omni.hold.requested", id: id, position: nil, ["reservation": .string(id), "quantity": 1])
        }
        #expect(stock.holds.map(\.state) == ["confirmed", "confirmed", "refused"])
        stock.take("omni.movement.stated", id: "m1", position: 2, ["quantity": -1, "reservation": "r2"])
        #expect(stock.holds.map(\.state) == ["confirmed", "fulfilled", "refused"])
        stock.take("omni.count.stated", id: "c2", position: 3, ["quantity": 0])
        #expect(stock.holds.map(\.state) == ["short", "fulfilled", "refused"])
    }
}
