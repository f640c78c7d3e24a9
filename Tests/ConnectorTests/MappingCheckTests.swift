import Document
import Installation
import Mapping
import Testing

@testable import Connector

/// `omni map check`: mappings read against the schemas and the fixtures.
@Suite struct MappingCheckTests {
    private func findings(source map: String, _ input: String, sink: String = "{ \"gtin\": $key }") throws -> [String] {
        let place = try DryInstallation([
            "connector.yaml": """
            system: till
            connections: { drop: { folder: drop } }
            sources:
              sales: { from: { drop: { files: "*.jsonl" } }, map: sales.jsonata }
            sinks:
              list:
                of: product
                map: list.jsonata
                to: { drop: { file: list.csv, format: { csv: { fields: { gtin: text, name: text, price: number } } } } }
            """,
            "sales.jsonata": map, "list.jsonata": sink, "fixtures/sales/a.in.json": input,
        ])
        let reports = try withExtendedLifetime(place) { try MappingCheck(place.installation, "test").reports() }
        return reports.flatMap { report in
            report.findings.map { "\(report.part) \($0.line):\($0.column) \($0.rule.rawValue): \($0.message)" }
        }
    }

    private static let article = #"{"ean": "6438012345675", "title": "Sofa", "price": 19.90, "state": "x"}"#

