import Canonical
import Document
import Glibc
import Testing

@Suite struct FileSourceTests {
    private let connector = """
        system: importer
        connections:
          drop: { folder: "{folder}/drop" }
        sources:
          prices:
            from: { drop: { files: "prices*.jsonl", settled: 10ms } }
            format: json-lines
            map: price.jsonata
            page: 2
        """
    private let mapping = #"""
        {"product": {"gtin": gtin, "name": name, "price": price}, "self": number, "at": changed}
        """#

    private func line(_ gtin: String, _ name: String, _ number: String) -> String {
        #"{"gtin":"\#(gtin)","name":"\#(name)","price":19.90,"number":"\#(number)","changed":"2026-03-01T10:00:00Z"}"#
    }

    @Test func aDroppedFileBecomesEventsAndIsMovedAway() throws {
        let place = try Workplace(["connector.yaml": connector, "price.jsonata": mapping])
        try place.connected { _ in
            try place.drop(
                "prices-1.jsonl",
                [
                    line("06438012345675", "Sofa", "A1"), line("06438012345682", "Chair", "A2"),
                    line("96385074", "Bad", "A3"),
                ]
                .joined(separator: "\n"))
            let seen = try place.records(place.names.input(domain: "product"), count: 2)
            #expect(seen.map(\.key).sorted() == ["06438012345675", "06438012345682"])
            let sofa = try #require(seen.first { $0.key == "06438012345675" })
            #expect(sofa.type == "omni.product.stated")
            #expect(sofa.headers["ce_source"] == "/importer/prices")
            #expect(sofa.headers["ce_self"] == "A1")
            #expect(sofa.headers["ce_time"] == "2026-03-01T10:00:00Z")
            #expect(sofa.headers["ce_dataschema"] == "urn:omni:product:1")
            #expect(sofa.bytes == Array(#"{"gtin":"06438012345675","name":"Sofa","price":19.90}"#.utf8))
            // The third row breaks the schema: it ends as a dead letter with its bytes.
            let dead = try place.records(place.names.dead(of: "test"), count: 1)
            #expect(dead.first?.value?["number"] == "A3")
            #expect(dead.first?.headers["omni_position"] == "prices-1.jsonl, line 3")
            place.eventually { place.exists("drop/done/prices-1.jsonl") }
        }
    }

    /// What was moved in is whole at once; what lay there before may be growing still, and comes first all the same (I2).
    @Test func aFileWaitsForTheOnesBeforeIt() throws {
        let slow = connector.replacing("settled: 10ms", with: "settled: 600ms")
        let place = try Workplace(["connector.yaml": slow, "price.jsonata": mapping], partitions: 1)
        try place.drop("prices-1.jsonl", line("06438012345675", "Old", "A1"))
        try place.connected { _ in
            try place.drop("prices-2.part", line("06438012345675", "New", "A1"))
            let folder = "\(place.folder)/drop"
            #expect(rename("\(folder)/prices-2.part", "\(folder)/prices-2.jsonl") == 0)
            let seen = try place.records(place.names.input(domain: "product"), count: 2)
            #expect(seen.map { $0.value?["name"] } == ["Old", "New"])
        }
    }

    @Test func aRestartReadsOnBehindItsPosition() throws {
        let place = try Workplace(["connector.yaml": connector, "price.jsonata": mapping])
        try place.connected { _ in
            try place.drop("prices-1.jsonl", line("06438012345675", "Sofa", "A1"))
            _ = try place.records(place.names.input(domain: "product"), count: 1)
            place.eventually { place.exists("drop/done/prices-1.jsonl") }
        }
        try place.connected { _ in
            try place.drop("prices-2.jsonl", line("06438012345682", "Chair", "A2"))
            let seen = try place.records(place.names.input(domain: "product"), count: 2)
            #expect(seen.count == 2)
            place.eventually { place.exists("drop/done/prices-2.jsonl") }
        }
        let positions = try place.records(place.names.position(connector: "test"))
        #expect(positions.last?.key == "prices")
        #expect(positions.last?.value?["position"]?["file"] == "prices-2.jsonl")
    }
}
