import Document
import Formats
import Testing

@Suite struct CSVWriterTests {
    @Test func quotesOnlyWhatNeedsIt() throws {
        let bytes = try written(
            "csv", [["a": "plain", "b": "x,y"], ["a": "5\"", "b": "two\nlines"], ["b": .number(Number("1.50")!)]])
        #expect(
            String(decoding: bytes, as: UTF8.self) == "a,b\r\nplain,\"x,y\"\r\n\"5\"\"\",\"two\nlines\"\r\n,1.50\r\n")
    }

    @Test func writesDeclaredColumnsInTheirNotation() throws {
        let options: JSON = [
            "csv": [
                "delimiter": ";", "decimals": "comma", "line-ending": "lf", "encoding": "windows-1252",
                "fields": ["Price": "number", "From": ["date": "d.M.yyyy"], "Name": "text", "n": "integer"],
            ]
        ]
        let bytes = try written(
            options,
            [
                ["Name": "Sänky €", "Price": .number(Number("1299.90")!), "From": "2026-01-31", "n": 3],
                ["Price": .number(Number("-1e3")!)], ["Price": .number(Number("5e-3")!), "Name": nil],
            ])
        let latin = bytes.map { $0 == 0xE4 ? "ä" : $0 == 0x80 ? "€" : String(UnicodeScalar($0)) }.joined()
        #expect(latin == "Price;From;Name;n\n1299,90;31.1.2026;Sänky €;3\n-1000;;;\n0,005;;;\n")
    }

    @Test func refusesWhatWouldBeLost() throws {
        func refusal(_ options: JSON, _ documents: [JSON]) throws -> FormatError {
            try #require(throws: FormatError.self) { try written(["csv": options], documents) }
        }
        #expect(try refusal([:], [["a": 1], ["a": 1, "b": 2]]).field == "b")
        #expect(try refusal([:], [["a": [1]]]).field == "a")
        #expect(try refusal([:], ["a"]).reason.contains("from an object"))
        #expect(try refusal(["fields": ["n": "integer"]], [["n": .number(Number("1.5")!)]]).field == "n")
        #expect(try refusal(["fields": ["n": "number"]], [["n": "1"]]).field == "n")
        let date: JSON = ["fields": ["d": ["date": "dd.MM.yyyy"]]]
        #expect(try refusal(date, [["d": "2026-02-30"]]).field == "d")
        #expect(try refusal(date, [["d": "2026-02-28T10:00:00"]]).field == "d")
        #expect(try refusal(["encoding": "iso-8859-1"], [["a": "x", "b": "€"]]).field == "b")
        #expect(try refusal(["quote": "none"], [["a": "x,y", "b": "€"]]).field == "a")
    }

    @Test func aRefusedDocumentLeavesNothingBehind() throws {
        var writer = try FormatCatalog.format(named: "csv").writer()
        var tape = Tape()
        for document: JSON in [["a": "x", "b": "y"], ["a": "bad", "b": [1]], ["a": "z", "b": "z"]] {
            tape.reset()
            let node = tape.append(document)
            try? writer.write(node)
        }
        try writer.finish()
        #expect(String(decoding: writer.take(), as: UTF8.self) == "a,b\r\nx,y\r\nz,z\r\n")
    }

    @Test func anEmptyFileStillHasItsHeader() throws {
        #expect(try written(["csv": ["fields": ["a": "text", "b": "text"]]], []) == Array("a,b\r\n".utf8))
    }
}

@Suite struct CSVPropertyTests {
    static let pieces = [
        ",", ";", "\"", "\"\"", "\n", "\r\n", "\r", " ", "\t", "a", "ä", "€", "#", "0", "'", "long text",
    ]

    /// What CSV can tell apart: an object without empty strings, and with something in it.
    static func rows(_ random: inout Seeded, _ pieces: [String]) -> [JSON] {
        (0...random.below(6)).map { _ in
            let cells = ["a", "b", "c, \"d\""].map { ($0, random.text(of: pieces, upTo: 5)) }
            return .object(cells.filter { !$0.1.isEmpty }.map { .init($0.0, .string($0.1)) })
        }.filter { !$0.object!.isEmpty }
    }

    @Test(arguments: 0..<300) func whatIsWrittenReadsBack(seed: Int) throws {
        var random = Seeded(seed)
        let encodings: [JSON] = ["utf-8", "windows-1252", "iso-8859-15", "utf-16", "utf-16be"]
        let encoding = encodings[random.below(encodings.count)]
        var options: JSON = [
            "encoding": encoding, "fields": ["a": "text", "b": "text", "c, \"d\"": "text"],
            "line-ending": random.below(2) == 0 ? "lf" : "crlf",
        ]
        let extra: [(String, JSON)] = [("delimiter", ";"), ("quote", "'"), ("trim", true), ("skip", ["prefix": "#"])]
        for (key, value) in extra where random.below(2) == 0 { options[key] = value }
        let documents = Self.rows(&random, Self.pieces)
        let bytes = try written(["csv": options], documents)
        let reading = try Reading(["csv": options], bytes)
        #expect(reading.errors.isEmpty, "\(reading.errors)")
        #expect(reading.records == documents)
    }

    @Test(arguments: 0..<40) func everyTruncationGivesTheWholeRecordsBeforeTheCut(seed: Int) throws {
        var random = Seeded(seed)
        let options: JSON = [
            "csv": ["fields": ["a": "text", "b": "text", "c, \"d\"": "text"], "last-line": "closed"]
        ]
        let documents = Self.rows(&random, Self.pieces)
        let bytes = try written(options, documents)
        let ends = try Reading(options, bytes).positions.map(\.bytes.upperBound)
        for cut in 0..<bytes.count {
            let reading = try Reading(options, Array(bytes[..<cut]))
            // A row is whole once a byte of its line end is there.
            #expect(reading.records == Array(documents.prefix(ends.count { $0 < cut })), "cut at \(cut)")
            let isBetweenRows = ends.contains { $0 + 1 == cut || $0 + 2 == cut }
            if cut > ends.first ?? 0, !isBetweenRows { #expect(reading.errors.count == 1, "cut at \(cut)") }
        }
    }

    @Test(arguments: 0..<300) func randomBytesNeverCrashAndEndSomewhere(seed: Int) throws {
        var random = Seeded(seed)
        let alphabet = Array("a,b\"\r\n;.1- \t".utf8) + [0xC3, 0xA4, 0xFF, 0x00, 0x81]
        let bytes = (0..<random.below(200)).map { _ in alphabet[random.below(alphabet.count)] }
        let configurations: [JSON] = [
            "csv",
            ["csv": ["header": "none", "fields": ["a": "number", "b": ["date": "d.M.yy"]], "decimals": "comma"]],
            ["csv": ["encoding": "windows-1252", "trim": true, "short-rows": "fill"]],
            ["csv": ["encoding": "utf-16le", "header": ["contains": "a"]]], "json", "json-lines",
            ["json": ["at": "/a/0"]],
        ]
        for configuration in configurations {
            let reading = try Reading(configuration, bytes)
            let ranges = reading.positions.map(\.bytes) + reading.errors.map(\.position.bytes)
            #expect(ranges.allSatisfy { 0 <= $0.lowerBound && $0.upperBound <= bytes.count })
        }
    }
}
