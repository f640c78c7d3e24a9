import Canonical
import Document
import Testing

@testable import Connector

/// What a connector's mappings may not do is refused when it is loaded, by `connect` and by `connector test` alike.
@Suite struct MappingLoadTests {
    private static let connector = """
        system: till
        connections: { drop: { folder: drop } }
        sources:
          sales: { from: { drop: { files: "*.jsonl" } }, map: sales.jsonata }
        sinks:
          list: { of: product, where: "true", map: list.jsonata, to: { drop: { file: list.jsonl, format: json-lines } } }
        """

    private func place(
        source: String = "[]", sink: String = "{}", filter: String = "true", _ more: [String: String] = [:]
    ) throws -> DryInstallation {
        try DryInstallation(
            more.merging([
                "connector.yaml": Self.connector.replacing("where: \"true\"", with: "where: \"\(filter)\""),
                "sales.jsonata": source, "list.jsonata": sink,
            ]) { $1 })
    }

    @Test(arguments: ["$eval('1')", "$random()", "$shuffle([1, 2])"])
    func chanceAndUncheckedTextAreRefused(call: String) throws {
        let name = call.prefix { $0 != "(" }
        for problems in [
            try place(source: "\n" + call).problems(), try place(sink: "\n" + call).problems(),
            try place(filter: call).problems(),
        ] {
            #expect(problems.count == 2)
            #expect(problems.allSatisfy { $0.contains("U1003") && $0.contains(name) }, "\(problems)")
        }
        #expect(try place(source: "\n" + call).problems()[0].contains("Connectors/test/sales.jsonata:2:"))
    }

    /// Where the mapping's own variable of a name isn't in scope, the library's function is.
    @Test func aNameOfOnesOwnIsNoWayAround() throws {
        let problems = try place(source: "[function() {( $eval := 1 )}, $eval('2')]").problems()
        #expect(problems.count == 2 && problems.allSatisfy { $0.contains("U1003") }, "\(problems)")
    }

    @Test func aTableThatIsNotThereIsNamedWithFileAndLine() throws {
        for problem in try place(source: "\n\n  $omni_table(\"unit\", sku)", ["units.csv": "code,name\n"]).problems() {
            #expect(problem.contains("Connectors/test/sales.jsonata:3:"))
            #expect(problem.contains("'unit'") && problem.contains("units"))
        }
        #expect(try place(filter: "$exists($omni_table('unit', name))").problems().count == 2)
        #expect(try place(source: "$omni_table(\"units\", sku)", ["units.csv": "code,name\n"]).problems() == [])
    }

    @Test(arguments: [
        ("code,name\nPCE,piece\nPCE,again\n", "line 3"), ("code,name\nPCE\n", "line 2"), ("", "line 1"),
        ("code,name\n,nothing\n", "line 2"), ("code\n\"PCE", "line 2"),
    ])
    func aTableThatCantBeReadIsNamedWithItsLine(text: String, line: String) throws {
        let problems = try place(["units.csv": text]).problems()
        #expect(problems.count == 2)
        #expect(
            problems.allSatisfy { $0.contains("Connectors/test/units.csv") && $0.contains(line) }, "\(problems)")
        #expect(problems.allSatisfy { !$0.contains("PCE") }, "\(problems)")
    }

    /// It is there, though it can't be used: that it weren't would be a second problem, and a false one.
    @Test func aTableThatCantBeReadIsNotCalledMissing() throws {
        let place = try place(source: "$omni_table(\"units\", sku)", ["units.csv": "code,name\nPCE,a\nPCE,b\n"])
        for problem in place.problems() {
            #expect(problem.contains("line 3") && !problem.contains("there is no table"), "\(problem)")
        }
    }

    /// Its one column would be called `code;name`, and no code be found.
    @Test(arguments: [("code;name\nPCE;piece\n", "semicolons"), ("code\tname\r\n", "tabs"), ("a|b", "bars")])
    func aTableThatIsNotSeparatedByCommasIsNamed(text: String, expected: String) throws {
        let problems = try place(["units.csv": text]).problems()
        #expect(problems.count == 2)
        #expect(
            problems.allSatisfy { $0.contains("units.csv, line 1: ") && $0.contains("by \(expected)") }, "\(problems)")
        #expect(try place(["units.csv": "code,\"a;b\"\nPCE,1\n", "single.csv": "code\nPCE\n"]).problems() == [])
    }

    @Test func aTableBesideTheMappingIsLookedUp() throws {
        let place = try place(
            source: """
                {"product": {"gtin": gtin, "unit": $omni_table("units", unit).name, "size": $omni_table("units", unit).size}}
                """,
            [
                "units.csv": "code,name,size\nPCE,\"piece, one\",1\nCT,carton,\n",
                "fixtures/sales/a.in.jsonl": """
                {"gtin": "06438012345675", "unit": "PCE"}
                {"gtin": "06438012345675", "unit": "CT"}
                {"gtin": "06438012345675", "unit": "XX"}

                """,
                "fixtures/sales/a.out.json": """
                [{"type": "omni.product.stated", "key": "06438012345675",
                  "data": {"gtin": "06438012345675", "unit": "piece, one", "size": "1"}},
                 {"type": "omni.product.stated", "key": "06438012345675",
                  "data": {"gtin": "06438012345675", "unit": "carton"}},
                 {"type": "omni.product.stated", "key": "06438012345675", "data": {"gtin": "06438012345675"}}]
                """,
            ])
        #expect(try place.fixtures().run().map(\.differences) == [[]])
    }

    @Test func aTableIsReadByARunningConnectorToo() throws {
        let place = try Workplace([
            "connector.yaml": """
            system: till
            connections: { drop: { folder: "{folder}/drop" } }
            sources:
              sales: { from: { drop: { files: "*.jsonl", settled: 10ms } }, map: sales.jsonata }
            """,
            "sales.jsonata": #"{"product": {"gtin": gtin, "unit": $omni_table("units", unit).name}}"#,
            "units.csv": "code,name\nPCE,piece\n",
        ])
        try place.connected { _ in
            try place.drop("a.jsonl", #"{"gtin": "06438012345675", "unit": "PCE"}"#)
            let seen = try place.records(place.names.input(domain: "product"), count: 1)
            #expect(seen.first?.value?["unit"] == "piece")
        }
    }
}
