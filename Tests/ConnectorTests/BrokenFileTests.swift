import Canonical
import Digests
import Document
import Glibc
import Installation
import Logging
import Testing
import Transports

@testable import Connector

/// Files that can't be read, in part or at all, end as dead letters with their bytes, and the rest goes on (I2).
@Suite struct BrokenFileTests {
    private func place(_ format: String, pattern: String = "*.txt") throws -> Workplace {
        try Workplace([
            "connector.yaml": """
            system: importer
            connections: { drop: { folder: "{folder}/drop" } }
            sources:
              prices:
                from: { drop: { files: "\(pattern)", settled: 10ms } }
                format: \(format)
                map: price.jsonata
                page: 2
            """,
            "price.jsonata": #"{"product": {"gtin": gtin, "name": name}}"#,
        ])
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let format: String
        let bytes: [UInt8]
        /// What the dead letter must hold; nil: everything.
        var held: [UInt8]?
        /// What the reason must name.
        let named: [String]
        var good = 0
        var testDescription: String { name }

        init(_ name: String, _ format: String, _ text: String, held: String? = nil, named: [String], good: Int = 0) {
            self.init(name, format, Array(text.utf8), held: held.map { Array($0.utf8) }, named: named, good: good)
        }

        init(_ name: String, _ format: String, _ bytes: [UInt8], held: [UInt8]? = nil, named: [String], good: Int = 0) {
            (self.name, self.format, self.bytes, self.held) = (name, format, bytes, held)
            (self.named, self.good) = (named, good)
        }
    }

    static let row = #"{"gtin":"06438012345675","name":"Sofa"}"#
    static let cases = [
        Case("no XML at all", "xml", "gtin;name\n1;2\n", named: ["b.txt", "line 1"]),
        Case(
            "XML cut behind a record", "{ xml: { record: /c/p } }",
            "<c><p><gtin>06438012345675</gtin><name>Sofa</name></p>", named: ["b.txt", "line 1"], good: 1),
        Case("XML without an end", "xml", "<c>\n<p>", named: ["b.txt", "line 2"]),
        Case("JSON cut behind a record", "json", "[\(row)", named: ["b.txt", "line 1"], good: 1),
        Case(
            "JSON cut in a record", "json", "[\(row),\n{\"gtin\":", held: ",\n{\"gtin\":",
            named: ["b.txt", "line 2"], good: 1),
        Case("JSON Lines in UTF-16", "json-lines", [0xFF, 0xFE, 0x7B, 0x00, 0x7D, 0x00], named: ["b.txt", "utf-16"]),
        Case(
            "CSV that lacks a column", "{ csv: { fields: { gtin: text } } }", "ean,name\n1,2\n",
            named: ["b.txt", "gtin"]),
        Case(
            "UTF-16 that ends in half a character", "{ csv: { encoding: utf-16 } }",
            [0xFF, 0xFE, 0x67, 0x00, 0x0A, 0x00, 0x41], named: ["b.txt"]),
        Case(
            "an interchange without end", "edifact", "UNA:+.? 'UNB+UNOC:3+A+B+260131:0600+1'",
            named: ["b.txt", "line 1"]),
    ]

    @Test(arguments: cases)
    func whatCantBeReadIsADeadLetterWithItsBytes(_ test: Case) throws {
        let place = try place(test.format)
        try place.connected { _ in
            try AtomicFile.replace("\(place.folder)/drop/b.txt", with: test.bytes)
            let dead = try place.records(place.names.dead(of: "test"), count: 1)
            #expect(dead.count == 1)
            let letter = try #require(dead.first)
            #expect(letter.bytes == test.held ?? test.bytes)
            for name in test.named {
                #expect(letter.headers["omni_reason"]?.contains(name) == true, "\(letter.headers)")
            }
            place.eventually { place.exists("drop/failed/b.txt.reason.txt") }
            #expect(try place.records(place.names.input(domain: "product"), count: test.good).count == test.good)
        }
    }

    @Test func whatCantBeReadHoldsNothingUp() throws {
        let place = try place("json-lines")
        mkdir("\(place.folder)/drop/a.txt", 0o755)
        symlink("/nowhere", "\(place.folder)/drop/b.txt")
        try place.connected { _ in
            try place.drop("c.txt", Self.row)
            let seen = try place.records(place.names.input(domain: "product"), count: 1)
            #expect(seen.map(\.key) == ["06438012345675"])
            let dead = try place.records(place.names.dead(of: "test"), count: 2)
            #expect(dead.map(\.value?["file"]) == ["a.txt", "b.txt"])
            #expect(dead.allSatisfy { $0.headers["omni_unread"] == "true" })
            #expect(dead[0].headers["omni_reason"]?.contains("a.txt is a folder") == true)
            // They are nobody's to move away, and are told once.
            try place.drop("d.txt", Self.row)
            place.eventually { place.exists("drop/done/d.txt") }
            #expect(place.exists("drop/a.txt"))
            #expect(try place.records(place.names.dead(of: "test")).count == 2)
        }
    }

