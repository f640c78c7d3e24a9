import Document
import Testing

@testable import Demo

/// What the final table says of copies, of what is lacking, and of what should not be there.
@Suite struct VerdictTests {
    static let sofa = GoldenRecord(
        key: "09520001000010",
        document: ["name": "Sofa \"Aurora\", three-seater, blue", "price": 899, "currency": "EUR"])
    static let aino = GoldenRecord(
        key: "5b0f",
        document: [
            "givenName": "Aino", "familyName": "Virtanen", "address": ["addressLocality": "Tampere"],
            "members": [["system": "till", "id": "81"], ["system": "crm", "id": "C-000123"]],
        ])

    static func row(_ key: String, _ fields: [(String, JSON)], id: String? = nil) -> SystemRow {
        SystemRow(key: key, id: id ?? key, fields: fields.map { JSON.Member($0.0, $0.1) })
    }

    static func compare(
        _ entity: String, in system: String, _ golden: [GoldenRecord], _ rows: [SystemRow],
        _ audience: Audience = Audience()
    ) -> [Verdict.Copy] {
        Verdict.compare(entity, in: system, golden: golden, rows: rows, audience: audience)
    }

    @Test func aCopyAgreesWhenItHoldsWhatItsSystemCanHold() {
        let cut = Self.row(Self.sofa.key, [("name", "Sofa \"Aurora\", three"), ("price", 899), ("currency", "EUR")])
        let copies = Self.compare("product", in: "till", [Self.sofa], [cut])
        #expect(copies.map(\.findings) == [[]])
    }

    @Test func aFieldThatDiffersIsNamedWithBothValues() {
        let old = Self.row(Self.sofa.key, [("name", "Sofa \"Aurora\", three"), ("price", 879), ("currency", "EUR")])
        let copies = Self.compare("product", in: "till", [Self.sofa], [old])
        #expect(copies.map(\.findings) == [[.field("price", held: 879, expected: 899)]])
        #expect(copies[0].findings[0].text == "price: holds 879, should hold 899")
    }

    @Test func aCopyThatShouldBeThereIsMissing() {
        #expect(Self.compare("product", in: "importer", [Self.sofa], []).map(\.findings) == [[.missing]])
        #expect(Self.compare("product", in: "shop", [Self.sofa], []).isEmpty, "the shop never sold it")
        var audience = Audience()
        audience.note("shop", "product", [Self.sofa.key])
        #expect(Self.compare("product", in: "shop", [Self.sofa], [], audience).map(\.findings) == [[.missing]])
    }

    @Test func aCopyOfNothingIsExtra() {
        let row = Self.row("09520001000027", [("price", 1)])
        #expect(Self.compare("product", in: "till", [Self.sofa], [row]).map(\.findings) == [[.extra]])
    }

    @Test func customersAreFoundByTheirNumberInEachSystem() {
        let crm = Self.row(
            "C-000123",
            [
                ("givenName", "Aino"), ("familyName", "Virtanen"), ("address.addressLocality", "TAMPERE"),
            ])
        #expect(Self.compare("customer", in: "crm", [Self.aino], [crm]).map(\.findings) == [[]])
        #expect(Self.compare("customer", in: "till", [Self.aino], []).map(\.findings) == [[.missing]])
        #expect(Self.compare("customer", in: "shop", [Self.aino], []).isEmpty, "she has no account there")
        let twin = Self.row("C-000131", [("givenName", "Aino")])
        let copies = Self.compare("customer", in: "crm", [Self.aino], [crm, twin])
        #expect(copies.filter { !$0.findings.isEmpty }.map(\.key) == ["C-000131"])
    }

    @Test(arguments: [
        ("till", "helsinki-1", true), ("till", "hanko-port", false), ("importer", "helsinki-1", true),
        ("wholesaler", "hanko-port", true), ("shop", "helsinki-1", false), ("crm", "helsinki-1", false),
    ])
    func stockIsExpectedWhereItConcernsSomebody(system: String, place: String, isExpected: Bool) {
        let position = GoldenRecord(key: "09520001000010@\(place)", document: ["available": 1])
        #expect(Audience().expects(position, of: "stock", in: system) == isExpected)
    }

    @Test func theShopIsToldOfTheStockOfWhatItSells() {
        var audience = Audience()
        audience.note("shop", "product", ["09520001000010"])
        let position = GoldenRecord(key: "09520001000010@hanko-port", document: ["available": 1])
        #expect(audience.expects(position, of: "stock", in: "shop"))
    }

    @Test func aRefusedClaimIsNoHold() {
        let claim = GoldenRecord(key: "r", document: ["place": "helsinki-1", "state": "refused"])
        let hold = GoldenRecord(key: "r", document: ["place": "helsinki-1", "state": "fulfilled"])
        #expect(!Audience().expects(claim, of: "reservation", in: "till"))
        #expect(Audience().expects(hold, of: "reservation", in: "till"))
    }

    @Test func nothingAtAllIsNotConsistent() {
        #expect(!Verdict().isConsistent)
        var verdict = Verdict()
        verdict.copies = Self.compare("product", in: "importer", [Self.sofa], [])
        #expect(!verdict.isConsistent)
        #expect(verdict.findings == ["importer product 09520001000010: has no copy"])
    }

    @Test func theOutcomeNeedsEveryStoryAndEveryCopy() {
        var outcome = Outcome()
        #expect(!outcome.isConsistent)
        outcome.stories = [.init(name: "day-one", passed: true, seconds: 1.5)]
        #expect(!outcome.isConsistent, "the final table wasn't reached")
        outcome.systems = [.init(name: "till", entities: 3, differences: 0)]
        outcome.seconds = 2.25
        #expect(outcome.isConsistent)
        let json: JSON = [
            "consistent": true, "stories": [["name": "day-one", "passed": true, "seconds": .number(Number("1.5")!)]],
            "systems": [["name": "till", "entities": 3, "differences": 0]], "seconds": .number(Number("2.25")!),
        ]
        #expect(outcome.json == json)
        outcome.systems.append(.init(name: "shop", entities: 0, differences: 0))
        #expect(!outcome.isConsistent, "a system without copies proves nothing")
        outcome.systems[1] = .init(name: "shop", entities: 2, differences: 1)
        #expect(!outcome.isConsistent)
        outcome.systems.removeLast()
        outcome.failure = "the hub drifts"
        #expect(!outcome.isConsistent)
        #expect(outcome.json["failure"] == "the hub drifts")
    }
}
