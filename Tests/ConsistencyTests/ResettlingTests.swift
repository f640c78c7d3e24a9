import Canonical
import Consistency
import Document
import Testing

extension World {
    /// Goes on with other rules or subscribers, and settles all that there is by them.
    mutating func change(_ model: Model, subscribers: [String: [String]], domain: String) throws {
        engine = Engine(model: model, subscribers: subscribers)
        for key in state.bytes.keys.sorted() {
            effects.reset()
            try engine.settleAgain(domain: domain, key: key, state: &state, now: now, effects: &effects)
            try take()
        }
    }
}

/// Other rules reach what is there without an event, once.
@Suite struct ResettlingTests {
    @Test func aRecordIsMergedAgain() throws {
        var world = try productWorld(["till"])
        try world.send("product.stated", sofa, from: "shop", ["name": "S"], at: 1)
        try world.send("product.stated", sofa, from: "importer", ["name": "I"], at: 2)
        let rules: JSON = ["key": "gtin", "fields": ["name": ["priority": ["importer", "shop"]]]]
        let model = try testModel(["product": rules])
        try world.change(model, subscribers: ["product": ["till"]], domain: "product")
        #expect(world["product", sofa]?["name"] == "I" && world.revision["product/\(sofa)"] == 2)
        let writes = world.state.writes
        try world.change(model, subscribers: ["product": ["till"]], domain: "product")
        #expect(world.revision["product/\(sofa)"] == 2 && world.state.writes == writes, "twice is once")
    }

    /// Who had to delete a copy, and isn't subscribed any more, isn't waited for.
    @Test func whatWaitsForASystemThatIsGoneIsBuried() throws {
        var world = try productWorld(["shop", "till"])
        try world.send("product.stated", sofa, from: "importer", ["name": "I"], at: 1)
        for system in ["shop", "till"] { try world.report("product", sofa, from: system, held: ["name": "I"]) }
        try world.send("product.deleted", sofa, from: "importer", at: 2)
        try world.report("product", sofa, from: "shop", status: "absent")
        #expect(world["product", sofa] == .null)
        try world.change(world.engine.model, subscribers: ["product": ["shop"]], domain: "product")
        #expect(world["product", sofa] == nil)
    }

    private static func customers(_ match: JSON) throws -> Model {
        try testModel(["customer": ["match": match, "default": ["latest": "any"], "delete": ["owner": "crm"]]])
    }

    /// Other match fields link others, in whatever order the persons are looked at.
    @Test func customersAreLinkedByTheNewFields() throws {
        var world = World(try Self.customers(["email", "phone"]))
        try world.person("crm:1", ["email": "a@x.fi", "loyalty": "A1"], at: 1)
        try world.person("shop:2", ["email": "a@x.fi", "phone": "+358401234567"], at: 2)
        try world.person("till:3", ["phone": "+358401234567"], at: 3)
        try world.person("till:4", ["email": "b@x.fi", "loyalty": "a1"], at: 4)
        #expect(world.persons == [["crm:1", "shop:2", "till:3"], ["till:4"]])
        try world.change(Self.customers(["loyalty", "phone"]), subscribers: [:], domain: "customer")
        #expect(world.persons == [["crm:1", "till:4"], ["shop:2", "till:3"]])
        try world.change(Self.customers(["phone", "loyalty"]), subscribers: [:], domain: "customer")
        #expect(world.persons == [["crm:1", "till:4"], ["shop:2", "till:3"]], "their order means nothing")
        let revisions = world.revision
        try world.change(Self.customers(["phone", "loyalty"]), subscribers: [:], domain: "customer")
        #expect(world.revision == revisions)
        // And the links live on: one of them goes, and they are parted.
        try world.person("till:4", ["loyalty": "B7"], at: 5)
        #expect(world.persons == [["crm:1"], ["till:4"], ["shop:2", "till:3"]])
    }

    /// Settlement takes hours; an event may come to a person before it.
    @Test(arguments: ["crm:1", "shop:2", "till:3", "till:4"])
    func whoIsHeardBeforeHerTurnIsLinkedByTheNewFieldsToo(member: String) throws {
        var world = World(try Self.customers(["email", "phone"]))
        try world.person("crm:1", ["email": "a@x.fi", "loyalty": "A1"], at: 1)
        try world.person("shop:2", ["email": "a@x.fi", "phone": "+358401234567"], at: 2)
        try world.person("till:3", ["phone": "+358401234567"], at: 3)
        try world.person("till:4", ["email": "b@x.fi", "loyalty": "a1"], at: 4)
        let model = try Self.customers(["loyalty", "phone"])
        world.engine = Engine(model: model, subscribers: [:])
        try world.person(member, ["givenName": "Aino"], at: 5)
        try world.change(model, subscribers: [:], domain: "customer")
        #expect(world.persons == [["crm:1", "till:4"], ["shop:2", "till:3"]])
        #expect(world.state.bytes.keys.count { $0.hasPrefix("match:") } == 2, "no list of a field that links nobody")
    }

    /// A new link leads to somebody who wasn't settled yet, whose new links lead on.
    @Test func whoIsFoundBeforeHerTurnIsLinkedByTheNewFieldsToo() throws {
        var world = World(try Self.customers(["email"]))
        try world.person("crm:1", ["email": "a@x.fi", "phone": "+358401234567"], at: 1)
        try world.person("shop:2", ["phone": "+358401234567", "email": "b@x.fi"], at: 2)
        try world.person("till:3", ["email": "b@x.fi", "loyalty": "A1"], at: 3)
        try world.person("till:4", ["loyalty": "A1"], at: 4)
        let model = try Self.customers(["phone", "loyalty", "email"])
        world.engine = Engine(model: model, subscribers: [:])
        try world.person("till:4", ["email": "a@x.fi"], at: 5)
        try world.change(model, subscribers: [:], domain: "customer")
        #expect(world.persons == [["crm:1", "shop:2", "till:3", "till:4"]])
    }

    /// What was decided stays decided; what may be promised beyond is the new rule's.
    @Test func decisionsOutliveTheRules() throws {
        var world = try stockWorld(["backorder": 1])
        try world.count(1, at: 900_000_000)
        #expect(try world.hold("r1") == "confirmed")
        #expect(try world.hold("r2") == "confirmed")
        #expect(try world.hold("r3") == "refused")
        let model = try stockWorld(["backorder": 5]).engine.model
        try world.change(model, subscribers: [:], domain: "stock")
        #expect(world.reservations["r3"]?["state"] == "refused")
        #expect(try world.hold("r3") == "refused" && world.hold("r4") == "confirmed")
    }
}
