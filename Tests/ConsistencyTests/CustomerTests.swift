import Canonical
import Consistency
import Document
import Testing

func customerWorld(_ subscribers: [String] = []) throws -> World {
    World(
        try testModel([
            "customer": [
                "match": ["email", ["field": "phone", "as": "phone", "country": "+358"], "loyalty"],
                "default": ["latest": "any"], "delete": ["owner": "crm"],
                "fields": ["consents": ["union": ["by": "purpose"]]],
            ]
        ]), subscribers: ["customer": subscribers])
}

extension World {
    mutating func person(_ member: String, _ data: JSON, at time: Int64? = nil) throws {
        let reference = try #require(Reference(key: member))
        try send("customer.stated", member, from: reference.system, data, at: time, selfID: reference.id)
    }

    /// The golden key that a member has, as a consumer of `omni.id.customer` has it.
    func key(_ member: String) -> String? { identity["customer/\(member)"] }

    func customer(_ member: String) -> JSON? { key(member).flatMap { self["customer", $0] } }

    /// Who is whose, as sets of members: the truth but for the names of the keys.
    var persons: Set<Set<String>> {
        var persons: [String: Set<String>] = [:]
        for (member, key) in identity { persons[key, default: []].insert(String(member.dropFirst(9))) }
        return Set(persons.values)
    }
}

@Suite struct LinkingTests {
    @Test(arguments: [
        ("email", "Aino@Example.com ", "aino@example.com", true),
        ("email", "aino@example.com", "aina@example.com", false),
        ("phone", "+358 40 123 4567", "040-1234567", true), ("phone", "00358401234567", "+358 (0)40 1234567", true),
        ("phone", "+46 40 123 4567", "040-1234567", false), ("phone", "12", "12", false),
        ("loyalty", "7700-1234", "77001234", true), ("loyalty", "a1", "A 1", true), ("loyalty", "0000", "0000", false),
        ("email", "none", "none", false), ("givenName", "Aino", "Aino", false),
    ])
    func membersAreLinkedByWhatIdentifies(field: String, one: String, other: String, linked: Bool) throws {
        var world = try customerWorld()
        try world.person("crm:1", .object([.init(field, .string(one))]), at: 1)
        try world.person("shop:2", .object([.init(field, .string(other))]), at: 2)
        #expect((world.key("crm:1") == world.key("shop:2")) == linked)
    }

    @Test func aNumberIsALoyaltyNumberToo() throws {
        var world = try customerWorld()
        try world.person("crm:1", ["loyalty": 77_001_234])
        try world.person("shop:2", ["loyalty": "7700 1234"])
        #expect(world.key("crm:1") == world.key("shop:2"))
    }

    /// It waited for a number, and is told behind the report of a write that came after it: no edit of the till's (I6).
    @Test func whatAMemberHeldBeforeAReportedWriteIsDropped() throws {
        var world = try customerWorld(["till"])
        try world.person("crm:1", ["givenName": "Aino", "loyalty": "77001234"], at: 1)
        try world.person("till:81", ["givenName": "Aino", "loyalty": "77001234"], at: 1)
        let key = world.key("till:81") ?? ""
        try world.report("customer", key, from: "till", held: ["givenName": "Aino"], selfID: "81")
        let revision = world.revision["customer/\(key)"] ?? 0
        for (before, name) in [(revision, "Aino"), (revision + 1, "Old")] {
            try world.send(
                "customer.stated", "till:81", from: "till", ["givenName": "Old"], at: 2, selfID: "81", before: before)
            #expect(world.customer("till:81")?["givenName"] == .string(name))
        }
    }

    @Test func whatIsToldLateOfAMemberWhoIsGoneDoesNotTellItsNumber() throws {
        var world = try customerWorld(["till"])
        try world.person("crm:1", ["loyalty": "77001234"], at: 1)
        for (position, verb) in [(10, "stated"), (30, "deleted"), (20, "stated")] as [(Int64, String)] {
            try world.send(
                "customer.\(verb)", "till:81", from: "till", verb == "stated" ? ["loyalty": "77001234"] : [:], at: 2,
                position: position, selfID: "81")
        }
        #expect(world.key("till:81") == nil)
        #expect(world.key("crm:1") != nil)
    }

