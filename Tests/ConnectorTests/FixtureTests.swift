import Document
import Mapping
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

    private static let orders = """
        system: till
        connections: { drop: { folder: drop } }
        sinks:
          orders: { of: product, map: orders.jsonata, to: { drop: { file: orders.edi, format: edifact } } }
        """

    /// The same of a message whose component is a number: who reads it would refuse it.
    @Test func aTextWhereAMessageHasANumberIsRefused() throws {
        func place(_ quantity: String) throws -> DryInstallation {
            try DryInstallation([
                "connector.yaml": Self.orders,
                "orders.jsonata": """
                {
                  "interchange": {"sender": "S", "recipient": "R", "date": "261120", "time": "0600", "reference": "1"},
                  "message": {"type": "ORDERS", "version": "D", "release": "96A", "agency": "UN"},
                  "LIN": [{"line": "1", "QTY": {"qualifier": "21", "quantity": \(quantity)}}]
                }
                """,
                "fixtures/orders/a.in.json":
                    #"{"key": "06438012345675", "data": {"gtin": "06438012345675", "name": "Sofa"}}"#,
            ])
        }
        for (quantity, found) in [("name", "a text that is none"), ("name = \"Sofa\"", "a truth value")] {
            let installation = try place(quantity)
            let outcome = try #require(try installation.fixtures().run(updating: .meant).first)
            #expect(outcome.name == "orders/a" && outcome.update == .withheld)
            #expect(
                outcome.refusals.count == 1
                    && outcome.refusals[0].contains("'QTY.quantity': expected a number, found \(found)"),
                "\(outcome.refusals)")
        }
        let installation = try place("$string(12)")
        #expect(try installation.fixtures().run(updating: .meant).first?.update == .written("orders/a.out.json, 1 put"))
        func findings(_ quantity: String) throws -> [String] {
            let installation = try place(quantity)
            let reports = try withExtendedLifetime(installation) {
                try MappingCheck(installation.installation, "test").reports()
            }
            return reports.flatMap(\.findings).map { "\($0.line) \($0.rule.rawValue): \($0.message)" }
        }
        #expect(try findings("price").isEmpty)
        #expect(
            try findings("price ? \"many\" : 1")
                == ["4 value: \"LIN.QTY.quantity\" can be \"many\": the component holds a number"])
        #expect(
            try findings("price > 3")
                == [
                    "4 value: the file can't hold true or false as \"LIN.QTY.quantity\": a component holds a text or a number"
                ])
        #expect(
            try findings("1, \"quantty\": 2").first?.hasPrefix(
                "4 unknown-field: the file can't hold \"LIN.QTY.quantty\": no component of QTY has this name; did you mean"
            )
                == true)
    }

    /// Dates of price lists have no time, those of databases no offset: what is missing is said, with its place in the mapping.
    @Test(arguments: [
        ("2026-11-20", "0000-00-00", #"; this is a date alone: & "T00:00:00Z" says its midnight"#),
        ("2026-11-20T10:00:00", "0000-00-00a00:00:00", #"; this has no offset: & "Z" says UTC"#),
        (
            "2026-11-20 10:00:00.5", "0000-00-00 00:00:00.0",
            #"; this has no offset: & "Z" says UTC, and $replace(…, " ", "T") what stands between"#
        ),
        ("20.11.2026", "00.00.0000", "; $toMillis(…, picture) reads"),
        ("2026-13-20T10:00:00Z", "0000-00-00a00:00:00a", "; there is no such day, time or offset"),
        ("Päivä 7, klo 9", "aaaaa 0, aaa 0", "; $toMillis(…, picture) reads"),
        (String(repeating: "7", count: 90), String(repeating: "0", count: 40) + "…", "; $toMillis"),
    ])
    func aTimeThatIsNoneSaysWhatItLacksAndWhere(text: String, form: String, expected: String) throws {
        let place = try place(map: "{\"product\": {\"gtin\": gtin},\n  \"at\": \"\(text)\"}")
        let refusals = try #require(try place.fixtures().run().first).refusals
        let start =
            "at must be an RFC 3339 time with an offset, such as 1985-04-12T23:20:50Z, or milliseconds since 1970; "
        #expect(
            refusals.count == 1 && refusals[0].hasPrefix(start + "found a text of the form \"\(form)\"\(expected)"),
            "\(refusals)")
        #expect(refusals[0].hasSuffix(" (Connectors/test/sales.jsonata:2)"), "\(refusals)")
        #expect(!refusals[0].contains(text), "values are not quoted (I12)")
    }

    @Test(arguments: [("true", "a truth value"), ("1.5", "a number that isn't whole"), ("[1]", "an array")])
    func aTimeThatIsNoTextSaysWhatItIs(value: String, expected: String) throws {
        let place = try place(
            map: "(\"at\";\n [{\"product\": {\"gtin\": gtin}},\n {\"product\": {}, \"at\": \(value)}])")
        let refusals = try #require(try place.fixtures().run().first).refusals
        #expect(refusals.count == 1 && refusals[0].contains("; found \(expected)"), "\(refusals)")
        #expect(refusals[0].hasSuffix("(Connectors/test/sales.jsonata:3)"), "\(refusals)")
    }

    /// What is refused isn't in the delivery: the good record behind it is no repetition.
    @Test func aRefusedRecordRepeatsNothing() throws {
        let place = try DryInstallation([
            "connector.yaml": """
            system: till
            connections: { drop: { folder: drop } }
            sources:
              sales: { from: { drop: { files: "*.jsonl" } }, map: sales.jsonata, unique: gtin }
            """,
            "sales.jsonata": #"name = "bad" ? $reject("bad") : {"product": {"gtin": gtin, "name": name}}"#,
            "fixtures/sales/a.in.jsonl": """
            {"gtin": "06438012345675", "name": "bad"}
            {"gtin": "06438012345675", "name": 7}
            {"gtin": "06438012345675", "name": "good"}
            {"gtin": "06438012345675", "name": "again"}

            """,
        ])
        _ = try place.fixtures().run(updating: .everything)
        let results = try JSON(parsing: Array(try place.read("fixtures/sales/a.out.json").utf8)).array ?? []
        #expect(results.map { $0["type"] != nil } == [false, false, true, false])
        #expect(results[2]["data"]?["name"] == "good")
        #expect(results[3]["rejected"] == "gtin stands in this delivery already")
    }

    @Test func whatNobodyReadsAmongTheFixturesIsTold() throws {
        let installation = try DryInstallation([
            "connector.yaml": Self.list, "prices.jsonata": "[]", "list.jsonata": "{\"gtin\": $key}",
            "fixtures/ids.json": "{}", "fixtures/prices/a.in.csv": "EAN;Price\n", "fixtures/prices/a.out.json": "[]",
            "fixtures/price/a.in.csv": "x", "fixtures/zzzzzzzz/a.in.csv": "x", "fixtures/id.json": "{}",
            "fixtures/prices/b.out.json": "[]", "fixtures/prices/c.csv": "x", "fixtures/prices/a.md": "x",
        ])
        let strays = try installation.fixtures().strays
        let expected = [
            "fixtures/id.json: no source or sink is called so; did you mean \"ids.json\"?",
            "fixtures/price: no source or sink is called so; did you mean \"prices\"?",
            "fixtures/prices/b.out.json: there is no input b.in.…",
            "fixtures/prices/c.csv: an input is called <case>.in.<ext>, what comes of it <case>.out.json",
            "fixtures/zzzzzzzz: no source or sink is called so; there are: list, prices, ids.json, reservations.json",
        ]
        #expect(strays == expected, "\(strays)")
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

    /// Two columns that there aren't, where one was meant: that is told as what it is.
    @Test func aHyphenatedNameThatIsSubtractedIsTold() throws {
        let place = try DryInstallation([
            "connector.yaml": Self.list, "list.jsonata": "{\"gtin\": $key}",
            "prices.jsonata":
                "{\"product\": {\n\"name\": Na-me, \"gtin\": $omni_gtin(EAN), \"price\": Stock > 0 ? Price}}",
            "fixtures/prices/a.in.csv": "EAN;Price;Na-me\r\n6438012345675;19,90;a\r\n",
        ])
        let fixtures = try place.fixtures()
        #expect(try withExtendedLifetime(place) { try fixtures.missingColumns() } == [])
        #expect(
            try withExtendedLifetime(place) { try fixtures.subtractedNames() } == [
                "prices.jsonata:2:9: this is a subtraction; a field name with '-' is written in backticks: `Na-me`"
            ])
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
