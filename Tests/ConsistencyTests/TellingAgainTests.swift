import Canonical
import Consistency
import Document
import Testing

extension World {
    /// What a consumer knows that has heard nothing but what is told again, in whatever order.
    mutating func retold(domain: String, isOwn: (StateName) -> Bool = { _ in true }) throws -> Retold {
        let before = state.writes
        let known = (golden, revision, identity, reservations, log)
        (golden, revision, identity, reservations, log) = ([:], [:], [:], [:], [])
        for key in state.bytes.keys.sorted().reversed() {
            effects.reset()
            try engine.tellAgain(domain: domain, key: key, state: &state, effects: &effects, isOwn: isOwn)
            try take()
        }
        let told = Retold(golden: golden, revision: revision, identity: identity, reservations: reservations)
        (golden, revision, identity, reservations, log) = known
        #expect(state.writes == before, "nothing is decided")
        return told
    }
}

struct Retold: Equatable {
    var golden: [String: JSON]
    var revision: [String: Int64]
    var identity: [String: String]
    var reservations: [String: JSON]
}

/// What topics held that were made anew can be told again of the states alone.
@Suite struct TellingAgainTests {
    @Test func recordsAndTheirNumbersAsTheyWereToldLast() throws {
        var world = try productWorld(["till", "shop"])
        try world.send("product.stated", sofa, from: "shop", ["name": "S"], at: 1, selfID: "501")
        try world.send("product.stated", sofa, from: "till", ["name": "T"], at: 2, selfID: "7")
        try world.send("product.stated", sofa, from: "till", ["name": "U"], at: 3, selfID: "8")
        try world.send("product.stated", "06438012345682", from: "importer", ["name": "L"], at: 1)
        // Erased, and not yet deleted everywhere.
        try world.send("product.stated", "06438012345699", from: "importer", ["name": "E"], at: 1)
        try world.report("product", "06438012345699", from: "till", held: ["name": "E"])
        try world.send("product.deleted", "06438012345699", from: "importer", at: 2)
        let told = try world.retold(domain: "product")
        #expect(told.golden == world.golden && told.revision == world.revision && told.identity == world.identity)
        #expect(told.golden.count == 3 && told.golden["product/06438012345699"] == .null && told.identity.count == 3)
    }

    @Test func whatIsGoneEverywhereIsToldToNobody() throws {
        var world = try productWorld(["till"])
        try world.send("product.stated", sofa, from: "importer", ["name": "S"], at: 1)
        try world.report("product", sofa, from: "till", held: ["name": "S"], selfID: "7")
        try world.send("product.deleted", sofa, from: "importer", at: 2)
        try world.report("product", sofa, from: "till", status: "absent", selfID: "7")
        #expect(world["product", sofa] == nil && world.identity.isEmpty)
        let told = try world.retold(domain: "product")
        #expect(told == Retold(golden: [:], revision: [:], identity: [:], reservations: [:]))
    }

    @Test func aNumberThatAnotherHasByNowIsToldByThatOneAlone() throws {
        var world = try productWorld([])
        let later = "06438012345682"
        for key in [later, sofa] {
            try world.send("product.stated", key, from: "till", ["name": "S"], at: 1, selfID: "7")
        }
        #expect(world.identity.values.sorted() == [sofa])
        var asked = 0
        let told = try world.retold(domain: "product") { name in
            #expect(name == StateName("id.product", "till:7"))
            asked += 1
            // They are told in the reverse order of their keys.
            return asked == 2
        }
        #expect(told.identity == world.identity)
    }

    @Test func personsTheirMembersAndWhomTheyBecame() throws {
        var world = World(try testModel(["customer": ["match": ["email"], "default": ["latest": "any"]]]))
        try world.person("crm:1", ["email": "a@x.fi"], at: 1)
        try world.person("shop:2", ["email": "b@x.fi"], at: 2)
        try world.person("till:3", ["email": "c@x.fi"], at: 3)
        try world.person("shop:2", ["email": "a@x.fi"], at: 4)
        #expect(world.log.contains { $0.hasPrefix("merged") })
        let told = try world.retold(domain: "customer")
        #expect(told.golden == world.golden && told.revision == world.revision && told.identity == world.identity)
        #expect(told.identity.count == 3)
    }

    @Test func positionsAndEveryDecisionThatIsRemembered() throws {
        var world = try stockWorld(["backorder": 0])
        try world.count(2, at: 900_000_000)
        #expect(try world.hold("r1") == "confirmed" && world.hold("r2") == "confirmed" && world.hold("r3") == "refused")
        // Given up before it was asked for: nobody was told of it.
        try world.send("hold.released", "\(sofa)@turku", from: "shop", ["reservation": "early"])
        let told = try world.retold(domain: "stock")
        #expect(told.golden == world.golden && told.revision == world.revision)
        #expect(told.reservations == world.reservations && told.reservations.count == 3)
    }
}