    /// The sink decided before it heard of the number: its report says nothing of the member that the system has told of (I9).
    @Test func aMemberThatTheSinkDidNotKnowOfStays() throws {
        var world = try customerWorld(["till"])
        try world.person("crm:1", ["loyalty": "77001234"], at: 1)
        try world.person("till:81", ["loyalty": "77001234"], at: 2)
        let key = world.key("till:81") ?? ""
        let revision = world.revision["customer/\(key)"] ?? 0
        try world.report("customer", key, from: "till", revision: revision - 1, status: "absent")
        #expect(world.key("till:81") == key && world.revision["customer/\(key)"] == revision)
        try world.report("customer", key, from: "till", revision: revision, status: "absent")
        #expect(world.key("till:81") == key, "the till has her all the same")
        #expect(world.revision["customer/\(key)"] == revision + 1, "she is sent again")
    }

    @Test func twoPersonsAreFoundToBeOne() throws {
        var world = try customerWorld()
        try world.person("crm:1", ["email": "a@x.fi", "givenName": "Aino"], at: 1)
        try world.person("shop:2", ["phone": "0401234567", "familyName": "Virtanen"], at: 2)
        let keys = [world.key("crm:1")!, world.key("shop:2")!].sorted()
        #expect(keys[0] != keys[1])
        try world.person("till:3", ["email": "a@x.fi", "phone": "+358401234567"], at: 3)
        for member in ["crm:1", "shop:2", "till:3"] { #expect(world.key(member) == keys[0]) }
        #expect(world["customer", keys[1]] == ["into": .string(keys[0])], "the higher key leads to the lower")
        let redirect = world.state.bytes[Engine.stateKey(ofCustomer: keys[1])]!
        #expect(try world.engine.golden(of: "customer", state: redirect)?.mergedInto == keys[0])
        #expect(try world.engine.drift(of: "customer", state: redirect, now: world.now, grace: 1).isEmpty)
        #expect(
            world["customer", keys[0]] == [
                "email": "a@x.fi", "familyName": "Virtanen", "givenName": "Aino", "phone": "+358401234567",
                "members": [
                    ["system": "crm", "id": "1"], ["system": "shop", "id": "2"], ["system": "till", "id": "3"],
                ],
            ])
    }

    @Test func whenTheLinkGoesTheyAreTwoAgain() throws {
        var world = try customerWorld()
        try world.person("crm:1", ["email": "a@x.fi", "givenName": "Aino"], at: 1)
        let first = world.key("crm:1")
        try world.person("shop:2", ["email": "a@x.fi", "phone": "0401234567"], at: 2)
        #expect(world.key("shop:2") == first)
        try world.person("shop:2", ["email": "b@x.fi"], at: 3)
        #expect(world.key("crm:1") == first, "the key stays with the member that minted it")
        #expect(world.key("shop:2") != first)
        #expect(world.customer("crm:1")?["phone"] == nil && world.customer("crm:1")?["email"] == "a@x.fi")
        #expect(world.customer("shop:2")?["email"] == "b@x.fi" && world.customer("shop:2")?["givenName"] == nil)
        // And one again: the key is the one it had.
        let second = world.key("shop:2")
        try world.person("shop:2", ["email": "a@x.fi"], at: 4)
        #expect(world.key("shop:2") == world.key("crm:1"))
        try world.person("shop:2", ["email": "b@x.fi"], at: 5)
        #expect([world.key("crm:1"), world.key("shop:2")].contains(second))
    }

    /// I8: what a copy holds of its own stays there when persons are parted; only what we wrote for the other goes.
    @Test func partingRemovesOnlyWhatWasWrittenForTheOther() throws {
        var world = try customerWorld(["till"])
        try world.person("crm:1", ["email": "a@x.fi", "phone": "0401234567"], at: 1)
        try world.person("till:3", ["phone": "0401234567", "givenName": "Aino"], at: 2)
        let key = world.key("crm:1")!
        try world.report(
            "customer", key, from: "till",
            held: ["email": "a@x.fi", "phone": "0401234567", "givenName": "Aino", "shelf": "7"], selfID: "3")
        try world.person("till:3", ["phone": "0509999999"], at: 3)
        #expect(world.customer("till:3")?["email"] == .null, "it is the other's address")
        #expect(world.customer("till:3")?["givenName"] == "Aino")
        #expect(world.customer("till:3")?["shelf"] == nil, "nobody ever wrote it there")
    }

