import Canonical
import Document
import Testing

@Suite struct RulesTests {
    static func rules(_ text: String) throws -> Rules { try Rules(JSON(parsing: text), entity: "product") }

    @Test func decodesEveryStrategy() throws {
        let rules = try Self.rules(
            #"""
            {"key": "gtin", "default": {"latest": "any"}, "delete": {"owner": "importer"}, "fields": {
              "name": {"priority": ["shop", "importer"]}, "price": {"latest": ["till", "wholesaler"]},
              "currency": {"with": "price"}, "image": {"owner-only": "shop"}, "text": "most-complete",
              "labels": {"union": {"by": "code"}}, "tags": "union", "high": "max", "low": "min"}}
            """#)
        #expect(rules.key == "gtin" && rules.deletion == .owner("importer") && rules.fallback == .latest(.any))
        #expect(
            rules.fields.map(\.strategy) == [
                .priority(["shop", "importer"]), .latest(.systems(["till", "wholesaler"])), .with("price"),
                .ownerOnly("shop"), .mostComplete, .union(by: "code"), .union(by: nil), .max, .min,
            ])
        #expect(rules.strategy(of: "name") == .priority(["shop", "importer"]))
        #expect(rules.strategy(of: "other") == .latest(.any))
        #expect(rules.systems == ["shop", "importer", "till", "wholesaler"])
    }

    @Test(arguments: [
        (#"{"keys": "gtin"}"#, "", "did you mean 'key'"),
        (#"{"fields": {"name": {"prioriti": ["a"]}}}"#, "fields.name", "did you mean 'priority'"),
        (#"{"fields": {"name": "lastest"}}"#, "fields.name", "did you mean 'latest'"),
        (#"{"fields": {"name": {"max": 1}}}"#, "fields.name", "stands alone"),
        (#"{"fields": {"name": "priority"}}"#, "fields.name", "needs a value"),
        (#"{"fields": {"name": {"priority": []}}}"#, "fields.name.priority", "list of systems"),
        (#"{"fields": {"name": {"priority": ["a", "a"]}}}"#, "fields.name.priority", "twice"),
        (#"{"fields": {"name": {"latest": ["a"], "with": "b"}}}"#, "fields.name", "exactly one"),
        (#"{"fields": {"a": {"with": "b"}, "b": {"with": "c"}}}"#, "fields.a.with", "follows a field itself"),
        (#"{"fields": {"a": {"with": "a"}}}"#, "fields.a.with", "itself"),
        (#"{"fields": {"a": {"union": {"key": "b"}}}}"#, "fields.a.union", "there are: by"),
        (#"{"delete": "always"}"#, "delete", "any, never"),
        (#"{"delete": {"ownr": "a"}}"#, "delete", "did you mean 'owner'"),
        (#"{"match": [{"field": "x", "as": "telephon"}]}"#, "match.as", "there are: email, phone, code"),
        (#"{"match": [{"field": "x", "country": "+358"}]}"#, "match", "as: phone"),
        (#"{"ledger": {"skew": "30"}}"#, "ledger.skew", "500ms"),
        (#"{"ledger": {"skew": "2h", "horizon": "1h"}}"#, "ledger.horizon", "longer"),
        ("[]", "", "mapping"),
    ])
    func refusesWithPlaceAndRemedy(text: String, place: String, reason: String) throws {
        let error = try #require(throws: RulesError.self) { try Self.rules(text) }
        #expect(error.place == place)
        #expect(error.reason.contains(reason), "\(error)")
    }

    @Test func versionFollowsContent() throws {
        #expect(try Self.rules(#"{"key": "a"}"#).version == Self.rules(#"{"key": "a"}"#).version)
        #expect(try Self.rules(#"{"key": "a"}"#).version != Self.rules(#"{"key": "b"}"#).version)
        #expect(try Self.rules(#"{"key": "a"}"#).version.count == 8)
    }

    @Test func customersMatchByFieldsInTheirForm() throws {
        let rules = try Self.rules(
            #"{"match": ["email", {"field": "phone", "as": "phone", "country": 358}, "loyalty"]}"#)
        #expect(
            rules.match == [
                MatchField(field: "email", form: .email), MatchField(field: "phone", form: .phone(country: "358")),
                MatchField(field: "loyalty", form: .code),
            ])
    }

    @Test func ledgerReadsTimes() throws {
        let rules = try Self.rules(
            #"{"ledger": {"skew": "500ms", "horizon": "30d", "remember": "2h", "backorder": 2.5}}"#)
        #expect(rules.ledger.skew == 500 && rules.ledger.horizon == 2_592_000_000)
        #expect(rules.ledger.remember == 7_200_000 && rules.ledger.backorder == Number("2.5"))
    }
}
