import Canonical
import Consistency
import Document
import Testing

@Suite struct DeletionTests {
    static func world(_ rule: JSON, _ subscribers: [String]) throws -> World {
        World(
            try testModel(["product": ["key": "gtin", "delete": rule]]), subscribers: ["product": subscribers])
    }

    @Test func theOwnersDeletionErasesEveryCopyThenLeavesATombstone() throws {
        var world = try Self.world(["owner": "importer"], ["till", "shop"])
        try world.send("product.stated", sofa, from: "importer", ["name": "A"], at: 1)
        try world.report("product", sofa, from: "till", held: ["name": "A"], selfID: "4711")
        try world.report("product", sofa, from: "shop", held: ["name": "A"], selfID: "501")
        #expect(world.identity == ["product/till:4711": sofa, "product/shop:501": sofa])
        try world.send("product.deleted", sofa, from: "importer", at: 2)
        #expect(world.log.last == "erased \(sofa) 2")
        try world.report("product", sofa, from: "till", status: "absent")
        #expect(world["product", sofa] == .null, "the shop still has it")
        #expect(try world.send("product.deleted", sofa, from: "till").isEmpty, "the echo of the deletion")
        try world.send("product.deleted", sofa, from: "shop", at: 4)
        #expect(world.log.last == "tombstone \(sofa)")
        #expect(world.identity.isEmpty)
        // A new beginning counts on.
        try world.send("product.stated", sofa, from: "importer", ["name": "B"], at: 9)
        #expect(world["product", sofa] == ["name": "B"] && world.revision["product/\(sofa)"] == 3)
    }

    /// A shop keeps what it was told to delete, and no longer shows it.
    @Test func whatIsLeftOfADeletedCopyDoesNotBringItBack() throws {
        var world = try Self.world(["owner": "importer"], ["shop", "till"])
        try world.send("product.stated", sofa, from: "importer", ["name": "A"], at: 1)
        try world.report("product", sofa, from: "shop", held: ["name": "A"], selfID: "501")
        try world.send("product.deleted", sofa, from: "importer", at: 2)
        try world.report("product", sofa, from: "shop", status: "absent", selfID: "501")
        let left = try world.send(
            "product.stated", sofa, from: "shop", ["name": "A"], at: 3, selfID: "501", isDormant: true)
        #expect(left.isEmpty && world.identity.isEmpty)
        try world.report("product", sofa, from: "till", status: "absent")
        #expect(world.log.last == "tombstone \(sofa)")
        // Somebody shows it again: that is news, and isn't his to decide.
        try world.send("product.stated", sofa, from: "shop", ["name": "A"], at: 4, selfID: "501")
        #expect(world.log.last == "erased \(sofa) 3" && world.identity == ["product/shop:501": sofa])
    }

    /// The shop had none when it was erased, and heard of no erasure; what somebody enters there is found behind the tombstone (I9).
    @Test func whatIsEnteredBehindTheTombstoneIsErasedToo() throws {
        var world = try Self.world(["owner": "importer"], ["shop"])
        try world.send("product.stated", sofa, from: "importer", ["name": "A"], at: 1)
        try world.report("product", sofa, from: "shop", status: "absent")
        try world.send("product.deleted", sofa, from: "importer", at: 2)
        #expect(world.log.last == "tombstone \(sofa)")
        try world.send("product.stated", sofa, from: "shop", ["name": "S"], at: 3, selfID: "501")
        #expect(world.log.last == "erased \(sofa) 3" && world.identity == ["product/shop:501": sofa])
        #expect(try world.send("product.stated", sofa, from: "shop", ["name": "T"], at: 4, selfID: "501").isEmpty)
    }

    /// A sink was away, and says of older revisions what it has said of the latest already.
    @Test(arguments: ["absent", "parked"]) func lateWordOfAnOlderRevisionSaysNothingOfTheLatest(status: String) throws {
        var world = try Self.world(["owner": "importer"], ["shop"])
        try world.send("product.stated", sofa, from: "importer", ["name": "A"], at: 1)
        try world.report("product", sofa, from: "shop", status: "absent")
        try world.send("product.deleted", sofa, from: "importer", at: 2)
        try world.send("product.stated", sofa, from: "importer", ["name": "B"], at: 3)
        try world.report("product", sofa, from: "shop", status: "absent")
        try world.report("product", sofa, from: "shop", revision: 1, status: status)
        let state = world.state.bytes[sofa] ?? []
        let conditions = try world.engine.drift(of: "product", state: state, now: Tick(9_000_000), grace: 0)
        #expect(conditions.map(\.condition.rawValue) == ["in sync"])
    }

