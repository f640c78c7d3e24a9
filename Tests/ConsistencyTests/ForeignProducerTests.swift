import Canonical
import Consistency
import Document
import Testing

/// Anybody may write into the inputs: what no connector would send does no harm.
@Suite struct ForeignProducerTests {
    /// A state keeps whether a record exists as the field without a name.
    @Test func aFieldWithoutANameDeletesNothing() throws {
        var world = try productWorld(["till"])
        try world.send("product.stated", sofa, from: "importer", ["name": "Sofa"], at: 1)
        try world.report("product", sofa, from: "till", held: ["name": "Sofa"], selfID: "4711")
        let before = world.state.bytes
        try world.send("product.stated", sofa, from: "importer", ["name": "Couch", "": "x"], at: 2)
        #expect(world.log.last == "rejected malformed")
        try world.report("product", sofa, from: "till", held: ["": false], selfID: "4711")
        #expect(world.log.last == "rejected malformed")
        #expect(world.state.bytes == before && world["product", sofa] == ["name": "Sofa"])
    }

    @Test func aFieldWithoutANameErasesNobody() throws {
        var world = try customerWorld()
        try world.person("crm:1", ["givenName": "Aino"], at: 1)
        try world.person("crm:1", ["": false], at: 2)
        #expect(world.log.last == "rejected malformed" && world.customer("crm:1")?["givenName"] == "Aino")
        try world.person("crm:2", ["": true])
        #expect(world.log.last == "rejected malformed" && world.key("crm:2") == nil)
    }

    /// Where no write was reported there is none that it could be behind.
    @Test(arguments: [0, -1] as [Int64]) func whatStoodThereBeforeAnyRevisionIsHeard(revision: Int64) throws {
        var world = try productWorld()
        try world.send("product.stated", sofa, from: "importer", ["name": "Sofa"], at: 1, before: revision)
        #expect(world["product", sofa] == ["name": "Sofa"])
        var persons = try customerWorld()
        try persons.send(
            "customer.stated", "crm:1", from: "crm", ["givenName": "Aino"], at: 1, selfID: "1", before: revision)
        #expect(persons.customer("crm:1")?["givenName"] == "Aino")
    }

    @Test func moreFieldsThanARecordCanHaveAreRefused() throws {
        for (count, isFine) in [(4_096, true), (4_097, false)] {
            var world = try productWorld()
            let members = (0..<count).reversed().map { JSON.Member("field \($0)", 1) }
            try world.send("product.stated", sofa, from: "importer", .object(members), at: 1)
            #expect((world["product", sofa] != nil) == isFine)
        }
    }

    /// Sets are sorted, not searched for each of their elements.
    @Test func aSetOfManyElementsIsMergedInTime() throws {
        var world = try productWorld(["shop"])
        var seed = Seeded(12)
        let tags = (10_000..<30_000).map { "t\($0)" }
        let texts: JSON = .array(tags.shuffled(using: &seed).map { .string($0) })
        try world.send("product.stated", sofa, from: "importer", ["tags": texts], at: 1)
        try world.report("product", sofa, from: "shop", held: ["tags": texts])
        try world.send("product.stated", sofa, from: "shop", ["tags": .array(texts.array! + ["more"])], at: 2)
        #expect(world["product", sofa]?["tags"] == .array((["more"] + tags).map { .string($0) }))
    }
}
