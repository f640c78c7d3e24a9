import Canonical
import Consistency
import Document
import Testing

@Suite struct ExplanationTests {
    @Test func namesWinnerLosersRuleAndOrigin() throws {
        var world = try productWorld()
        try world.send("product.stated", sofa, from: "wholesaler", ["price": 89], at: 5)
        try world.send("product.stated", sofa, from: "importer", ["price": 42], at: 9)
        try world.send("product.stated", sofa, from: "till", ["price": 79], at: 7)
        let bytes = world.state.bytes[sofa]!
        let why = try world.engine.explain(field: "price", of: "product", state: bytes)
        #expect(why?.value == 79 && why?.rule == "latest" && why?.revision == 2)
        #expect(why?.claims.map(\.system) == ["till", "importer", "wholesaler"])
        #expect(why?.claims.map(\.verdict) == [.won, .noSay, .older])
        #expect(why?.claims.map(\.stamp) == [Tick(7), Tick(9), Tick(5)])
        #expect(why?.claims[0].origin == Origin(partition: 3, offset: 3))
        #expect(try world.engine.explain(field: "nothing", of: "product", state: bytes) == nil)
    }

    @Test func priorityAndUnionAreExplained() throws {
        var world = try productWorld()
        try world.send("product.stated", sofa, from: "importer", ["name": "A", "tags": ["x"]], at: 9)
        try world.send("product.stated", sofa, from: "shop", ["name": "B", "tags": ["y"]], at: 1)
        let bytes = world.state.bytes[sofa]!
        let name = try world.engine.explain(field: "name", of: "product", state: bytes)
        #expect(name?.claims.map(\.verdict) == [.won, .outranked])
        let tags = try world.engine.explain(field: "tags", of: "product", state: bytes)
        #expect(tags?.claims.map(\.verdict) == [.won, .won] && tags?.value == ["x", "y"])
    }

    @Test func linksAreExplained() throws {
        var world = try customerWorld(["till"])
        try world.person("crm:1", ["email": "a@x.fi", "loyalty": "123"], at: 1)
        try world.person("shop:2", ["email": "A@x.fi", "loyalty": "1 2 3"], at: 2)
        let key = world.key("crm:1") ?? ""
        try world.report("customer", key, from: "till", held: [:], selfID: "9")
        let bytes = world.state.bytes[Engine.stateKey(ofCustomer: key)]!
        let links = try world.engine.links(of: "customer", state: bytes)
        #expect(links.map(\.reason).sorted() == ["created", "email", "loyalty"])
        #expect(links.first { $0.reason == "email" }?.one == Reference(system: "crm", id: "1"))
        let member = world.state.bytes[Engine.stateKey(ofMember: "shop:2")]!
        #expect(try Engine.goldenKey(ofMember: member) == key)
    }

    @Test func theGoldenRecordCanBeMadeAgain() throws {
        var world = try productWorld()
        try world.send("product.stated", sofa, from: "shop", ["name": "B", "x": [1, nil]], at: 1)
        let view = try world.engine.golden(of: "product", state: world.state.bytes[sofa]!)
        #expect(try view?.document.map { try JSON(parsing: $0) } == world["product", sofa])
        #expect(view?.revision == 1 && view?.isErased == false)
    }

    @Test func damagedStatesAreRefused() throws {
        var world = try productWorld(["till"])
        try world.send("product.stated", sofa, from: "shop", ["name": "B", "tags": ["a"]], at: 1)
        try world.report("product", sofa, from: "till", held: ["name": "B"], position: 7)
        let bytes = world.state.bytes[sofa]!
        for length in 0..<bytes.count {
            #expect(throws: StateError.self) {
                try Engine(model: testModel(["product": productRules]), subscribers: [:]).golden(
                    of: "product", state: Array(bytes[..<length]))
            }
        }
        var newer = bytes
        newer[2] += 1
        #expect(throws: StateError.self) {
            try Engine(model: testModel(["product": productRules]), subscribers: [:]).golden(
                of: "product", state: newer)
        }
    }
}

@Suite struct DriftTests {
    static func conditions(_ world: borrowing World, after milliseconds: Int64) throws -> [String] {
        try world.engine.drift(
            of: "product", state: world.state.bytes[sofa]!, now: world.now.advanced(by: milliseconds), grace: 1000
        ).map { "\($0.system) \($0.condition.rawValue)" }
    }

    /// A report of an older revision doesn't end the wait for the newer one.
    @Test func whatIsOnItsWayIsLaggingThoughAnOlderReportCame() throws {
        var world = try productWorld(["till"])
        try world.send("product.stated", sofa, from: "importer", ["name": "A"], at: 1)
        try world.report("product", sofa, from: "till", held: ["name": "A"])
        try world.send("product.stated", sofa, from: "importer", ["name": "B"], at: 2)
        try world.send("product.stated", sofa, from: "importer", ["name": "C"], at: 3)
        try world.report("product", sofa, from: "till", revision: 2, held: ["name": "B"])
        #expect(try Self.conditions(world, after: 999) == ["till lagging"])
        #expect(try Self.conditions(world, after: 1000) == ["till diverged"])
        try world.report("product", sofa, from: "till", held: ["name": "C"])
        #expect(try Self.conditions(world, after: 1000) == ["till in sync"])
    }