    /// A write for the person of before may be under way while she is parted: what it leaves behind goes, too.
    @Test func whatArrivesAfterThePartingGoesToo() throws {
        var world = try customerWorld(["till"])
        try world.person("crm:1", ["email": "a@x.fi", "phone": "0401234567"], at: 1)
        try world.person("till:3", ["phone": "0401234567"], at: 2)
        let key = world.key("crm:1")!
        let revision = world.revision["customer/\(key)"]!
        try world.person("till:3", ["phone": "0509999999"], at: 3)
        #expect(world.customer("till:3")?["email"] == nil)
        try world.report(
            "customer", key, from: "till", revision: revision, held: ["email": "a@x.fi", "phone": "0401234567"],
            selfID: "3")
        #expect(world.customer("till:3")?["email"] == .null)
        #expect(world.customer("crm:1")?["email"] == "a@x.fi")
    }

    /// What we wrote into a copy must not keep it linked, and must be taken out of it again.
    @Test func ourOwnWritesDontLink() throws {
        var world = try customerWorld(["crm", "till"])
        try world.person("crm:1", ["email": "a@x.fi", "phone": "0401234567"], at: 1)
        try world.person("till:3", ["phone": "0401234567"], at: 2)
        let key = world.key("crm:1") ?? ""
        for member in ["crm:1", "till:3"] {
            let reference = Reference(key: member)!
            try world.report(
                "customer", key, from: reference.system, held: ["email": "a@x.fi", "phone": "0401234567"],
                selfID: reference.id)
        }
        try world.person("crm:1", ["email": "a@x.fi", "phone": "0507654321"], at: 3)
        #expect(world.key("till:3") != world.key("crm:1"))
        #expect(world.customer("till:3")?["email"] == .null, "an address that isn't hers must go")
        #expect(world.customer("till:3")?["phone"] == "0401234567")
    }

    @Test func whatASinkCreatesIsAMember() throws {
        var world = try customerWorld(["crm", "shop"])
        try world.person("crm:1", ["email": "a@x.fi", "givenName": "Aino"], at: 1)
        let key = world.key("crm:1") ?? ""
        try world.report("customer", key, from: "shop", held: ["email": "a@x.fi", "givenName": "Aino"], selfID: "501")
        #expect(world.key("shop:501") == key)
        #expect(world["customer", key]?["members"]?.array?.count == 2)
        // Its echo is no news; its edit is one.
        let revision = world.revision["customer/\(key)"]
        try world.person("shop:501", ["email": "a@x.fi", "givenName": "Aino"], at: 9)
        #expect(world.revision["customer/\(key)"] == revision)
        try world.report("customer", key, from: "crm", held: ["email": "a@x.fi", "givenName": "Aino"], selfID: "1")
        try world.report("customer", key, from: "shop", held: ["email": "a@x.fi", "givenName": "Aino"], selfID: "501")
        try world.person("shop:501", ["givenName": "Aina"], at: 10)
        #expect(world["customer", key]?["givenName"] == "Aina")
        // Created for her: linked even when the address that both had changes.
        try world.person("crm:1", ["email": "new@x.fi"], at: 11)
        #expect(world.key("shop:501") == key && world["customer", key]?["email"] == "new@x.fi")
    }

    @Test func aSystemMayKnowOnePersonTwice() throws {
        var world = try customerWorld(["crm"])
        try world.person("crm:1", ["email": "a@x.fi"], at: 1)
        try world.person("crm:2", ["email": "a@x.fi", "phone": "0401234567"], at: 2)
        let key = world.key("crm:1") ?? ""
        #expect(world.key("crm:2") == key)
        // One of the twins is tidied away: the person stays, and keeps what only that one knew.
        try world.send("customer.deleted", "crm:2", from: "crm", at: 3)
        #expect(world["customer", key]?["phone"] == "0401234567")
        #expect(world["customer", key]?["members"] == [["system": "crm", "id": "1"]])
        #expect(world.key("crm:2") == nil)
        try world.send("customer.deleted", "crm:1", from: "crm", at: 4)
        #expect(world.log.contains { $0.hasPrefix("erased \(key)") })
    }

