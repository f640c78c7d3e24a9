import Canonical
import Consistency
import Document
import Testing

/// Texts that only look alike name two things: `é` in one scalar, and in two.
@Suite struct ExactKeyTests {
    static let one = "caf\u{E9}"
    static let two = "cafe\u{301}"

    @Test func aSystemsNumbersAreToldApart() throws {
        var world = try productWorld()
        for number in [Self.one, Self.two] {
            let effects = try world.send("product.stated", sofa, from: "till", ["name": "A"], at: 1, selfID: number)
            #expect(
                effects.contains {
                    if case .reference(_, let reference, sofa) = $0 { reference.id.isExactly(number) } else { false }
                })
        }
        let names = try world.engine.names(domain: "product", key: sofa, state: world.state.bytes[sofa]!)
        #expect(
            Set(names.map { ExactText($0.name) }) == [ExactText("till:\(Self.one)"), ExactText("till:\(Self.two)")])
        // One of them goes; the other stays.
        try world.send("product.deleted", sofa, from: "till", at: 2, selfID: Self.one)
        let left = try world.engine.names(domain: "product", key: sofa, state: world.state.bytes[sofa]!)
        #expect(left.map { ExactText($0.name) } == [ExactText("till:\(Self.two)")])
    }

    @Test func reservationsAreToldApart() throws {
        var world = try stockWorld()
        try world.count(1, at: 900_000_000)
        #expect(try world.hold(Self.one) == "confirmed")
        #expect(try world.hold(Self.two) == "refused")
        try world.release(Self.two)
        let state = world.state.bytes[green]!
        let kept = try Engine.reservation(Self.one, key: green, state: state).map { try JSON(parsing: $0) }
        #expect(kept?["state"] == "confirmed")
    }

    @Test func membersAreToldApart() throws {
        for order in [[Self.one, Self.two], [Self.two, Self.one]] {
            var world = try customerWorld()
            for id in order { try world.person("crm:\(id)", ["email": "a@x.fi"], at: 1) }
            var members: [ExactText] = []
            for document in world.golden.values {
                members += (document["members"]?.array ?? []).map { ExactText($0["id"]!.string!) }
            }
            #expect(members == [ExactText(Self.two), ExactText(Self.one)], "in the order of bytes")
        }
    }

    /// A mark that combines with what separates is part of a name, not of the separator.
    @Test func aCombiningMarkDoesNotHideASeparator() throws {
        #expect(Reference(key: "crm:\u{301}7")?.id.isExactly("\u{301}7") == true)
        #expect(StockKey("\(sofa)@\u{301}x")?.product == sofa)
        #expect(Reference(key: "crm:") == nil && Reference(key: ":7") == nil && StockKey("@x") == nil)
        #expect(Reference(system: "crm", id: Self.one) != Reference(system: "crm", id: Self.two))
    }

    /// A number may be of any letters, a colon at its end too.
    @Test func aNumberThatEndsWithAColonIsAMember() throws {
        var world = try customerWorld()
        try world.person("crm:7:", ["email": "a@x.fi"], at: 1)
        try world.person("till:8", ["email": "a@x.fi"], at: 2)
        #expect(world.persons == [["crm:7:", "till:8"]])
    }

    /// What can't be kept as a name must not get into the state.
    @Test(arguments: [String(repeating: "9", count: 400), "7\n8", "\u{1}"])
    func aReportOfANumberThatIsNoneIsRefused(number: String) throws {
        var world = try productWorld(["till"])
        try world.send("product.stated", sofa, from: "shop", ["name": "A"], at: 1)
        let before = world.state.bytes
        try world.report("product", sofa, from: "till", held: ["name": "A"], selfID: number)
        #expect(world.log.last == "rejected malformed" && world.state.bytes == before)
    }
}