    @Test func everyConditionIsFound() throws {
        var world = try productWorld(["till", "shop", "crm"])
        try world.send("product.stated", sofa, from: "importer", ["name": "A", "price": 1], at: 1)
        #expect(try Self.conditions(world, after: 999) == ["crm lagging", "shop lagging", "till lagging"])
        #expect(try Self.conditions(world, after: 1000) == ["crm missing", "shop missing", "till missing"])
        try world.report("product", sofa, from: "till", held: ["name": "A…"])
        try world.report("product", sofa, from: "shop")
        try world.report("product", sofa, from: "crm", status: "absent")
        #expect(try Self.conditions(world, after: 5000) == ["crm in sync", "shop unobservable", "till in sync"])
        try world.report("product", sofa, from: "shop", held: ["name": "A"])
        try world.report("product", sofa, from: "crm", status: "parked")
        #expect(try Self.conditions(world, after: 0) == ["crm parked", "shop in sync", "till in sync"])
        // The till keeps its own name: sent again three times, then it is said to have diverged.
        for attempt in 1...4 {
            try world.send("product.stated", sofa, from: "till", ["name": .string("X\(attempt)")])
            if attempt < 4 { try world.report("product", sofa, from: "till", held: ["name": "A…"]) }
        }
        let till = try world.engine.drift(of: "product", state: world.state.bytes[sofa]!, now: world.now, grace: 1000)
            .first { $0.system == "till" }
        #expect(till?.condition == .diverged)
        #expect(till?.fields.map(\.field) == ["name"] && till?.fields[0].held == "X4" && till?.fields[0].golden == "A")
        try world.send("product.deleted", sofa, from: "importer", at: 9)
        #expect(try Self.conditions(world, after: 0).last == "till lagging")
        #expect(try Self.conditions(world, after: 2000).last == "till extra")
    }

    /// A till that keeps only those it knows: whom somebody deletes there is no longer its business, and not missing for ever.
    @Test func whoWasDeletedWhereNobodyIsCreatedIsNotMissing() throws {
        var world = try customerWorld(["till"])
        try world.person("crm:1", ["email": "a@x.fi"], at: 1)
        try world.person("till:9", ["email": "a@x.fi"], at: 2)
        let key = world.key("crm:1")!
        try world.report("customer", key, from: "till", held: ["email": "a@x.fi"], selfID: "9")
        try world.send("customer.deleted", "till:9", from: "till", selfID: "9")
        func conditions(_ world: borrowing World) throws -> [String] {
            guard let state = world.state.bytes[Engine.stateKey(ofCustomer: key)] else { return ["no state"] }
            return try world.engine.drift(
                of: "customer", state: state, now: world.now.advanced(by: 5_000), grace: 1_000
            ).map { "\($0.system) \($0.condition.rawValue)" }
        }
        #expect(try conditions(world) == ["till:9 missing"], "until its sink has answered")
        try world.report("customer", key, from: "till", status: "absent")
        #expect(try conditions(world) == ["till in sync"])
    }

    /// A file that was handed over: that the system once stated something doesn't show that it took the file.
    @Test func whatWasWrittenUnseenIsUnobservableUntilTheSystemShowsIt() throws {
        var world = try productWorld(["till"])
        try world.send("product.stated", sofa, from: "till", ["name": "A"], at: 1)
        try world.report("product", sofa, from: "till", held: ["name": "A"])
        #expect(try Self.conditions(world, after: 0) == ["till in sync"])
        try world.send("product.stated", sofa, from: "importer", ["name": "B"], at: 2)
        try world.report("product", sofa, from: "till")
        #expect(try Self.conditions(world, after: 5000) == ["till unobservable"])
        try world.send("product.stated", sofa, from: "till", ["name": "B"], at: 3)
        #expect(try Self.conditions(world, after: 5000) == ["till in sync"])
    }

    @Test func stockCopiesAreComparedOnly() throws {
        var world = try stockWorld(["skew": "1s"], ["shop"])
        try world.count(5, at: 900_000_000)
        func condition(_ world: borrowing World) throws -> CopyCondition? {
            try world.engine.drift(
                of: "stock", state: world.state.bytes[green]!, now: world.now.advanced(by: 5000), grace: 1000
            ).first
        }
        #expect(try condition(world)?.condition == .missing)
        try world.report("stock", green, from: "shop", held: ["available": 5])
        #expect(try condition(world)?.condition == .inSync)
        try world.send(
            "stock.stated", green, from: "shop", ["product": .string(sofa), "place": "kamppi", "available": 4])
        #expect(try condition(world)?.fields == [.init(field: "available", held: 4, golden: 5)])
        #expect(world.number("onHand") == 5, "a copy contributes nothing")
        try world.report("stock", green, from: "shop", status: "parked")
        #expect(try condition(world)?.condition == .parked)
    }
}
