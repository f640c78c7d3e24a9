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
            folder: folder.path, sink: "list", readsBack: readsBack)
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
        #expect(throws: OvertakenFile.self) { try old.write([put("2", "Two")]) }
        // Whoever the file is for may take it away.
        unlink("\(folder.path)/list.csv")
        #expect(try new.write([put("1", "Newest", revision: 3)]).map(\.status) == [.written])
    }

    @Test func whatCouldNotBeReadAgainBeforeItWasWrittenIsWrittenLater() throws {
        let folder = try TemporaryFolder()
        var files: [Int32: Int32] = [:]
        var mode = O_RDWR
        let records = FileRecords(in: folder.path) { path throws(SystemError) in
            let known = Self.scratchFiles(in: path)
            let file = try ScratchFile(in: path)
            for number in Self.scratchFiles(in: path).subtracting(known) {
                Self.reopen(number, mode)
                files[number] = mode
            }
            return file
        }
        var writer = try FileWriter(
            FileWriting(file: "list.jsonl", format: "json-lines"), folder: folder.path, records, sink: "list",
            readsBack: true)
        _ = try writer.write([put("1", "One")])
        mode = O_WRONLY
        #expect(throws: SystemFailure.self) { try writer.write([put("1", "Other", revision: 2)]) }
        #expect(files.values.contains(O_WRONLY))
        for (number, held) in files where held == O_WRONLY { Self.reopen(number, O_RDWR) }
        mode = O_RDWR
        #expect(try writer.write([put("1", "Other", revision: 2)]).map(\.status) == [.written])
        let bytes = try AtomicFile.read("\(folder.path)/list.jsonl")
        #expect(String(decoding: bytes, as: UTF8.self) == "{\"gtin\":\"1\",\"name\":\"Other\"}\n")
    }

    /// The descriptors of files without a name that lay in a folder.
    private static func scratchFiles(in folder: String) -> Set<Int32> {
        var numbers: Set<Int32> = []
        for number in Int32(0)..<1024 {
            var path = [UInt8](repeating: 0, count: 512)
            let count = path.withUnsafeMutableBytes {
                readlink("/proc/self/fd/\(number)", $0.bindMemory(to: CChar.self).baseAddress!, $0.count)
            }
            if count > 0, String(decoding: path[..<count], as: UTF8.self).hasPrefix("\(folder)/.scratch") {
                numbers.insert(number)
            }
        }
        return numbers
    }

    /// Puts another way into the same file under a descriptor's number.
    private static func reopen(_ number: Int32, _ mode: Int32) {
        let other = open("/proc/self/fd/\(number)", mode)
        dup2(other, number)
        close(other)
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
}
