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

    private static let list = """
        system: till
        connections: { drop: { folder: drop } }
        sources:
          prices:
            from: { drop: { files: "*.csv" } }
            format: { csv: { delimiter: ";", decimals: comma, fields: { EAN: text, Price: number, Stock: integer }, optional: [Stock] } }
            map: prices.jsonata
        sinks:
          list:
            of: product
            map: list.jsonata
            to: { drop: { file: list.csv, format: { csv: { fields: { gtin: text, price: number } } } } }
        """

    /// What the file can't take is refused by the test, as it is in production.
    @Test func whatTheSinksFileCannotTakeIsRefused() throws {
        let golden = #"{"key": "06438012345675", "data": {"gtin": "06438012345675", "price": 19.90}}"#
        func outcome(_ map: String) throws -> Fixtures.Outcome {
            let place = try DryInstallation([
                "connector.yaml": Self.list, "prices.jsonata": "[]", "list.jsonata": map,
                "fixtures/list/a.in.json": golden,
            ])
            return try withExtendedLifetime(place) { try #require(try place.fixtures().run(updating: .meant).first) }
        }
        let wrong = try outcome(#"{"gtin": $key, "price": $formatNumber(price, "0.00")}"#)
        #expect(wrong.update == .withheld && !wrong.isFine)
        #expect(wrong.refusals.count == 1 && wrong.refusals[0].contains("price"), "\(wrong.refusals)")
        #expect(try outcome(#"{"gtin": $key, "price": price, "name": "x"}"#).refusals.first?.contains("name") == true)
        #expect(try outcome(#"{"gtin": $key, "price": price}"#).update == .written("list/a.out.json, 1 put"))
    }

    /// Dates of price lists have no time, those of databases no offset: what is missing is said.
    @Test(arguments: [
        ("2026-11-20", #"; this is a date alone: & "T00:00:00Z" says its midnight"#),
        ("2026-11-20T10:00:00", #"; this has no offset: & "Z" says UTC"#),
        (
            "2026-11-20 10:00:00.5",
            #"; this has no offset: & "Z" says UTC, and $replace(…, " ", "T") what stands between"#
        ),
        ("20.11.2026", "since 1970"),
    ])
    func aTimeThatIsNoneSaysWhatItLacks(text: String, expected: String) throws {
        let place = try place(map: "{\"product\": {\"gtin\": gtin}, \"at\": \"\(text)\"}")
        let refusals = try #require(try place.fixtures().run().first).refusals
        #expect(refusals.count == 1 && refusals[0].contains(expected), "\(refusals)")
        #expect(!refusals[0].contains(text), "values are not quoted (I12)")
    }

    /// A column that a file lacks is no empty cell: every row would be read as if it said nothing there.
    @Test(arguments: [
        ("EAN;Price\r\n6438012345675;19,90\r\n", []),
        ("EAN;Price;Name\r\n6438012345675;19,90;\r\n", ["no column \"Brand\""]),
        (
            "EAN;Price;Nmae;Brand\r\n6438012345675;19,90;a;b\r\n",
            [
                "fixture prices/a.in.csv: the header has no column \"Name\", which prices.jsonata:2 reads; did you mean \"Nmae\"?"
            ]
        ),
    ])
    func aColumnThatTheMappingReadsAndAFixtureLacksIsNamed(csv: String, expected: [String]) throws {
        let reads = csv.contains("Na") || csv.contains("Nm") ? "\n\"name\": Name, \"brand\": Brand," : ""
        let place = try DryInstallation([
            "connector.yaml": Self.list, "list.jsonata": "{\"gtin\": $key}",
            "prices.jsonata": "{\"product\": {\(reads) \"gtin\": $omni_gtin(EAN), \"price\": Stock > 0 ? Price}}",
            "fixtures/prices/a.in.csv": csv,
        ])
        let found = try withExtendedLifetime(place) { try place.fixtures().missingColumns() }
        #expect(found.count == expected.count, "\(found)")
        for (line, words) in zip(found, expected) { #expect(line.contains(words), "\(line)") }
    }

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
