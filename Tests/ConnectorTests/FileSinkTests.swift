import Canonical
import Document
import Glibc
import Installation
import Testing
import Transports

@testable import Connector

/// What was handed over in a file counts as seen only while the file is there to be read back.
@Suite struct FileSinkTests {
    private func put(_ key: String, _ name: String, revision: Int64 = 1) -> Write {
        Write(
            key: key, revision: revision, own: nil, document: ["gtin": .string(key), "name": .string(name)],
            action: .put, idempotency: "")
    }

    private func writer(_ folder: TemporaryFolder, readsBack: Bool) throws -> FileWriter {
        try FileWriter(
            FileWriting(file: "list.csv", format: ["csv": ["fields": ["gtin": "text", "name": "text"]]]),
            folder: folder.path, shown: folder.path, sink: "list", readsBack: readsBack)
    }

    @Test func theFileIsReadBackWhereASourceCanTellWhatItSays() throws {
        let folder = try TemporaryFolder()
        var writer = try writer(folder, readsBack: true)
        let written = try writer.write([put("2", "Two"), put("1", "One")])
        #expect(written.map(\.readBack) == [["gtin": "2", "name": "Two"], ["gtin": "1", "name": "One"]])
        // What hasn't changed is read back too.
        #expect(try writer.write([put("2", "Two", revision: 2)]).map(\.status) == [.unchanged])
        #expect(try writer.write([put("2", "Two", revision: 3)]).map(\.readBack) == [["gtin": "2", "name": "Two"]])
    }

    @Test func aFileThatWasTakenOrChangedShowsNothing() throws {
        let folder = try TemporaryFolder()
        var writer = try writer(folder, readsBack: true)
        _ = try writer.write([put("1", "One")])
        unlink("\(folder.path)/list.csv")
        #expect(try writer.write([put("1", "One", revision: 2)]).map(\.readBack) == [nil])
        _ = try writer.write([put("1", "Other", revision: 3)])
        var file = try #require(fopen("\(folder.path)/list.csv", "w"))
        fputs("gtin,name\r\n1,Somebody\r\n", file)
        fclose(file)
        #expect(try writer.write([put("1", "Other", revision: 4)]).map(\.readBack) == [nil])
        file = try #require(fopen("\(folder.path)/list.csv", "w"))
        fclose(file)
        #expect(try writer.write([put("1", "Other", revision: 5)]).map(\.readBack) == [nil])
    }

    @Test func aProcessThatWasThoughtDeadDoesNotReplaceTheNextOnesFile() throws {
        let folder = try TemporaryFolder()
        var old = try writer(folder, readsBack: false)
        _ = try old.write([put("1", "One")])
        var new = try writer(folder, readsBack: false)
        _ = try new.write([put("1", "Newer", revision: 2)])
        #expect(throws: Overtaken.self) { try old.write([put("2", "Two")]) }
        // Whoever the file is for may take it away.
        unlink("\(folder.path)/list.csv")
        #expect(try new.write([put("1", "Newest", revision: 3)]).map(\.status) == [.written])
    }

    /// The records are merged before the file is replaced: what fails in between is done by the next try, though nothing has changed
    /// since (I9).
    @Test func whatCouldNotBeKeptBeforeItWasWrittenIsWrittenLater() throws {
        let folder = try TemporaryFolder()
        var writer = try writer(folder, readsBack: true)
        _ = try writer.write([put("1", "One")])
        let kept = "\(folder.path)/\(FileWriter.keptName(sink: "list"))"
        #expect(unlink(kept) == 0 && mkdir(kept, 0o700) == 0)
        #expect(throws: SystemFailure.self) { try writer.write([put("1", "Other", revision: 2)]) }
        rmdir(kept)
        #expect(try writer.write([put("1", "Other", revision: 2)]).map(\.status) == [.written])
        #expect(String(decoding: try AtomicFile.read("\(folder.path)/list.csv"), as: UTF8.self).contains("1,Other"))
    }

    @Test func withoutASourceNothingIsSeen() throws {
        let folder = try TemporaryFolder()
        var writer = try writer(folder, readsBack: false)
        #expect(try writer.write([put("1", "One")]).map(\.readBack) == [nil])
    }

    @Test func theReportSaysWhatTheFileHolds() throws {
        let place = try Workplace([
            "connector.yaml": """
            system: importer
            connections:
              out: { folder: "{folder}/drop" }
              in: { folder: "{folder}/drop/in" }
            sources:
              list:
                from: { out: { files: "list*.csv", settled: 10ms } }
                format: csv
                map: read.jsonata
            sinks:
              list:
                of: product
                map: write.jsonata
                to: { in: { file: list.csv, format: { csv: { fields: { gtin: text, name: text } } } } }
                seen-by: list
                batch: { records: 10, wait: 5ms }
            """,
            "read.jsonata": #"{"product": {"gtin": gtin, "name": name}}"#,
            "write.jsonata": #"{"gtin": $key, "name": $uppercase(name)}"#,
        ])
        try place.connected { _ in
            try place.golden(
                "product", "06438012345675", revision: 1, ["gtin": "06438012345675", "name": "Sofa", "brand": "B"])
            let reports = try place.records(place.names.input(domain: "product"), count: 1)
            #expect(reports.first?.value?["held"] == ["gtin": "06438012345675", "name": "SOFA"])
        }
    }

