import Document
import Installation
import Testing
import Transports

@testable import Connector

/// `omni map run` and `omni map try`: a mapping, an input, what comes of it.
@Suite struct WorkbenchTests {
    private func place() throws -> DryInstallation {
        try DryInstallation([
            "connector.yaml": """
            system: till
            connections: { drop: { folder: drop } }
            sources:
              sales: { from: { drop: { files: "*.csv" } }, format: csv, map: both.jsonata }
              more: { from: { drop: { files: "*.jsonl" } }, map: both.jsonata }
            sinks:
              list: { of: product, map: list.jsonata, to: { drop: { file: list.jsonl, format: json-lines } } }
            """,
            "both.jsonata": #"{"product": {"gtin": $omni_gtin(ean), "name": title}}"#,
            "list.jsonata": #"{"key": $key, "name": name}"#, "plain.jsonata": "$sum(a)",
            "fixtures/sales/one.in.csv": "ean,title\n6438012345675,Sofa\n",
            "fixtures/sales/one.out.json": "[]",
        ])
    }

    @Test func aSourcesMappingRunsAsTheSourceDoes() throws {
        let place = try place()
        defer { withExtendedLifetime(place) {} }
        let path = "\(place.folder)/Connectors/test/both.jsonata"
        let bench = try Workbench(path, in: place.installation, as: "sales")
        #expect(bench.place == "test/sales")
        let trial = try bench.run(Array("ean,title\n6438012345675,Sofa\n1,Chair\n".utf8), ext: "csv")
        #expect(trial.results.first?["data"] == ["gtin": "06438012345675", "name": "Sofa"])
        #expect(trial.refusals.count == 1 && trial.refusals[0].contains("gtin"))
        let fixture = try #require(bench.cases.first)
        #expect(fixture.name == "sales/one")
        let again = try bench.run(try AtomicFile.read(fixture.path), ext: fixture.ext)
        #expect(fixture.differences(again).count == 1)
    }

    @Test func aMappingOfSeveralSourcesAsksWhichIsMeant() throws {
        let place = try place()
        defer { withExtendedLifetime(place) {} }
        let path = "\(place.folder)/Connectors/test/both.jsonata"
        #expect(throws: ConfigurationError.self) { try Workbench(path, in: place.installation) }
        #expect(throws: ConfigurationError.self) { try Workbench(path, in: place.installation, as: "other") }
        #expect(try Workbench(path, in: place.installation, as: "more").place == "test/more")
    }

