import Document
import Installation
import Testing

@testable import Connector

/// The fixtures that come free with every fixture.
@Suite struct VariationTests {
    private func complaints(
        source: String, _ input: String, file: String = "a.in.json", sink: String = "{\"name\": name}",
        golden: String? = nil
    ) throws -> [String] {
        var files = [
            "connector.yaml": """
            system: till
            connections: { drop: { folder: drop } }
            sources:
              sales: { from: { drop: { files: "*.jsonl" } }, map: sales.jsonata }
            sinks:
              list: { of: product, map: list.jsonata, to: { drop: { file: list.jsonl, format: json-lines } } }
            """,
            "sales.jsonata": source, "list.jsonata": sink, "fixtures/sales/\(file)": input,
        ]
        files["fixtures/list/b.in.json"] = golden
        let place = try DryInstallation(files)
        let all = try withExtendedLifetime(place) { try place.fixtures().variations() }
        #expect(!all.isEmpty && all.allSatisfy { $0.count > 4 })
        return all.flatMap { varied in varied.complaints.map { "\(varied.name): \($0)" } }
    }

    private static let article = #"{"ean": "6438012345675", "title": "Sofa", "colour": {"code": 3}}"#

    @Test func aMappingThatOnlyMovesFieldsPasses() throws {
        let map = #"{"product": {"gtin": $omni_gtin(ean), "name": title}, "self": ean}"#
        #expect(try complaints(source: map, Self.article) == [])
        let lines = Self.article + "\n" + Self.article.replacing("6438012345675", with: "6438012345682") + "\n"
        #expect(try complaints(source: map, lines, file: "a.in.jsonl") == [])
    }

    @Test func anAbsentFieldThatComesOutAsNullIsNamed() throws {
        let map = #"{"product": {"gtin": $omni_gtin(ean), "name": title ? title : null}}"#
        #expect(
            try complaints(source: map, Self.article).contains {
                $0.hasPrefix("sales/a: without \"title\" there is a null at /data/name")
            })
    }

    @Test func aFieldThatNobodyKnowsMustNotMatter() throws {
        let map = #"{"product": {"gtin": $omni_gtin(ean), "name": $string($count($keys($)))}}"#
        #expect(
            try complaints(source: map, Self.article).contains(
                "sales/a: a field that nobody knows changes the result"))
        let inner = #"{"product": {"gtin": $omni_gtin(ean), "name": $string($count($keys(colour)))}}"#
        #expect(
            try complaints(source: inner, Self.article).contains(
                "sales/a: a field that nobody knows in \"colour\" changes the result"))
    }

    @Test func aSinkIsVariedToo() throws {
        let golden = #"{"key": "06438012345675", "data": {"gtin": "06438012345675", "name": "Sofa"}}"#
        let map = #"{"product": {"gtin": $omni_gtin(ean)}}"#
        #expect(try complaints(source: map, Self.article, golden: golden) == [])
        #expect(
            try complaints(source: map, Self.article, sink: "{\"name\": name ? name : null}", golden: golden).contains {
                $0.hasPrefix("list/b: without \"name\" there is a null at /put/name")
            })
    }

    @Test func whatTheRepositorysConnectorsMakeOfVariationsIsFine() throws {
        let installation = try Installation.load(folder: Workplace.repository, surroundings: .unneeded)
        for name in installation.connectors {
            for varied in try Fixtures(installation, name).variations() {
                #expect(varied.complaints == [], "\(name)/\(varied.name)")
            }
        }
    }
}