    @Test func erasingACustomerErasesEveryCopyAndEveryTrace() throws {
        var world = try customerWorld(["crm", "shop", "till"])
        try world.person("crm:1", ["email": "a@x.fi", "givenName": "Aino"], at: 1)
        try world.person("shop:2", ["email": "a@x.fi", "phone": "0401234567"], at: 2)
        let key = world.key("crm:1") ?? ""
        try world.report("customer", key, from: "till", held: ["email": "a@x.fi"], selfID: "9")
        try world.send("customer.deleted", "crm:1", from: "crm", at: 3)
        #expect(world["customer", key] == .null)
        try world.report("customer", key, from: "shop", status: "absent", selfID: "2")
        #expect(world["customer", key] == .null, "the till still has her")
        try world.report("customer", key, from: "till", status: "absent", selfID: "9")
        #expect(world["customer", key] == nil)
        #expect(world.identity.isEmpty)
        #expect(world.state.bytes.keys.sorted() == ["golden:\(key)"])
        let rest = String(decoding: world.state.bytes["golden:\(key)"]!, as: UTF8.self)
        for trace in ["Aino", "a@x.fi", "0401234567", "crm", "shop"] { #expect(!rest.contains(trace)) }
        // She comes back: the revision counts on.
        let before = world.revision["customer/\(key)"] ?? 0
        try world.person("crm:1", ["email": "a@x.fi"], at: 9)
        #expect(world.key("crm:1") == key && world.revision["customer/\(key)"]! > before)
    }

    /// A system that no sink writes to keeps her until it deletes her itself.
    @Test func whoeverDeletesHerLastLeavesNoTrace() throws {
        var world = try customerWorld(["crm"])
        try world.person("crm:1", ["email": "a@x.fi", "loyalty": "A1"], at: 1)
        try world.person("loyalty:9", ["loyalty": "A1", "givenName": "Aino"], at: 2)
        let minted = world.key("crm:1")
        let key = try #require(minted)
        try world.send("customer.deleted", "crm:1", from: "crm", at: 3)
        try world.report("customer", key, from: "crm", status: "absent", selfID: "1")
        #expect(world["customer", key] == nil)
        #expect(world.state.bytes.keys.count { $0.hasPrefix("match:") } == 1, "her number only, which the other has")
        try world.send("customer.deleted", "loyalty:9", from: "loyalty", at: 4)
        #expect(world.state.bytes.keys == ["golden:\(key)"])
        let rest = String(decoding: world.state.bytes["golden:\(key)"] ?? [], as: UTF8.self)
        for trace in ["Aino", "a@x.fi", "A1", "crm", "loyalty"] { #expect(!rest.contains(trace)) }
    }

    /// A sink may have made a copy before it heard that she is erased: it is hers, and no new person's.
    @Test(arguments: [false, true]) func aCopyMadeOfSomebodyErasedHasToGoToo(isForgotten: Bool) throws {
        var world = try customerWorld(["crm", "shop"])
        try world.person("crm:1", ["email": "a@x.fi"], at: 1)
        let minted = world.key("crm:1")
        let key = try #require(minted)
        let revision = world.revision["customer/\(key)"]
        try world.send("customer.deleted", "crm:1", from: "crm", at: 3)
        if isForgotten { try world.report("customer", key, from: "shop", status: "absent") }
        #expect((world["customer", key] == nil) == isForgotten)
        try world.report("customer", key, from: "crm", revision: revision, held: ["email": "a@x.fi"], selfID: "2")
        #expect(
            world["customer", key] == .null && world.key("crm:2") == key, "I9: it has to go, and is known to be hers")
        try world.person("crm:2", ["email": "a@x.fi"], at: 4)
        #expect(
            world["customer", key] == .null && world.key("crm:2") == key,
            "I6: what was written there brings nobody back")
        try world.report("customer", key, from: "shop", status: "absent")
        try world.report("customer", key, from: "crm", status: "absent", selfID: "2")
        #expect(world["customer", key] == nil && world.identity.isEmpty)
        #expect(world.state.bytes.keys.sorted() == ["golden:\(key)"])
    }

