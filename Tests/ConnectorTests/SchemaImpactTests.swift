import Canonical
import Connector
import Document
import Installation
import Testing
import Transports

/// What a changed schema breaks: mappings by what they name, fixtures by running them.
@Suite struct SchemaImpactTests {
    private static let files = [
        "connector.yaml": """
        system: test
        connections: { in: { folder: "/tmp/nowhere" } }
        sources:
          goods: { from: { in: { files: "*.json" } }, format: { json: {} }, map: goods.jsonata }
          counts: { from: { in: { files: "*.txt" } }, format: { json: {} }, map: counts.jsonata }
          orders: { from: { in: { files: "*.ord" } }, format: { json: {} }, map: orders.jsonata }
          made: { from: { in: { files: "*.mad" } }, format: { json: {} }, map: made.jsonata }
        sinks:
          list:
            of: product
            where: "price > 5 and labels"
            map: list.jsonata
            to: { in: { file: list.csv, format: { csv: { fields: { gtin: text } } } } }
        """,
        "goods.jsonata": """
        /* price is
           what it costs */
        {"product": {
          "gtin": gtin,
          "price": amount
        }}
        """,
        "counts.jsonata": #"{"count": {"product": gtin, "place": shop, "quantity": price}}"#,
        // An order line's price, and a condition on what the system calls so.
        "orders.jsonata": """
        {"order": {"lines": lines.{"product": $omni_gtin(sku), "price": price}, "state": price > 5 ? "paid" : "open"}}
        """,
        "made.jsonata": """
        ($product := function($row) {
          {"gtin": $row.gtin, "price": $row.amount}
        }; {"product": $product($)})
        """,
        "list.jsonata": #"{"gtin": gtin}"#,
        "fixtures/goods/one.in.json": #"{"gtin": "06438012345675", "amount": 1}"#,
        "fixtures/goods/one.out.json": #"[{"product": {"gtin": "06438012345675", "price": 1}}]"#,
    ]

    private func kind(_ dry: DryInstallation) throws -> Kind {
        try #require(try dry.installation.model().kind("product"))
    }

    @Test func mappingsAreNamedWithTheLinesThatNameTheField() throws {
        let dry = try DryInstallation(Self.files)
        let impact = try SchemaImpact(dry.installation)
        let uses = try impact.uses(of: kind(dry), fields: ["price"])
        // Not the comment's lines, and not the mapping of counts: its product is a field, but its price is no product's.
        #expect(uses.first?.part == "goods" && uses.last?.part == "list, where", "\(uses)")
        let filter = try #require(uses.last)
        #expect(!filter.isSource && filter.file == "Connectors/test/connector.yaml" && filter.lines == [10])
        #expect(uses.map(\.part) == ["goods", "made", "list, where"], "\(uses)")
        #expect(uses.dropFirst().first?.lines == [2])
        let use = try #require(uses.first)
        #expect(use.connector == "test" && use.part == "goods" && use.isSource)
        #expect(use.file == "Connectors/test/goods.jsonata" && use.lines == [5])
        #expect(try impact.uses(of: kind(dry), fields: ["brand"]).isEmpty)
        #expect(try impact.uses(of: kind(dry), fields: []).map(\.part).contains("goods"))
    }

    @Test func rulesAreNamedWithThePlaceThatNamesTheField() throws {
        let dry = try DryInstallation(Self.files)
        let impact = try SchemaImpact(dry.installation)
        #expect(
            try impact.rules(of: kind(dry), naming: ["price", "gtin"]) == [
                "Schemas/product.rules.yaml: key: gtin", "Schemas/product.rules.yaml: fields.price",
                "Schemas/product.rules.yaml: fields.currency.with: price",
            ])
        #expect(try impact.rules(of: kind(dry), naming: ["shelf"]).isEmpty)
    }

    @Test func fixturesThatTheNewVersionRefusesAreNamed() throws {
        let dry = try DryInstallation(Self.files)
        let fixtures = try dry.fixtures()
        _ = try fixtures.run(updating: .everything)
        #expect(try SchemaImpact(dry.installation).failures(of: ["product"]).isEmpty)
        let path = "\(dry.folder)/Schemas/product.schema.json"
        var schema = try JSON(parsing: AtomicFile.read(path))
        schema["required"] = ["gtin", "name"]
        try AtomicFile.replace(path, with: schema.utf8)
        let failures = try SchemaImpact(dry.installation).failures(of: ["product"])
        #expect(failures.map(\.fixture) == ["test/goods/one"])
        #expect(failures.first?.reasons.contains { $0.contains("name") } == true, "\(failures)")
        #expect(try SchemaImpact(dry.installation).failures(of: ["customer"]).isEmpty)
    }

    /// Nobody has said yet what is to come of it: a version that takes it changes nothing.
    @Test func aFixtureWithoutExpectationIsNamedOnlyWhereTheNewVersionRefusesIt() throws {
        let dry = try DryInstallation(Self.files.filter { !$0.key.hasSuffix(".out.json") })
        let before = try SchemaImpact(dry.installation).failures(of: ["product"])
        #expect(before.isEmpty, "\(before)")
        let path = "\(dry.folder)/Schemas/product.schema.json"
        var schema = try JSON(parsing: AtomicFile.read(path))
        schema["required"] = ["gtin", "name"]
        try AtomicFile.replace(path, with: schema.utf8)
        let failures = try SchemaImpact(dry.installation).failures(of: ["product"])
        #expect(failures.map(\.fixture) == ["test/goods/one"])
        #expect(failures.first?.reasons.contains { $0.contains("name") } == true, "\(failures)")
    }
}