    @Test func aFileLargerThanWhatIsReadAtOnceIsReadWhole() throws {
        let folder = try TemporaryFolder()
        let place = try place("json-lines")
        let settings = try place.installation.connector("test").sources[0]
        guard case .files(let reading) = settings.from.transport else { return }
        // Among them one larger than a piece, one that is broken, and blank lines.
        var lines = (0..<1500).map { #"{"number":\#($0),"text":"\#(String(repeating: "å", count: 300))"}"# }
        lines[700] = #"{"number":700,"text":"\#(String(repeating: "b", count: 700_000))"}"#
        lines[900] = #"{"number":900,"cut":"#
        try AtomicFile.replace("\(folder.path)/a.txt", with: Array(lines.joined(separator: "\r\n\n").utf8))
        var source = try FileSource(
            settings, reading, folder: folder.path, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        var (numbers, references): ([Int], [String]) = ([], [])
        var (broken, places): ([String], [String]) = ([], [])
        var position: JSON?
        for _ in 0..<1000 where references.count < lines.count {
            let end = try source.read(from: position) { record, tape in
                references.append(record.reference)
                places.append(record.place?.description ?? "")
                if case .unreadable = record.content {
                    broken.append(String(decoding: try #require(record.raw), as: UTF8.self))
                } else {
                    numbers.append(try #require(tape.root["number"]?.integer))
                    #expect(record.raw?.count == lines[numbers.last!].utf8.count)
                }
            }
            position = end.position ?? position
            try source.acknowledge()
            usleep(1000)
        }
        #expect(numbers == (0..<1500).filter { $0 != 900 })
        #expect(broken == [lines[900]])
        let stem = try #require(references[0].split(separator: "#").first)
        #expect(references == (1...1500).map { "\(stem)#\($0)" })
        #expect(places == (0..<1500).map { "a.txt, line \(2 * $0 + 1)" })
    }

    @Test func aFileThatMayNotBeReadIsSetAsideWithAWord() throws {
        let folder = try TemporaryFolder()
        let place = try place("json-lines")
        let settings = try place.installation.connector("test").sources[0]
        try AtomicFile.replace("\(folder.path)/a.txt", with: Array(Self.row.utf8))
        try AtomicFile.replace("\(folder.path)/b.txt", with: Array(Self.row.utf8))
        guard case .files(let reading) = settings.from.transport else { return }
        var source = try FileSource(
            settings, reading, folder: folder.path, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) { file in
            if file.name == "a.txt" { throw SystemError("open", file.path, code: EACCES) }
            return try file.open()
        }
        var records: [(content: ReadRecord.Content, reference: String, raw: [UInt8]?)] = []
        var position: JSON?
        for _ in 0..<1000 where records.count < 2 {
            let end = try source.read(from: position) { record, _ in
                records.append((record.content, record.reference, record.raw.map { Array($0) }))
            }
            position = end.position ?? position
            try source.acknowledge()
            usleep(1000)
        }
        guard case .unread(let reason) = records.first?.content else {
            Issue.record("\(records)")
            return
        }
        #expect(reason.contains("a.txt") && reason.contains("Permission denied"))
        #expect(try JSON(parsing: #require(records[0].raw))["bytes"]?.integer == Self.row.utf8.count)
        #expect(Folders.names(in: "\(folder.path)/failed") == ["a.txt", "a.txt.reason.txt"])
        guard case .document = records.last?.content else {
            Issue.record("\(records)")
            return
        }
    }

    @Test func aFileThatCantBeReadAndIsTooLargeIsQuarantinedWhole() throws {
        let place = try place("xml")
        let bytes = Array(String(repeating: "no markup, ", count: 120_000).utf8)
        try place.connected { _ in
            try AtomicFile.replace("\(place.folder)/drop/big.txt", with: bytes)
            let dead = try place.records(place.names.dead(of: "test"), count: 1)
            let file = try #require(dead[0].headers["omni_quarantine"])
            #expect(dead[0].headers["omni_digest"] == "sha-256=\(Hex.encode(SHA256.digest(bytes)))")
            #expect(dead[0].headers["omni_bytes"] == "\(bytes.count)")
            #expect(try AtomicFile.read("\(place.folder)/var/quarantine/test/\(file)") == bytes)
        }
    }
}