    /// What a lost creation left behind is edited before anybody heard of it: its number comes first, then what stands there.
    @Test func whatStandsUnderANumberIsHersOnceTheNumberIsIntroduced() throws {
        var world = try customerWorld(["crm"])
        try world.person("till:1", ["email": "a@x.fi", "givenName": "Aino"], at: 1)
        let minted = world.key("till:1")
        let key = try #require(minted)
        try world.report("customer", key, from: "crm", revision: 0, selfID: "7")
        try world.person("crm:7", ["givenName": "Aina"], at: 5)
        try world.report(
            "customer", key, from: "crm", revision: 1, held: ["email": "a@x.fi", "givenName": "Aino"], selfID: "7")
        #expect(world.persons == [["till:1", "crm:7"]], "I6: she is nobody new")
        #expect(world.customer("till:1")?["givenName"] == "Aina", "I9: the edit isn't lost")
        #expect(world.customer("till:1")?["email"] == "a@x.fi")
    }

    @Test func aValueThatTooManyShareNamesNobody() throws {
        var world = try customerWorld()
        for member in 1...24 { try world.person("crm:\(member)", ["phone": "0401234567"], at: 1) }
        #expect(world.persons.count == 1)
        try world.person("crm:25", ["phone": "0401234567"], at: 1)
        #expect(world.persons.count == 25)
        try world.person("crm:7", ["phone": nil], at: 2)
        #expect(world.persons.count == 2, "the 24 others are one person again")
    }

    /// It costs no more than a rare one: no state grows with those who share it.
    @Test func aValueThatEverybodySharesCostsLittle() throws {
        var world = try customerWorld()
        for member in 1...300 { try world.person("crm:\(member)", ["loyalty": "NONE"], at: 1) }
        #expect(world.persons.count == 300)
        let sizes = world.state.bytes.keys.filter { $0.hasPrefix("match:") }.map { world.state.bytes[$0]?.count ?? 0 }
        #expect(sizes.max() ?? 0 < 300)
        // Whoever goes, in whatever order: the last 24 are known, and are one person.
        var seed = Seeded(24)
        let order = (1...300).shuffled(using: &seed)
        for (gone, member) in order.prefix(276).enumerated() {
            #expect(world.persons.count == 300)
            // Some lose the number, some get a number of their own.
            try world.person("crm:\(member)", ["loyalty": gone.isMultiple(of: 2) ? nil : .string("A\(member)")], at: 2)
        }
        #expect(world.persons.count == 277 && world.persons.contains(Set(order.suffix(24).map { "crm:\($0)" })))
        for member in order.suffix(24) { try world.person("crm:\(member)", ["loyalty": nil], at: 3) }
        let lists = world.state.bytes.keys.filter { $0.hasPrefix("match:") }
        #expect(lists.count == 138, "nothing is left of it")
    }

    /// I3: whether one of too many changes the value or is erased is all the same.
    @Test func whoeverIsLeftIsLinkedWhenOneOfTooManyIsErased() throws {
        var world = try customerWorld()
        for member in 1...25 { try world.person("crm:\(member)", ["phone": "0401234567"], at: 1) }
        #expect(world.persons.count == 25)
        try world.send("customer.deleted", "crm:7", from: "crm", at: 2)
        #expect(world.persons.count == 1)
    }

    @Test func reportsUnderAMergedKeyFindTheirMember() throws {
        var world = try customerWorld(["crm", "shop"])
        try world.person("crm:1", ["email": "a@x.fi"], at: 1)
        try world.person("shop:2", ["phone": "0401234567"], at: 2)
        let keys = [world.key("crm:1")!, world.key("shop:2")!].sorted()
        try world.person("crm:1", ["phone": "0401234567"], at: 3)
        let member = world.log.contains("merged \(keys[1]) into \(keys[0])")
        #expect(member)
        try world.report("customer", keys[1], from: "crm", revision: 1, held: ["email": "a@x.fi"], selfID: "1")
        try world.report("customer", keys[1], from: "shop", revision: 1, held: ["phone": "0401234567"], selfID: "77")
        #expect(world.key("shop:77") == keys[0])
        #expect(world.log.allSatisfy { !$0.hasPrefix("rejected") })
    }

    @Test func refusesWhatIsNotTheSystemsOwn() throws {
        var world = try customerWorld()
        try world.send("customer.stated", "crm:1", from: "shop", ["email": "a@x.fi"])
        #expect(world.log == ["rejected wrongKey"])
        try world.send("customer.deleted", "crm:1", from: "crm")
        try world.send("customer.written", "nobody", from: "crm", ["revision": 1, "status": "written"])
        #expect(world.log.last == "rejected malformed" && world.state.bytes.isEmpty)
    }
}