    @Test func aSinksMappingTakesAGoldenRecordOrItsDataAlone() throws {
        let place = try place()
        defer { withExtendedLifetime(place) {} }
        let bench = try Workbench("\(place.folder)/Connectors/test/list.jsonata", in: place.installation)
        let golden = try bench.run(Array(#"{"key": "1", "data": {"name": "Sofa"}}"#.utf8))
        #expect(golden.results == [["put": ["key": "1", "name": "Sofa"]]])
        let bare = try bench.run(Array(#"{"name": "Sofa"}"#.utf8))
        #expect(bare.results == [["put": ["key": "", "name": "Sofa"]]])
        #expect(bare.notes.count == 1 && bare.notes[0].contains("no key"))
        // The key follows from the data, as it does in the hub.
        let keyed = try bench.run(Array(#"{"gtin": "06438012345675", "name": "Sofa"}"#.utf8))
        #expect(keyed.results == [["put": ["key": "06438012345675", "name": "Sofa"]]] && keyed.notes == [])
        let printed = #"{"entity": "product", "key": "1", "revision": 7, "document": {"name": "Sofa"}}"#
        #expect(try bench.run(Array(printed.utf8)).results == [["put": ["key": "1", "name": "Sofa"]]])
    }

    @Test func aSinksFileIsShownAsItIsWritten() throws {
        let place = try DryInstallation([
            "connector.yaml": """
            system: till
            connections: { drop: { folder: drop }, till: { sqlite: till.db } }
            sinks:
              list:
                of: product
                map: list.jsonata
                to: { drop: { file: list.csv, format: { csv: { fields: { number: text, name: text, price: number } } } } }
              rows: { of: customer, map: rows.jsonata, to: { till: { upsert: article, key: ean } } }
            """,
            "list.jsonata": #"{"number": $key, "name": name, "price": price}"#, "rows.jsonata": #"{"ean": $key}"#,
        ])
        defer { withExtendedLifetime(place) {} }
        let bench = try Workbench("\(place.folder)/Connectors/test/list.jsonata", in: place.installation)
        let one = try bench.run(Array(#"{"key": "1", "data": {"name": "Sofa, green", "price": 19.90}}"#.utf8))
        #expect(
            one.file.map { String(decoding: $0, as: UTF8.self) } == "number,name,price\r\n1,\"Sofa, green\",19.90\r\n")
        // What the format refuses isn't in it.
        let refused = try bench.run(Array(#"{"key": "1", "data": {"name": "Sofa", "price": "cheap"}}"#.utf8))
        #expect(refused.refusals.count == 1)
        #expect(refused.file.map { String(decoding: $0, as: UTF8.self) } == "number,name,price\r\n")
        let rows = try Workbench("\(place.folder)/Connectors/test/rows.jsonata", in: place.installation)
        #expect(try rows.run(Array(#"{"key": "1", "data": {}}"#.utf8)).file == nil)
    }

    @Test func whatTheSystemIsNotMeantToHaveIsSaid() throws {
        let place = try DryInstallation([
            "connector.yaml": """
            system: till
            connections: { drop: { folder: drop } }
            sinks:
              list:
                of: product
                where: "name != 'Chair'"
                map: list.jsonata
                to: { drop: { file: list.jsonl, format: json-lines } }
            """,
            "list.jsonata": #"{"key": $key, "name": name}"#,
        ])
        defer { withExtendedLifetime(place) {} }
        let bench = try Workbench("\(place.folder)/Connectors/test/list.jsonata", in: place.installation)
        let wanted = try bench.run(Array(#"{"key": "1", "data": {"name": "Sofa"}}"#.utf8))
        #expect(wanted.notes == [])
        let unwanted = try bench.run(Array(#"{"key": "1", "data": {"name": "Chair"}}"#.utf8))
        #expect(unwanted.notes.count == 1 && unwanted.notes[0].contains("'where' doesn't hold"))
        let erased = try bench.run(Array(#"{"key": "1", "verb": "erased", "data": {}}"#.utf8))
        #expect(erased.notes == [])
    }

    @Test func aSourceAndASinkOfOneNameHaveTheirOwnFixtures() throws {
        let place = try DryInstallation([
            "connector.yaml": """
            system: till
            connections: { drop: { folder: drop } }
            sources: { articles: { from: { drop: { files: "*.jsonl" } }, map: in.jsonata } }
            sinks: { articles: { of: product, map: out.jsonata, to: { drop: { file: list.jsonl, format: json-lines } } } }
            """,
            "in.jsonata": #"{"product": {"gtin": $omni_gtin(ean), "name": title}}"#,
            "out.jsonata": #"{"key": $key, "name": name}"#,
            "fixtures/articles/read.in.json": #"{"ean": "6438012345675", "title": "Sofa"}"#,
            "fixtures/articles/written.in.json": #"{"key": "06438012345675", "data": {"name": "Sofa"}}"#,
        ])
        defer { withExtendedLifetime(place) {} }
        func cases(_ file: String) throws -> [String] {
            try Workbench("\(place.folder)/Connectors/test/\(file)", in: place.installation).cases.map(\.name)
        }
        #expect(try cases("in.jsonata") == ["articles/read"])
        #expect(try cases("out.jsonata") == ["articles/written"])
    }

    @Test func aGoldenRecordThatIsNoObjectIsRefused() throws {
        let place = try place()
        defer { withExtendedLifetime(place) {} }
        let bench = try Workbench("\(place.folder)/Connectors/test/list.jsonata", in: place.installation)
        for data in ["5", "[]", "null", "\"{}\""] {
            let trial = try bench.run(Array(#"{"key": "1", "data": \#(data)}"#.utf8))
            #expect(trial.results == [["refused": "the golden record is no JSON object"]], "\(data)")
        }
    }

    @Test func anyOtherFileIsAPlainExpression() throws {
        let place = try place()
        defer { withExtendedLifetime(place) {} }
        let file = "\(place.folder)/sum.jsonata"
        try AtomicFile.replace(file, with: Array("a > 3 ? $error(\"big\") : $sum(b)".utf8))
        let bench = try Workbench(file, in: nil)
        #expect(bench.place == nil && bench.cases == [])
        #expect(try bench.run(Array(#"{"b": [1, 2]}"#.utf8)).results == [3])
        #expect(try bench.run(Array("{}".utf8)).results == [])
        let failed = try bench.run(Array(#"{"a": 4}"#.utf8))
        #expect(failed.results == [] && failed.refusals.count == 1 && failed.refusals[0].contains("sum.jsonata:1:"))
        #expect(throws: JSONError.self) { try bench.run(Array("{".utf8)) }
    }
}