    /// A price list shows what was written last of a record that is held back, and nothing of one that is to be shown no more.
    @Test func theFileShowsWhatWasWrittenLastOfWhatIsHeldBack() throws {
        let place = try Workplace(
            [
                "connector.yaml": """
                system: importer
                connections:
                  in: { folder: "{folder}/drop/in" }
                sinks:
                  list:
                    of: product
                    map: write.jsonata
                    to: { in: { file: list.csv, format: { csv: { fields: { gtin: text, name: text } } } } }
                    batch: { records: 10, wait: 5ms }
                """,
                "write.jsonata": """
                $deleted ? $reject("no") : name = "gone" ? [] : name = "bad" ? $reject("no") : {"gtin": $key, "name": name}
                """,
            ], partitions: 1)
        let topic = place.names.input(domain: "product")
        let rows = { try place.read("drop/in/list.csv").split(separator: "\r\n").dropFirst().map(String.init) }
        try place.connected { _ in
            for (key, name) in [("1", "One"), ("2", "Two"), ("3", "Three")] {
                try place.golden("product", key, revision: 5, epoch: 7, ["name": .string(name)])
            }
            _ = try place.records(topic, count: 3)
            #expect(try rows() == ["1,One", "2,Two", "3,Three"])
            try place.golden("product", "1", revision: 6, epoch: 7, ["name": "gone"])
            try place.golden("product", "2", revision: 6, epoch: 7, ["name": "bad"])
            try place.golden("product", "3", revision: 6, epoch: 7, .object([]), verb: .erased)
            let reports = try place.records(topic, count: 6)
            let statuses = reports.suffix(3).map { "\($0.key) \($0.value?["status"]?.string ?? "")" }
            #expect(statuses.sorted() == ["1 absent", "2 parked", "3 absent"])
            #expect(reports.allSatisfy { $0.value?["revision"]?.integer ?? 7 <= 6 })
            #expect(try rows() == ["2,Two"])
        }
        try place.connected { _ in
            try place.golden("product", "4", revision: 1, epoch: 7, ["name": "Four"])
            place.eventually { try rows().contains("4,Four") }
            #expect(try rows() == ["2,Two", "4,Four"])
        }
    }

    private func priceList(_ type: String, mostParked: Int) -> String {
        """
        system: importer
        connections:
          in: { folder: "{folder}/drop/in" }
        sinks:
          list:
            of: product
            map: write.jsonata
            to: { in: { file: list.csv, format: { csv: { fields: { gtin: text, price: \(type) } } } } }
            batch: { records: 10, wait: 5ms }
        on-error: { retry: 20ms, most-parked: \(mostParked) }
        """
    }

    /// A column's type was changed, and what was delivered doesn't fit it any more: nothing vanishes from the file.
    @Test func aStartWithAnotherFormatKeepsTheRowsThatItCannotWrite() throws {
        let place = try Workplace(
            [
                "connector.yaml": priceList("number", mostParked: 3),
                "write.jsonata": #"{"gtin": $key, "price": number}"#,
            ], partitions: 1)
        let topic = place.names.input(domain: "product")
        let rows = { try place.read("drop/in/list.csv").split(separator: "\r\n").dropFirst().map(String.init) }
        try place.connected { _ in
            for (key, number) in [("1", "19.90"), ("2", "20"), ("3", "29.90")] {
                try place.golden("product", key, revision: 1, ["number": .number(Number(number)!)])
            }
            _ = try place.records(topic, count: 3)
            #expect(try rows() == ["1,19.90", "2,20", "3,29.90"])
        }
        try place.configure(priceList("integer", mostParked: 3))
        try place.connected { _ in
            let parked = try place.records(place.names.parked(connector: "test"), count: 2)
            #expect(Set(parked.map(\.key)) == ["sink:list/product/1", "sink:list/product/3"])
            let reports = try place.records(topic, count: 5).suffix(2)
            #expect(reports.allSatisfy { $0.value?["status"] == "parked" && $0.value?["revision"] == 1 })
            try place.golden("product", "4", revision: 1, ["number": 4])
            place.eventually { try rows().contains("4,4") }
            #expect(try rows() == ["1,19.90", "2,20", "3,29.90", "4,4"])
        }
        // What is parked already isn't parked again, and what fits again is let go.
        try place.configure(priceList("number", mostParked: 3))
        try place.connected { _ in
            place.eventually { try place.records(place.names.parked(connector: "test")).count { $0.value == nil } == 2 }
            let found = try rows()
            #expect(found == ["1,19.90", "2,20", "3,29.90", "4,4"])
        }
    }

    /// Something is wrong with all of it: the file that was delivered is better than one without them.
    @Test func aStartThatRefusesTooMuchLeavesTheFileAsItIs() throws {
        let place = try Workplace(
            [
                "connector.yaml": priceList("number", mostParked: 2),
                "write.jsonata": #"{"gtin": $key, "price": number}"#,
            ], partitions: 1)
        let topic = place.names.input(domain: "product")
        try place.connected { _ in
            for (key, number) in [("1", "19.90"), ("2", "20"), ("3", "29.90")] {
                try place.golden("product", key, revision: 1, ["number": .number(Number(number)!)])
            }
            _ = try place.records(topic, count: 3)
        }
        let delivered = try place.read("drop/in/list.csv")
        try place.configure(priceList("integer", mostParked: 2))
        let log = HeardLog()
        try place.connected(log: log) { _ in
            // It pauses, and goes on by itself when what was refused is mended.
            place.eventually { log.says("error too many records are refused at the start", "refused: 2") }
            place.eventually { log.says("warning the sink pauses", "raise on-error.most-parked") }
            #expect(try place.read("drop/in/list.csv") == delivered)
            try place.golden("product", "3", revision: 2, ["number": 30])
            place.eventually { try place.read("drop/in/list.csv") == "gtin,price\r\n1,19.90\r\n2,20\r\n3,30\r\n" }
        }
    }
}