    private func refusal(_ sink: String) throws -> String {
        let place = try DryInstallation([
            "connector.yaml": """
            system: till
            connections: { drop: { folder: drop } }
            sinks:
              list: { \(sink), to: { drop: { file: list.csv, format: { csv: { fields: { gtin: text } } } } } }
            """, "list.jsonata": #"{"gtin": $key}"#,
        ])
        return withExtendedLifetime(place) {
            let error = #expect(throws: ConfigurationError.self) {
                try MappingCheck(place.installation, "test").reports()
            }
            return error?.description ?? ""
        }
    }

    @Test func anEntityAndAMappingThatThereArentAreNamedWithTheirPlace() throws {
        #expect(
            try refusal("of: prodct, map: list.jsonata")
                == "Connectors/test/connector.yaml:4: sink \"list\": of: there is no entity \"prodct\"; did you mean \"product\"?"
        )
        let missing = try refusal("of: product, map: lost.jsonata")
        #expect(
            missing.hasPrefix("Connectors/test/connector.yaml:4: map: cannot read the mapping lost.jsonata: "),
            "\(missing)")
    }

    @Test func whatFitsIsLeftAlone() throws {
        let map = #"{"product": {"gtin": $omni_gtin(ean), "name": title, "price": price}, "self": ean}"#
        #expect(try findings(source: map, Self.article, sink: #"{"gtin": $key, "name": name}"#) == [])
    }

    @Test(arguments: [
        (#"{"produkt": {"gtin": ean}}"#, "unknown-field: \"produkt\" is no kind of data; did you mean \"product\"?"),
        (
            #"{"product": {"gtin": ean, "nam": title}}"#,
            "unknown-field: the schema of product has no \"nam\"; did you mean \"name\"?"
        ),
        (
            #"{"product": {"name": title}}"#,
            "missing-field: \"gtin\" is required by the schema of product, and is never given"
        ),
        (
            #"{"product": {"gtin": ean, "name": price}}"#,
            "value: product's \"name\" is in all fixtures a number; the schema takes null or a string"
        ),
        (
            #"{"movement": {"product": ean, "place": "k", "quantity": 1, "kind": "sold"}}"#,
            "value: movement's \"kind\" can be \"sold\", which is none of "
        ),
        (#"{"product": {"gtin": ean}, "deleted": "no"}"#, "value: \"deleted\" is a string; it must be true or false"),
        (
            #"{"product": {"gtin": ean, "name": tittle}}"#,
            "absent: no fixture has \"tittle\" here; did you mean \"title\"?"
        ),
        ("price = \"x\" ? {\"product\": {\"gtin\": ean}}", "comparison: this never holds"),
        ("\"product\"", "value: a source's mapping gives items such as {\"product\": {…}}; this gives a string"),
        ("$omni_gtinn(ean)", "language: T1006: there is no function $omni_gtinn; did you mean $omni_gtin?"),
    ])
    func whatCannotBeRightInASourceIsNamed(map: String, expected: String) throws {
        let found = try findings(source: map, Self.article)
        #expect(found.contains { $0.hasPrefix("sales 1:") && $0.contains(expected) }, "\(found)")
    }

    @Test(arguments: [
        (#"{"gtin": $key, "name": titel}"#, "absent: there is no \"titel\" here"),
        (#"{"gtin": $key, "nme": name}"#, "unknown-field: the file has no field \"nme\"; did you mean \"name\"?"),
        (
            #"{"gtin": $key, "price": $formatNumber(price, "0.00")}"#,
            "value: the file's \"price\" takes a number; this is a string"
        ),
        (#"{"gtin": $kee}"#, "language: U1004: nothing binds the variable $kee; did you mean $key?"),
        (#"{"gtin": $key, "name": price & labels.txt}"#, "absent: there is no \"txt\" here; did you mean \"text\"?"),
        (#"{"gtin": $key, "name": name > 3}"#, "type: '>' compares null or a string with a number"),
    ])
    func whatCannotBeRightInASinkIsNamed(map: String, expected: String) throws {
        let found = try findings(source: "[]", Self.article, sink: map)
        #expect(found.contains { $0.hasPrefix("list 1:") && $0.contains(expected) }, "\(found)")
    }

    /// What the mapping writes itself is known, whatever else may come: each is named at its own place.
    @Test(arguments: [
        (
            #"{"product": {"gtin": ean, "currency": "Eur"}}"#,
            #"sales 1:39 value: product's "currency" can be "Eur", which must match the pattern ^[A-Z]{3}$; did you mean "EUR"?"#
        ),
        (
            #"{"product": {"gtin": ean, "currency": price > 5 ? $uppercase(title) : "eur "}}"#,
            #"sales 1:71 value: product's "currency" can be "eur ", which must match the pattern ^[A-Z]{3}$; did you mean"#
        ),
        (
            #"{"product": {"gtin": "6438012345675"}}"#,
            #"sales 1:22 value: product's "gtin" can be "6438012345675", which must"#
        ),
        (
            #"{"product": {"gtin": "6438012345675"}}"#, #"did you mean "06438012345675"?"#
        ),
        (
            #"{"product": {"gtin": ean, "price": state = "x" ? -1 : price}}"#,
            #" value: product's "price" can be -1, which must be at least 0"#
        ),
        (
            #"{"product": {"gtin": ean, "name": title ? title : ""}}"#,
            #"sales 1:51 value: product's "name" can be "", which must be at least 1 character long"#
        ),
        (
            #"{"product": {"gtin": ean, "assortment": ["till", 7]}}"#,
            #"sales 1:50 value: product's "assortment[]" can be 7, which must be of type string"#
        ),
        (
            #"{"product": {"gtin": state = "x" ? null : ean}}"#,
            #"sales 1:36 value: product's "gtin" can be null, which must be of type string"#
        ),
        (
            #"{"movement": {"product": ean, "place": "k", "quantity": 1, "kind": price > 5 ? "sales" : "return"}}"#,
            #"sales 1:80 value: movement's "kind" can be "sales", which is none of "#
        ),
        (
            #"{"movement": {"product": ean, "place": "k", "quantity": 1, "kind": price > 5 ? "sales" : "return"}}"#,
            #"; did you mean "sale"?"#
        ),
    ])
    func aConstantThatTheSchemaNeverTakesIsNamedWhereItStands(map: String, expected: String) throws {
        let found = try findings(source: map, Self.article)
        #expect(found.count == 1 && found[0].contains(expected), "\(found)")
    }

    @Test(arguments: [
        #"{"product": {"gtin": ean, "currency": price > 5 ? "EUR" : "SEK", "name": null}}"#,
        #"{"product": {"gtin": ean, "assortment": price > 5 ? "till" : ["shop"]}}"#,
        #"{"product": {"gtin": ean, "price": price > 5 ? 0 : null}}"#,
    ])
    func aConstantThatTheSchemaTakesIsLeftAlone(map: String) throws {
        #expect(try findings(source: map, Self.article) == [])
    }

    @Test(arguments: [
        (
            #"{"gtin": $key, "name": currency = "eur" ? "e" : "o"}"#,
            #"list 1:33 comparison: this never holds: "eur" can't be here: it must match the pattern ^[A-Z]{3}$; did you mean "EUR"?"#
        ),
        (
            #"{"gtin": $key, "name": currency in ["EUR", "Sek"] ? "e" : "o"}"#,
            #"list 1:44 comparison: "Sek" can't be here: it must match the pattern ^[A-Z]{3}$; did you mean "SEK"?"#
        ),
        (
            #"{"gtin": $key, "name": name != "" ? name : "o"}"#,
            #"list 1:29 comparison: this always holds: "" can't be here: it must be at least 1 character long"#
        ),
        (
            #"{"gtin": $key, "name": price < 0 ? "e" : "o"}"#,
            "list 1:30 comparison: this never holds: what is compared with 0 is at least 0"
        ),
        (
            #"{"gtin": $key, "name": -1 >= price ? "e" : "o"}"#,
            "list 1:27 comparison: this never holds: what is compared with -1 is at least 0"
        ),
    ])
    func aComparisonThatTheSchemaRulesOutIsNamed(map: String, expected: String) throws {
        let found = try findings(source: "[]", Self.article, sink: map)
        #expect(found == [expected])
    }

    @Test(arguments: [
        #"{"gtin": $key, "name": currency = "EUR" ? "e" : "o"}"#, #"{"gtin": $key, "name": price <= 0 ? "e" : "o"}"#,
        #"{"gtin": $key, "name": price > 0 ? "e" : "o"}"#, #"{"gtin": $key, "name": name = null ? "e" : "o"}"#,
    ])
    func aComparisonThatMayHoldIsLeftAlone(map: String) throws {
        #expect(try findings(source: "[]", Self.article, sink: map) == [])
    }

    /// A setting that names what no record has does nothing, and says nothing.
    @Test(arguments: [
        ("own: \"Art.-Nr.\", unique: [\"EAN.GTIN\", price]", []),
        (
            "own: Art-Nr.",
            ["own: no record of a fixture has \"Art-Nr.\", and no column is declared so; did you mean \"Art.-Nr.\"?"]
        ),
        (
            "unique: [EAN, more.b]",
            ["unique: no record of a fixture has \"EAN\"", "unique: no record of a fixture has \"more.b\""]
        ),
    ])
    func placesThatNoRecordHasAreNamed(settings: String, expected: [String]) throws {
        let place = try DryInstallation([
            "connector.yaml": """
            system: till
            connections: { drop: { folder: drop } }
            sources:
              sales:
                { from: { drop: { files: "*.jsonl" } }, map: sales.jsonata, format: { csv: { fields: { price: number } } }, \(settings) }
            """,
            "sales.jsonata": #"{"product": {"gtin": `EAN.GTIN`}}"#,
            "fixtures/sales/a.in.csv": "Art.-Nr.,EAN.GTIN,price\nA1,06438012345675,1\n",
            "fixtures/sales/b.in.csv": "Art.-Nr.,more,price\nA1,x,1\n",
        ])
        try withExtendedLifetime(place) {
            let reports = try MappingCheck(place.installation, "test").reports()
            let found = reports.filter { $0.file.contains("connector.yaml, source \"sales\", ") }
                .flatMap { $0.findings.map(\.message) }
            let told = try place.fixtures().strangePlaces()
            #expect(found.count == expected.count && told.count == expected.count, "\(told)")
            for (line, words) in zip(told, expected) { #expect(line.contains(words), "\(line)") }
        }
    }

    @Test func aNameWithDotsGoesBeforeAPath() throws {
        let record: JSON = ["Art.-Nr.": 1, "a.b": 2, "a": ["b": 3, "c.d": 4, "e": ["f": 5]]]
        let places = ["Art.-Nr.", "a.b", "a.c.d", "a.e.f", "a..e.f", "a.c", "Art", ""]
        let expected: [JSON?] = [1, 2, 4, 5, 5, nil, nil, record]
        #expect(places.map { Members.find($0, in: record) } == expected)
        var tape = Tape()
        try tape.parse(record.utf8)
        #expect(places.map { Members.find($0, in: tape.root).map(JSON.init) } == expected)
    }

    @Test func oneElementWhereTheSchemaSaysArrayFits() throws {
        let map = #"{"product": {"gtin": ean, "assortment": "till", "labels": {"code": "a"}}}"#
        #expect(try findings(source: map, Self.article) == [])
    }

    @Test func theRepositorysOwnMappingsHaveNothingToSay() throws {
        let installation = try Installation.load(folder: Workplace.repository, surroundings: .unneeded)
        for name in installation.connectors {
            for report in try MappingCheck(installation, name).reports() {
                let found = report.findings.map { "\(report.file):\($0.line):\($0.column) \($0.message)" }
                #expect(found == [])
            }
        }
    }
}