    @Test func whatIsNotInUseStillSaysWhatALivingCopyHolds() throws {
        var world = try Self.world(["owner": "importer"], ["shop"])
        // Known from the first day, though the shop doesn't show it.
        try world.send("product.stated", sofa, from: "shop", ["name": "S"], at: 1, selfID: "501", isDormant: true)
        #expect(world.identity == ["product/shop:501": sofa])
        try world.send("product.stated", sofa, from: "importer", ["brand": "B"], at: 2)
        try world.report("product", sofa, from: "shop", held: ["name": "S", "brand": "B"], selfID: "501")
        try world.send(
            "product.stated", sofa, from: "shop", ["name": "T", "brand": "B"], at: 3, selfID: "501", isDormant: true)
        #expect(world["product", sofa] == ["brand": "B", "name": "T"])
    }

    /// The outbox is read late: what it showed before the deletion was said of a copy that was there.
    @Test func whatIsNotInUseIsJudgedByWhatWasKnownAtItsPlace() throws {
        var world = try Self.world(["owner": "importer"], ["till"])
        try world.send("product.stated", sofa, from: "importer", ["name": "A"], at: 1)
        try world.send("product.stated", sofa, from: "till", ["name": "A"], at: 1, position: 10, selfID: "4711")
        try world.report("product", sofa, from: "till", status: "absent", selfID: "4711", position: 30)
        try world.send(
            "product.stated", sofa, from: "till", ["name": "B"], at: 2, position: 20, selfID: "4711", isDormant: true)
        #expect(world["product", sofa]?["name"] == "B")
    }

    /// It waited for a number of another, and is told behind the report of a write that came after it.
    @Test func aDeletionFromBeforeAReportedWriteIsDropped() throws {
        var world = try Self.world(["owner": "importer"], ["shop"])
        try world.send("product.stated", sofa, from: "importer", ["name": "A"], at: 1)
        try world.report("product", sofa, from: "shop", held: ["name": "A"], selfID: "501")
        #expect(try world.send("product.deleted", sofa, from: "shop", at: 2, selfID: "501", before: 1).isEmpty)
        #expect(world.identity == ["product/shop:501": sofa])
        try world.send("product.deleted", sofa, from: "shop", at: 3, selfID: "501", before: 2)
        #expect(world.identity.isEmpty)
    }

    @Test func anothersDeletionIsUndone() throws {
        var world = try Self.world(["owner": "importer"], ["till"])
        try world.send("product.stated", sofa, from: "importer", ["name": "A"], at: 1)
        try world.report("product", sofa, from: "till", held: ["name": "A"], selfID: "4711")
        try world.send("product.deleted", sofa, from: "till", at: 2)
        #expect(world.log.suffix(2) == ["reference till:4711 -", "golden \(sofa) 2"])
        try world.report("product", sofa, from: "till", held: ["name": "A"], selfID: "4712")
        #expect(world.identity == ["product/till:4712": sofa])
    }

    /// The sink decided before it heard of the number: its report says nothing of the copy that the system has told of.
    @Test func aCopyThatTheSinkDidNotKnowOfIsSentAgain() throws {
        var world = try Self.world(["owner": "importer"], ["till"])
        try world.send("product.stated", sofa, from: "importer", ["name": "A"], at: 1)
        try world.send("product.stated", sofa, from: "till", ["name": "T"], at: 0, selfID: "4711")
        let revision = world.revision["product/\(sofa)"]!
        try world.report("product", sofa, from: "till", revision: revision, status: "absent")
        #expect(world.identity == ["product/till:4711": sofa], "the till has it all the same")
        #expect(world.revision["product/\(sofa)"] == revision + 1)
        // Whoever says so again and again is believed.
        for _ in 0..<5 { try world.report("product", sofa, from: "till", status: "absent") }
        #expect(world.identity.isEmpty)
        #expect(world.revision["product/\(sofa)"] == revision + 3)
    }

    /// A sink was away: its word on many revisions comes at once, when the copy is there again. None but the latest says anything.
    @Test func lateWordOfOlderRevisionsDoesNotTakeTheCopyAway() throws {
        var world = try Self.world(["owner": "importer"], ["till"])
        for name in ["A", "B", "C", "D"] {
            try world.send("product.stated", sofa, from: "importer", ["name": .string(name)], at: 1)
        }
        try world.send("product.stated", sofa, from: "till", ["name": "T"], at: 0, selfID: "4711")
        let latest = world.revision["product/\(sofa)"]!
        for revision in 1...latest {
            try world.report("product", sofa, from: "till", revision: revision, status: "absent")
        }
        #expect(world.identity == ["product/till:4711": sofa])
        #expect(world.revision["product/\(sofa)"] == latest + 1, "it is sent again once")
    }

