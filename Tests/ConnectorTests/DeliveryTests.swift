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

    /// What was refused isn't in the delivery: the good row behind it is the first with its value.
    @Test func aRefusedRowDoesNotShadowAGoodOne() throws {
        let place = try Workplace(files.merging(["connector.yaml": connector]) { $1 })
        try place.connected { _ in
            let refused = #"{"gtin":"\#(gtins[0])","name":7,"number":"A0"}"#
            try place.drop("a.jsonl", refused + "\n" + list([(gtins[0], 0), (gtins[0], 1)]))
            let dead = try place.records(place.names.dead(of: "test"), count: 2)
            #expect(dead.map { $0.headers["omni_position"] } == ["a.jsonl, line 1", "a.jsonl, line 3"])
            #expect(dead[0].headers["omni_reason"]?.contains("/name") == true)
            #expect(dead[1].headers["omni_reason"]?.contains("gtin stands in this delivery already") == true)
            #expect(try place.records(place.names.input(domain: "product"), count: 1)[0].value?["name"] == "N")
        }
    }

    /// Columns are called as they are: a dot in a name is no path.
    @Test func aRowWithACellThatCannotBeReadDoesNotCountAsMissing() throws {
        let place = try Workplace([
            "connector.yaml": """
            system: importer
            connections:
              drop: { folder: "{folder}/drop" }
            sources:
              prices:
                from: { drop: { files: "*.csv", settled: 10ms } }
                format: { csv: { delimiter: ";", fields: { "Art.-Nr.": text, "EAN.GTIN": text, Preis: number } } }
                map: price.jsonata
                delivers: everything
                of: product
                own: "Art.-Nr."
                unique: "EAN.GTIN"
            """,
            "price.jsonata": #"{"product": {"gtin": `EAN.GTIN`, "price": Preis}, "self": `Art.-Nr.`}"#,
        ])
        for (number, gtin) in gtins.enumerated() { try place.identify("product", "importer", "A\(number)", as: gtin) }
        let log = HeardLog()
        try place.connected(log: log) { running in
            place.eventually { running.knows("product", "importer", "A2") }
            try place.drop(
                "a.csv", "Art.-Nr.;EAN.GTIN;Preis\nA0;\(gtins[0]);1.00\nA9;\(gtins[0]);2.00\nA1;\(gtins[1]);k.A.\n")
            place.eventually { place.exists("drop/done/a.csv") }
            #expect(try deletions(place) == [gtins[2]])
            let dead = try place.records(place.names.dead(of: "test"), count: 2)
            #expect(dead.contains { $0.headers["omni_reason"] == "EAN.GTIN stands in this delivery already" })
            #expect(log.says("a record went to the dead letters", "EAN.GTIN stands in this delivery already"))
            // What can't be told stays in doubt: whose row that is.
            try place.drop("b.csv", "Art.-Nr.;EAN.GTIN;Preis\nA0;\(gtins[0]);1.00\n;\(gtins[1]);k.A.\n")
            place.eventually { log.says("deletions are not believed", "1 records can't be read") }
            #expect(try deletions(place) == [gtins[2]])
        }
    }

    /// A list that was cut is no list of everything.
    @Test func aFileCutInItsLastRowGoesWhereBrokenFilesGo() throws {
        let place = try Workplace([
            "connector.yaml": """
            system: importer
            connections:
              drop: { folder: "{folder}/drop" }
            sources:
              prices:
                from: { drop: { files: "*.csv", settled: 10ms } }
                format: { csv: { fields: { number: text, gtin: text }, last-line: closed } }
                map: price.jsonata
                delivers: everything
                of: product
                own: number
            """,
            "price.jsonata": #"{"product": {"gtin": gtin}, "self": number}"#,
        ])
        for (number, gtin) in gtins.enumerated() { try place.identify("product", "importer", "A\(number)", as: gtin) }
        try place.connected { running in
            place.eventually { running.knows("product", "importer", "A2") }
            try place.drop("a.csv", "number,gtin\nA0,\(gtins[0])\nA1,\(gtins[1].dropLast(3))")
            place.eventually { place.exists("drop/failed/a.csv.reason.txt") }
            #expect(try place.records(place.names.input(domain: "product"), count: 1).map(\.key) == [gtins[0]])
            let dead = try place.records(place.names.dead(of: "test"), count: 1)
            // All that is behind the last record.
            #expect(dead.first?.bytes == Array("\nA1,\(gtins[1].dropLast(3))".utf8))
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
