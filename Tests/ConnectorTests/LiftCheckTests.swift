import Canonical
import Document
import Installation
import Mapping
import Testing
import Transports

@testable import Connector

/// Mappings between versions are checked, tried and tested as a connector's are.
@Suite struct LiftCheckTests {
    /// Version 2 of product calls `brand` `maker`, and its prices are objects.
    private static func raised(
        _ lift: String, fixtures: [String: String] = [:], isOpen: Bool = false
    ) throws -> DryInstallation {
        let dry = try DryInstallation([:])
        let path = "\(dry.folder)/Schemas/product"
        let before = try AtomicFile.read("\(path).schema.json")
        try AtomicFile.replace("\(path).v1.schema.json", with: before)
        try AtomicFile.replace("\(path).v1.jsonata", with: Array(lift.utf8))
        var schema = try JSON(parsing: before)
        schema["$id"] = "urn:omni:product:2"
        schema["properties"]?["brand"] = nil
        schema["properties"]?["maker"] = ["type": ["string", "null"]]
        if !isOpen { schema["additionalProperties"] = false }
        schema["required"] = ["gtin", "maker"]
        try AtomicFile.replace("\(path).schema.json", with: schema.utf8)
        for (name, text) in fixtures {
            try Folders.create("\(dry.folder)/Schemas/fixtures/product.v1")
            try AtomicFile.replace("\(dry.folder)/Schemas/fixtures/product.v1/\(name)", with: Array(text.utf8))
        }
        return dry
    }

    private static let rename = #"$ ~> |$|{"maker": brand}, ["brand"]|"#
    private static let sofa = #"{"gtin": "06438012345675", "brand": "Kotona"}"#

    private func findings(_ lift: String, isOpen: Bool = false) throws -> [String] {
        let dry = try Self.raised(lift, isOpen: isOpen)
        let reports = LiftCheck.reports(try withExtendedLifetime(dry) { try dry.installation.model() })
        #expect(reports.map(\.file) == ["Schemas/product.v1.jsonata"])
        return reports[0].findings.map { "\($0.line):\($0.column) \($0.rule.rawValue): \($0.message)" }
    }

    @Test func aMappingIsReadAgainstBothVersions() throws {
        #expect(try findings(Self.rename).isEmpty)
        let absent = try findings("{\n  \"gtin\": gtin,\n  \"maker\": brnad\n}")
        #expect(absent.contains("3:12 absent: there is no \"brnad\" here; did you mean \"brand\"?"), "\(absent)")
        let unknown = try findings(#"{"gtin": gtin, "makre": brand}"#)
        #expect(unknown.contains { $0.contains("no \"makre\"; did you mean \"maker\"?") }, "\(unknown)")
        #expect(unknown.contains { $0.contains("\"maker\" is required") }, "\(unknown)")
        let inside = try findings(#"$ ~> |$|{"maker": brnad}, ["brandd"]|"#)
        // The old name isn't deleted, and what is deleted isn't there.
        let expected = [
            "1:1 missing-field: \"maker\" is required by the schema of product, and is never given",
            "1:1 unknown-field: the schema of product has no \"brand\"",
            "1:19 absent: there is no \"brnad\" here; did you mean \"brand\"?",
            "1:28 absent: there is no \"brandd\" here; did you mean \"brand\"?",
        ]
        #expect(inside == expected, "\(inside)")
        #expect(
            try findings(#"$ ~> |$|{"maker": 7}, "brand"|"#).contains { $0.contains("product's \"maker\" is a number") }
        )
        #expect(try findings("brand").contains { $0.contains("gives a document of version 2") })
        #expect(try findings("{").contains { $0.hasPrefix("1:") && $0.contains("language") })
        #expect(
            try findings("$merge([$,\n  {\"maker\": $omni_ref(\"product\", \"till\", gtin)}])").contains {
                $0.hasPrefix("2:13 language: $omni_ref asks what connectors alone know")
            })
    }

    /// What a document held under a name that is gone may stay there, where the schema is open (I10); what the mapping writes is
    /// looked at all the same.
    @Test func whatIsOnlyPassedOnMayBeUnknown() throws {
        let kept = #"$ ~> |$|{"maker": brand}|"#
        #expect(try findings(kept, isOpen: true) == [])
        #expect(try findings(kept) == ["1:1 unknown-field: the schema of product has no \"brand\""])
        #expect(
            try findings(#"$ ~> |$|{"maker": brand, "makr": 1}|"#, isOpen: true).contains {
                $0.contains("1:26 unknown-field: the schema of product has no \"makr\"; did you mean \"maker\"?")
            })
    }

    @Test func fixturesShowWhatComesOfADocument() throws {
        let dry = try Self.raised(
            Self.rename,
            fixtures: [
                "good.in.json": Self.sofa, "bad.in.json": #"{"gtin": "06438012345675", "brand": 7}"#,
                "good.out.json": #"[{"gtin": "06438012345675", "maker": "Kotona"}]"#,
            ])
        let fixtures = try LiftFixtures(dry.installation)
        #expect(fixtures.unshown.isEmpty && fixtures.strays.isEmpty)
        let outcomes = try fixtures.run()
        #expect(outcomes.map(\.name) == ["product.v1/bad", "product.v1/good"])
        #expect(outcomes.map(\.isFine) == [false, true])
        #expect(outcomes[0].refusals.first?.contains("/brand") == true)
        #expect(try fixtures.run(updating: .meant).map(\.update) == [.withheld, .none])
        guard case .written = try fixtures.run(updating: .everything)[0].update else {
            Issue.record("it is to be written")
            return
        }
        let impact = try SchemaImpact(dry.installation)
        #expect(try impact.failures(of: ["product"]).allSatisfy { !$0.fixture.hasPrefix("Schemas/") })
    }

    @Test func aFixtureThatComesOutOtherwiseBreaksASchemaCheck() throws {
        let dry = try Self.raised(
            Self.rename,
            fixtures: ["a.in.json": Self.sofa, "a.out.json": #"[{"gtin": "06438012345675", "maker": "Other"}]"#])
        let impact = try SchemaImpact(dry.installation)
        #expect(try impact.failures(of: ["product"]).map(\.fixture).contains("Schemas/product.v1/a"))
    }

    @Test func aMappingIsTriedOut() throws {
        let dry = try Self.raised(Self.rename, fixtures: ["good.in.json": Self.sofa])
        let bench = try Workbench("\(dry.folder)/Schemas/product.v1.jsonata", in: dry.installation)
        #expect(bench.place == "Schemas/product.v1" && bench.cases.map(\.name) == ["product.v1/good"])
        let trial = try bench.run(Array(Self.sofa.utf8))
        #expect(trial.results == [["gtin": "06438012345675", "maker": "Kotona"]] && trial.refusals.isEmpty)
        let refused = try bench.run(Array(#"{"gtin": "06438012345675"}"#.utf8))
        #expect(refused.results.isEmpty && refused.refusals.first?.contains("maker") == true)
    }
}