    /// The till's log is read late: after the deletion that it tells of a sink has brought the article back.
    @Test func aDeletionBeforeAWriteLeavesTheNumber() throws {
        var world = try Self.world(["owner": "importer"], ["till"])
        try world.send("product.stated", sofa, from: "importer", ["name": "A"], at: 1)
        try world.send("product.stated", sofa, from: "till", ["name": "T"], at: 2, position: 10, selfID: "4711")
        try world.report("product", sofa, from: "till", held: ["name": "A"], selfID: "4711", position: 30)
        try world.send("product.deleted", sofa, from: "till", at: 3, position: 20, selfID: "4711")
        #expect(world.identity == ["product/till:4711": sofa])
    }

    /// What waited, or a process that was thought dead, tells late of a row that is gone.
    @Test func whatIsToldLateOfACopyThatIsGoneDoesNotTellItsNumber() throws {
        var world = try Self.world(["owner": "importer"], ["till"])
        try world.send("product.stated", sofa, from: "importer", ["name": "A"], at: 1)
        try world.send("product.stated", sofa, from: "till", ["name": "T"], at: 2, position: 10, selfID: "4711")
        try world.send("product.deleted", sofa, from: "till", at: 4, position: 30, selfID: "4711")
        #expect(world.identity.isEmpty)
        try world.send("product.stated", sofa, from: "till", ["name": "U"], at: 3, position: 20, selfID: "4711")
        try world.report("product", sofa, from: "till", revision: 1, held: ["name": "A"], selfID: "4711", position: 25)
        #expect(world.identity.isEmpty, "whoever writes there would wait for ever")
        #expect(world["product", sofa]?["name"] == "U", "what it said last still counts")
        // Entered anew it is there.
        try world.report("product", sofa, from: "till", held: ["name": "A"], selfID: "4712", position: 40)
        try world.send("product.stated", sofa, from: "till", ["name": "U"], at: 3, position: 28, selfID: "4711")
        #expect(world.identity == ["product/till:4712": sofa])
    }

    /// The sink knew of no number, so it didn't look: what was entered before it said so is there.
    @Test func theNumberOfWhatASinkPassedOverIsTold() throws {
        var world = try Self.world(["owner": "importer"], ["till"])
        try world.send("product.stated", sofa, from: "importer", ["name": "A"], at: 1)
        try world.report("product", sofa, from: "till", status: "absent", position: 65)
        try world.send("product.stated", sofa, from: "till", ["name": "T"], at: 2, position: 60, selfID: "4711")
        #expect(world.identity == ["product/till:4711": sofa])
    }

    /// An article was entered anew under another number; that the former one is gone is read later.
    @Test func theDeletionOfAFormerNumberLeavesTheCopy() throws {
        var world = try Self.world(["owner": "importer"], ["till"])
        try world.send("product.stated", sofa, from: "importer", ["name": "A"], at: 1)
        try world.report("product", sofa, from: "till", held: ["name": "A"], selfID: "4712")
        let revision = world.revision["product/\(sofa)"]
        try world.send("product.deleted", sofa, from: "till", at: 3, selfID: "4711")
        #expect(world.identity == ["product/till:4712": sofa])
        #expect(world.revision["product/\(sofa)"] == revision)
    }

    @Test func whoeverMayDeletesWithAny() throws {
        for order in permutations(3) {
            var world = try Self.world("any", [])
            for step in order {
                switch step {
                case 0: try world.send("product.stated", sofa, from: "a", ["name": "A"], at: 1)
                case 1: try world.send("product.stated", sofa, from: "b", ["name": "B"], at: 2)
                default:
                    // The system's own order: what it deletes, it held.
                    try world.send("product.stated", sofa, from: "c", ["name": "C"], at: 1)
                    try world.send("product.deleted", sofa, from: "c", at: 3)
                }
            }
            #expect(world["product", sofa] == nil, "order \(order)")
        }
    }

    @Test func aLaterStatementOutlivesAnyDeletion() throws {
        var world = try Self.world("any", [])
        try world.send("product.stated", sofa, from: "a", ["name": "A"], at: 1)
        try world.send("product.deleted", sofa, from: "a", at: 3)
        try world.send("product.stated", sofa, from: "b", ["name": "B"], at: 4)
        #expect(world["product", sofa]?["name"] == "B")
    }

    @Test func nobodyDeletesWithNever() throws {
        var world = try Self.world("never", [])
        try world.send("product.stated", sofa, from: "a", ["name": "A"], at: 1)
        try world.send("product.deleted", sofa, from: "a", at: 3)
        #expect(world["product", sofa] == ["name": "A"])
    }

