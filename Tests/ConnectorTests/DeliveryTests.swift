import Canonical
import Document
import Testing

@Suite struct DeliveryTests {
    private let connector = """
        system: importer
        connections:
          drop: { folder: "{folder}/drop" }
          in: { folder: "{folder}/drop/in" }
        sources:
          prices:
            from: { drop: { files: "*.jsonl", settled: 10ms } }
            format: json-lines
            map: price.jsonata
            delivers: everything
            of: product
            own: number
            unique: gtin
        sinks:
          list:
            of: product
            map: list.jsonata
            to: { in: { file: list.jsonl, format: json-lines } }
            batch: { records: 10, wait: 5ms }
        """
    private let files = [
        "price.jsonata": #"gtin != "bad" ? {"product": {"gtin": gtin, "name": name}, "self": number} : $reject("bad")"#,
        "list.jsonata": #"{"gtin": $key, "name": name}"#,
    ]
    private let gtins = ["06438012345675", "06438012345682", "06438012345699"]

    private func list(_ rows: [(String, Int)]) -> String {
        rows.map { #"{"gtin":"\#($0.0)","name":"N","number":"A\#($0.1)"}"# }.joined(separator: "\n")
    }

    @Test func whatACompleteDeliveryLacksIsReportedDeleted() throws {
        let place = try Workplace(files.merging(["connector.yaml": connector]) { $1 })
        for (number, gtin) in gtins.enumerated() { try place.identify("product", "importer", "A\(number)", as: gtin) }
        let topic = place.names.input(domain: "product")
        try place.connected { running in
            place.eventually { running.knows("product", "importer", "A2") }
            // The third row is refused, but its number is there: it isn't gone. The second one is.
            try place.drop("a.jsonl", list([(gtins[0], 0), ("bad", 2)]))
            let seen = try place.records(topic, count: 2)
            #expect(seen.map(\.type).sorted() == ["omni.product.deleted", "omni.product.stated"])
            let deleted = try #require(seen.first { $0.type == "omni.product.deleted" })
            #expect(deleted.key == gtins[1] && deleted.headers["ce_self"] == "A1")
            #expect(deleted.value == .object([]))
            place.eventually { place.exists("drop/done/a.jsonl") }
            // An empty list would delete everything: it isn't believed.
            try place.drop("b.jsonl", "")
            place.eventually { place.exists("drop/done/b.jsonl") }
            #expect(try place.records(topic).count == 2)
        }
    }

    private func deletions(_ place: Workplace) throws -> [String] {
        try place.records(place.names.input(domain: "product")).filter { $0.type == "omni.product.deleted" }.map(\.key)
    }

    private func deliver(_ name: String, _ rows: [(String, Int)], to place: Workplace) throws {
        try place.drop(name, list(rows))
        place.eventually { place.exists("drop/done/\(name)") }
    }

    @Test func aDeletionIsReportedOnceThroughRestartsAndDoubts() throws {
        let place = try Workplace(files.merging(["connector.yaml": connector]) { $1 })
        for (number, gtin) in gtins.enumerated() { try place.identify("product", "importer", "A\(number)", as: gtin) }
        let both = [(gtins[0], 0), (gtins[2], 2)]
        for name in ["a.jsonl", "b.jsonl"] {
            try place.connected { running in
                place.eventually { running.knows("product", "importer", "A2") }
                try deliver(name, both, to: place)
            }
            #expect(try deletions(place) == [gtins[1]])
        }
        try place.connected { running in
            place.eventually { running.knows("product", "importer", "A2") }
            // A list that isn't believed says nothing about what was reported before it.
            try deliver("c.jsonl", [], to: place)
            try deliver("d.jsonl", both, to: place)
            #expect(try deletions(place) == [gtins[1]])
            // It came back, and goes again: that is another deletion.
            try deliver("e.jsonl", both + [(gtins[1], 1)], to: place)
        }
        try place.connected { running in
            place.eventually { running.knows("product", "importer", "A2") }
            try deliver("f.jsonl", both, to: place)
            #expect(try deletions(place) == [gtins[1], gtins[1]])
        }
    }

    @Test func whatTheSystemItselfCalledDeletedIsNotReportedMissingToo() throws {
        let place = try Workplace(
            files.merging([
                "connector.yaml": connector,
                "price.jsonata":
                    #"{"product": {"gtin": gtin, "name": name}, "self": number, "deleted": name = "gone"}"#,
            ]) { $1 })
        for (number, gtin) in gtins.enumerated() { try place.identify("product", "importer", "A\(number)", as: gtin) }
        let both = [(gtins[0], 0), (gtins[2], 2)]
        try place.connected { running in
            place.eventually { running.knows("product", "importer", "A2") }
            let gone = #"{"gtin":"\#(gtins[1])","name":"gone","number":"A1"}"#
            try place.drop("a.jsonl", list(both) + "\n" + gone)
            place.eventually { place.exists("drop/done/a.jsonl") }
        }
        try place.connected { running in
            place.eventually { running.knows("product", "importer", "A2") }
            try deliver("b.jsonl", both, to: place)
        }
        #expect(try deletions(place) == [gtins[1]])
    }

    @Test func aRepeatedRowAndABrokenFileAreDeadLetters() throws {
        let place = try Workplace(files.merging(["connector.yaml": connector]) { $1 })
        try place.connected { _ in
            try place.drop("a.jsonl", list([(gtins[0], 0), (gtins[0], 1)]) + "\n{\"gtin\": \n" + list([(gtins[1], 2)]))
            let dead = try place.records(place.names.dead(of: "test"), count: 2)
            #expect(dead.map { $0.headers["omni_position"] } == ["a.jsonl, line 2", "a.jsonl, line 3"])
            #expect(dead[0].headers["omni_reason"]?.contains("gtin stands in this delivery already") == true)
            #expect(String(decoding: dead[1].bytes, as: UTF8.self).hasPrefix("{\"gtin\":"))
            #expect(try place.records(place.names.input(domain: "product"), count: 2).count == 2)
        }
    }

    @Test func aRecordThatKafkaCantTakeGoesToQuarantineWithItsDigest() throws {
        let place = try Workplace(files.merging(["connector.yaml": connector]) { $1 })
        try place.connected { _ in
            let big = String(repeating: "x", count: 1_200_000)
            try place.drop("a.jsonl", #"{"gtin":"bad","number":"A1","name":"\#(big)"}"#)
            let dead = try place.records(place.names.dead(of: "test"), count: 1)
            #expect(dead[0].bytes.isEmpty)
            let file = try #require(dead[0].headers["omni_quarantine"])
            #expect(dead[0].headers["omni_digest"] == "sha-256=\(file)")
            #expect(place.exists("var/quarantine/test/\(file)"))
        }
    }

    @Test func aFileSinkHoldsEverythingThroughRestarts() throws {
        let place = try Workplace(files.merging(["connector.yaml": connector]) { $1 })
        let topic = place.names.input(domain: "product")
        func lines() throws -> [String] { try place.read("drop/in/list.jsonl").split(separator: "\n").map(String.init) }
        try place.connected { _ in
            try place.golden("product", gtins[0], revision: 1, ["gtin": .string(gtins[0]), "name": "One"])
            try place.golden("product", gtins[1], revision: 1, ["gtin": .string(gtins[1]), "name": "Two"])
            let reports = try place.records(topic, count: 2)
            // What came before the connector started is in the file already.
            #expect(reports.allSatisfy { ["written", "unchanged"].contains($0.value?["status"]?.string) })
            #expect(reports.allSatisfy { $0.value?["held"] == nil })
            #expect(try lines().count == 2)
        }
        try place.golden("product", gtins[0], revision: 2, .object([]), verb: .erased)
        try place.golden("product", gtins[2], revision: 1, ["gtin": .string(gtins[2]), "name": "Three"])
        try place.connected { _ in
            place.eventually { try lines().last?.contains("Three") == true }
            let found = try lines()
            #expect(
                found == [
                    #"{"gtin":"\#(gtins[1])","name":"Two"}"#, #"{"gtin":"\#(gtins[2])","name":"Three"}"#,
                ])
        }
    }
}
