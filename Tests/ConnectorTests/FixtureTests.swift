import Document
import Testing

@testable import Connector

/// `omni connector test --update`: what it writes, and what it won't.
@Suite struct FixtureTests {
    private func place(
        _ expected: String? = nil, input: String = #"{"gtin": "06438012345675", "name": "Sofa"}"#,
        map: String = #"name = "bad" ? $reject("bad") : {"product": {"gtin": gtin, "name": name}}"#,
        sink: String = #"{"name": name}"#, golden: String? = nil
    ) throws -> DryInstallation {
        var files = [
            "connector.yaml": """
            system: till
            connections: { drop: { folder: drop } }
            sources:
              sales: { from: { drop: { files: "*.jsonl" } }, map: sales.jsonata }
            sinks:
              list: { of: product, map: list.jsonata, to: { drop: { file: list.jsonl, format: json-lines } } }
            """,
            "sales.jsonata": map, "list.jsonata": sink, "fixtures/sales/a.in.json": input,
        ]
        files["fixtures/sales/a.out.json"] = expected
        files["fixtures/list/b.in.json"] = golden
        return try DryInstallation(files)
    }

    private static let right = #"""
        [{"type": "omni.product.stated", "key": "06438012345675", "data": {"gtin": "06438012345675", "name": "Sofa"}}]
        """#

    @Test func whatIsAsExpectedIsNotWritten() throws {
        let place = try place(Self.right)
        let outcome = try #require(try place.fixtures().run(updating: .meant).first)
        #expect(outcome.differences == [] && outcome.update == .none && outcome.isFine)
        #expect(try place.read("fixtures/sales/a.out.json") == Self.right)
    }

    @Test func aDifferenceIsShownAndThenWritten() throws {
        let place = try place(Self.right.replacing("Sofa", with: "Chair"))
        #expect(try place.fixtures().run().map(\.isFine) == [false])
        let outcome = try #require(try place.fixtures().run(updating: .meant).first)
        #expect(outcome.differences == [#"/0/data/name: expected "Chair", found "Sofa""#])
        #expect(outcome.update == .written("sales/a.out.json, 1 event") && outcome.isFine)
        #expect(try place.fixtures().run().map(\.isFine) == [true])
    }

    @Test func aRejectionThatTheMappingMeansIsWritten() throws {
        let place = try place(input: #"{"name": "bad"}"#)
        let outcome = try #require(try place.fixtures().run(updating: .meant).first)
        #expect(outcome.update == .written("sales/a.out.json, 1 rejected") && outcome.refusals == [])
        #expect(place.exists("fixtures/sales/a.out.json"))
    }

    @Test(arguments: [
        (#"{"gtin": "123", "name": "Sofa"}"#, "gtin"), (#"{"gtin": 1}"#, "gtin"), (#"{"gtin":"#, "line 1"),
    ])
    func anInvalidResultIsNeverTakenForRightByItself(input: String, named: String) throws {
        let place = try place(Self.right, input: input)
        let outcome = try #require(try place.fixtures().run(updating: .meant).first)
        #expect(outcome.update == .withheld && !outcome.isFine)
        #expect(outcome.refusals.count == 1 && outcome.refusals[0].contains(named), "\(outcome.refusals)")
        #expect(!outcome.differences.isEmpty)
        #expect(try place.read("fixtures/sales/a.out.json") == Self.right)
        // Broken records have fixtures too: whoever means it says so.
        let meant = try #require(try place.fixtures().run(updating: .everything).first)
        #expect(meant.update == .written("sales/a.out.json, 1 rejected") && meant.refusals == outcome.refusals)
        #expect(try place.fixtures().run().map(\.isFine) == [true])
        // What was accepted once needn't be accepted again.
        #expect(try place.fixtures().run(updating: .meant).map(\.update) == [.none])
    }

    @Test func aSinkThatFailsIsNotTakenForRightEither() throws {
        let place = try place(
            Self.right, sink: "name > 3", golden: #"{"key": "06438012345675", "data": {"name": null}}"#)
        let outcome = try #require(try place.fixtures().run(updating: .meant).last)
        #expect(outcome.name == "list/b" && outcome.update == .withheld)
        #expect(outcome.refusals.first?.contains("list.jsonata:1:") == true)
        #expect(!place.exists("fixtures/list/b.out.json"))
    }

    @Test func aFixtureThatIsNoJSONIsNamed() throws {
        let place = try place(Self.right, golden: "{")
        let error = #expect(throws: (any Error).self) { try place.fixtures().run() }
        #expect("\(try #require(error))".contains("fixtures/list/b.in.json"))
    }
}