    @Test func whoStillHoldsItDoesNotRevive() throws {
        var world = try Self.world(["owner": "importer"], ["till"])
        try world.send("product.stated", sofa, from: "wholesaler", ["price": 1], at: 1)
        try world.send("product.stated", sofa, from: "importer", ["name": "A"], at: 1)
        try world.send("product.deleted", sofa, from: "importer", at: 2)
        try world.report("product", sofa, from: "till", status: "absent")
        #expect(world.log.last == "tombstone \(sofa)")
        #expect(try world.send("product.stated", sofa, from: "wholesaler", ["price": 2], at: 5).isEmpty)
    }

    /// A change log that is read late shows rows of a copy that we wrote, changed and deleted since.
    @Test func rowsOfAFormerLifeSayNothing() throws {
        var world = try Self.world(["owner": "importer"], ["till"])
        try world.send("product.stated", sofa, from: "importer", ["name": "A long name"], at: 1)
        try world.report("product", sofa, from: "till", held: ["name": "A long"], position: 4)
        try world.send("product.deleted", sofa, from: "importer", at: 2)
        try world.report("product", sofa, from: "till", status: "absent", position: 5)
        #expect(world.log.last == "tombstone \(sofa)")
        try world.send("product.stated", sofa, from: "importer", ["price": 3], at: 6)
        try world.send("product.stated", sofa, from: "till", ["name": "A long"], at: 3, position: 4)
        #expect(world["product", sofa] == ["price": 3])
    }

    @Test func aCopyThatComesBackIsErasedAgain() throws {
        var world = try Self.world(["owner": "importer"], ["till"])
        try world.send("product.stated", sofa, from: "importer", ["name": "A"], at: 1)
        try world.report("product", sofa, from: "till", held: ["name": "A"])
        try world.send("product.stated", sofa, from: "wholesaler", ["price": 1], at: 1)
        try world.send("product.deleted", sofa, from: "importer", at: 2)
        try world.report("product", sofa, from: "till", status: "absent")
        try world.send("product.stated", sofa, from: "till", ["name": "A"], at: 7)
        #expect(world.log.last?.hasPrefix("erased \(sofa)") == true)
        try world.report("product", sofa, from: "till", status: "absent")
        #expect(world.log.last == "tombstone \(sofa)")
    }

    @Test func outsideTheAssortmentIsNoDeletion() throws {
        var world = try Self.world(["owner": "importer"], ["till"])
        try world.send("product.stated", sofa, from: "till", ["price": 5], at: 1)
        try world.send("product.stated", sofa, from: "importer", ["name": "A"], at: 1)
        let before = world["product", sofa]
        #expect(try world.report("product", sofa, from: "till", status: "absent").isEmpty)
        #expect(try world.send("product.deleted", sofa, from: "till").isEmpty)
        #expect(world["product", sofa] == before)
    }

    @Test func aSystemMayHaveItUnderTwoNumbers() throws {
        var world = try Self.world(["owner": "importer"], ["till"])
        try world.send("product.stated", sofa, from: "importer", ["name": "A"], at: 1)
        try world.report("product", sofa, from: "till", held: ["name": "A"], selfID: "1")
        try world.report("product", sofa, from: "till", held: ["name": "A"], selfID: "2")
        #expect(world.identity == ["product/till:1": sofa, "product/till:2": sofa])
        try world.send("product.deleted", sofa, from: "till", at: 2, selfID: "1")
        #expect(world.identity == ["product/till:2": sofa] && world["product", sofa] == ["name": "A"])
        try world.send("product.deleted", sofa, from: "importer", at: 3)
        try world.report("product", sofa, from: "till", status: "absent", selfID: "2")
        #expect(world.identity.isEmpty && world.log.last == "tombstone \(sofa)")
    }

    @Test func whatNobodyHeldCantBeDeleted() throws {
        var world = try Self.world("any", [])
        #expect(try world.send("product.deleted", sofa, from: "a").isEmpty)
        #expect(world.state.bytes.isEmpty)
    }

    @Test(arguments: [
        #"{"status": "written"}"#, #"{"revision": 1}"#, #"{"revision": 1, "status": "done"}"#,
        #"{"revision": 1, "status": "written", "held": 3}"#,
    ])
    func refusesReportsThatSayNothing(data: String) throws {
        var world = try Self.world("any", ["till"])
        try world.send("product.stated", sofa, from: "a", ["name": "A"], at: 1)
        let before = world.state.bytes
        try world.send("product.written", sofa, from: "till", JSON(parsing: data))
        #expect(world.log.last == "rejected malformed")
        #expect(world.state.bytes == before)
    }
}
