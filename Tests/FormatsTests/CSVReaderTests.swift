import Document
import Formats
import Testing

@Suite struct CSVReaderTests {
    @Test func readsAPriceListAsTheySendIt() throws {
        let options: JSON = [
            "csv": [
                "delimiter": ";", "header": ["contains": ["EAN"]], "decimals": "comma", "thousands": ".",
                "fields": ["EAN": "text", "Price": "number", "From": ["date": "dd.MM.yyyy"], "Pieces": "integer"],
            ]
        ]
        let reading = try Reading(
            options,
            "Price list, spring;;;;\r\n\r\nEAN;Name;Price;From;Pieces\r\n"
                + "6438012345675;\"Sofa \"\"Saimaa\"\",\r\ngreen\";1.299,90;31.01.2026;12\r\n"
                + "0012;Chair;-5,00;;0\r\n")
        #expect(reading.errors.isEmpty)
        #expect(
            reading.texts == [
                #"{"EAN":"6438012345675","Name":"Sofa \"Saimaa\",\r\ngreen","Price":1299.90,"From":"2026-01-31","Pieces":12}"#,
                #"{"EAN":"0012","Name":"Chair","Price":-5.00,"Pieces":0}"#,
            ])
        #expect(reading.positions.map(\.line) == [4, 6])
        #expect(reading.positions.map(\.record) == [1, 2])
        #expect(reading.notices.map(\.kind) == [.skipped, .warning])
        #expect(reading.notices[1].description == "line 3: columns not declared: 'Name'")
    }

    @Test(arguments: ["a,b\n1,2\n3,4\n", "a,b\r\n1,2\r\n3,4", "a,b\r1,2\r3,4\r", "a,b\n1,2\r\n\r\n3,4\r"])
    func anyLineEndingEndsALine(text: String) throws {
        let reading = try Reading("csv", text)
        #expect(reading.texts == [#"{"a":"1","b":"2"}"#, #"{"a":"3","b":"4"}"#])
        #expect(reading.errors.isEmpty)
    }

    @Test func positionsLendTheRawBytesOfEachRow() throws {
        let bytes = Array("\u{FEFF}a,b\r\n\"x\ny\",2\r\n3\n4,5".utf8)
        let reading = try Reading("csv", bytes)
        let raw = reading.positions.map { String(decoding: bytes[$0.bytes], as: UTF8.self) }
        #expect(raw == ["\"x\ny\",2", "4,5"])
        #expect(reading.positions.map(\.line) == [2, 5])
        #expect(reading.positions.map(\.record) == [1, 3])
        #expect(reading.errors.map { String(decoding: bytes[$0.position.bytes], as: UTF8.self) } == ["3"])
    }

    @Test func emptyCellsAreAbsentEmptyOrNullAsConfigured() throws {
        let text = "a,b,n\n,\"\",\nx,,1\n"
        let fields: JSON = ["a": "text", "b": "text", "n": "number"]
        #expect(try Reading(["csv": ["fields": fields]], text).texts == [#"{"a":"x","n":1}"#])
        #expect(
            try Reading(["csv": ["fields": fields, "empty": "text"]], text).texts == [#"{"a":"x","b":"","n":1}"#])
        #expect(
            try Reading(["csv": ["fields": fields, "empty": "null"]], text).texts == [#"{"a":"x","b":null,"n":1}"#])
    }

    @Test func rowsOfEmptyCellsAreSkippedAndReported() throws {
        let reading = try Reading("csv", "a,b\n,\n1,2\n,\"\"\n")
        #expect(reading.texts == [#"{"a":"1","b":"2"}"#])
        #expect(reading.notices.map(\.description) == ["line 2: a row of empty cells", "line 4: a row of empty cells"])
    }

    @Test func rowsAreSkippedByRuleAndReported() throws {
        let options: JSON = ["csv": ["skip": ["first-cell": ["Total"], "prefix": "#"]]]
        let reading = try Reading(options, "a,b\n# comment, \"x\n1,2\n\"Total\",2\n")
        #expect(reading.texts == [#"{"a":"1","b":"2"}"#])
        #expect(reading.notices.map(\.kind) == [.skipped, .skipped])
        #expect(reading.notices.map(\.position.line) == [2, 4])
        #expect(reading.errors.isEmpty)
    }

    @Test func aDelimiterAtTheEndOfLinesMakesNoColumn() throws {
        let reading = try Reading("csv", "a,b,\n1,2,\n3,4\n5,6,7\n")
        #expect(reading.texts == [#"{"a":"1","b":"2"}"#, #"{"a":"3","b":"4"}"#])
        #expect(reading.errors.map(\.line) == [4])
    }

    @Test func aShortRowIsAnErrorOfItsRecordNamingTheFirstMissingField() throws {
        let reading = try Reading("csv", "a,b,c\n1,2,3\n4\n5,6,7\n")
        #expect(reading.texts == [#"{"a":"1","b":"2","c":"3"}"#, #"{"a":"5","b":"6","c":"7"}"#])
        let error = try #require(reading.errors.first)
        #expect(error.scope == .record && error.line == 3 && error.field == "b" && error.position.record == 2)
        #expect(try Reading(["csv": ["short-rows": "fill"]], "a,b\n4\n").texts == [#"{"a":"4"}"#])
    }

    @Test func aLongRowIsAnErrorAtItsFirstExtraCell() throws {
        let reading = try Reading("csv", "a,b\n1,2,3\n")
        let error = try #require(reading.errors.first)
        #expect(error.scope == .record && error.line == 2 && error.column == 5 && error.field == "b")
        #expect(reading.records.isEmpty)
    }

    @Test func aQuoteThatIsNeverClosedEndsTheFileOrItsLine() throws {
        let text = "a,b\n1,2\n3,\"4\n5,6\n7,8\n"
        let reading = try Reading("csv", text)
        #expect(reading.texts == [#"{"a":"1","b":"2"}"#])
        let error = try #require(reading.errors.first)
        #expect(error.scope == .file && error.line == 3 && error.column == 3)
        #expect(error.position.bytes == 8..<text.utf8.count)
        let confined = try Reading(["csv": ["multi-line": false]], text)
        #expect(confined.texts == [#"{"a":"1","b":"2"}"#, #"{"a":"5","b":"6"}"#, #"{"a":"7","b":"8"}"#])
        #expect(confined.errors.map(\.scope) == [.record])
        #expect(confined.errors.map(\.position.bytes) == [8..<12])
    }

    @Test func aStrayQuoteTakesTheLinesItSpans() throws {
        let text = "a,b\n1,\"2\n3,\"4\"\n5,6\n"
        let reading = try Reading("csv", text)
        #expect(reading.texts == [#"{"a":"5","b":"6"}"#])
        #expect(reading.errors.map(\.position.bytes) == [4..<14])
        #expect(reading.errors.map(\.line) == [3])
        #expect(reading.positions.map(\.line) == [4])
    }

    @Test func aLastRowWithoutLineEndIsReadOrRefused() throws {
        #expect(try Reading("csv", "a\n1\n23").texts == [#"{"a":"1"}"#, #"{"a":"23"}"#])
        let closed = try Reading(["csv": ["last-line": "closed"]], "a\n1\n2")
        #expect(closed.texts == [#"{"a":"1"}"#])
        #expect(closed.errors.map(\.line) == [3])
        // Nobody knows what is behind the cut.
        #expect(closed.errors.map(\.scope) == [.file])
    }

    @Test func whatCanBeReadOfARefusedRowIsLeftOnTheTape() throws {
        let options: JSON = ["csv": ["delimiter": ";", "fields": ["Art.-Nr.": "text", "Preis": "number"]]]
        let reading = try Reading(options, "Preis;Art.-Nr.;Menge\n1;A1;2\nk.A.;A2;n.n.\n2;A3\n3;A4;1\n")
        #expect(reading.records.map { $0["Art.-Nr."] } == ["A1", "A4"])
        #expect(reading.rests == [#"{"Art.-Nr.":"A2","Menge":"n.n."}"#])
        #expect(reading.errors.map(\.field) == ["Preis", "Menge"])
    }

    @Test func textBehindAClosingQuoteIsAnError() throws {
        let reading = try Reading("csv", "a,b\n1,\"2\"x\n3,4\n")
        #expect(reading.texts == [#"{"a":"3","b":"4"}"#])
        #expect(reading.errors.map(\.description).first?.hasPrefix("line 2, column 6: text behind") == true)
    }

    @Test func aQuoteInsideAPlainCellIsACharacter() throws {
        #expect(try Reading("csv", "a,b\n5\" pipe,x\n").texts == [#"{"a":"5\" pipe","b":"x"}"#])
    }

    @Test func numbersKeepTheirDigits() throws {
        let options: JSON = [
            "csv": ["delimiter": ";", "decimals": "comma", "thousands": ".", "fields": ["n": "number"]]
        ]
        let cells = ["1.234.567,80", "12,50-", "+7", "007,10", "0", "1234,5", "9.999"]
        let reading = try Reading(options, "n\n" + cells.joined(separator: "\n"))
        #expect(
            reading.records.map { $0["n"]!.number!.description } == [
                "1234567.80", "-12.50", "7", "7.10", "0", "1234.5", "9999",
            ])
        let bad = ["1.5", "1,5,5", "1.2345", ".123", "1,", "x", "12.34,5", "1e5", "--1", "-", "1 000", "1..000"]
        let refused = try Reading(options, "n\n" + bad.joined(separator: "\n"))
        #expect(refused.records.isEmpty)
        #expect(refused.errors.map(\.line) == Array(2...13))
        #expect(refused.errors.allSatisfy { $0.field == "n" && $0.scope == .record })
    }

    @Test func aNumberOfMoreDigitsThanAreKeptIsRefused() throws {
        let options: JSON = ["csv": ["fields": ["n": "number"]]]
        let digits = String(repeating: "1", count: 34)
        let reading = try Reading(options, "n\n\(digits)\n\(digits)1\n")
        #expect(reading.records.map { $0["n"]!.number!.description } == [digits])
        #expect(reading.errors.count == 1)
    }

    @Test(
        arguments: [
            ("dd.MM.yyyy", "29.02.2024", "2024-02-29"), ("d.M.yy", "1.2.26", "2026-02-01"),
            ("yyyyMMdd", "20260131", "2026-01-31"),
            ("dd.MM.yyyy HH:mm", "31.12.1999 23:59", "1999-12-31T23:59:00"), ("M/d/yyyy", "12/1/2026", "2026-12-01"),
            ("yyyy-MM-ddTHH:mm:ss", "2026-01-31T08:30:15", "2026-01-31T08:30:15"), ("dd.MM.yyyy", "29.02.2023", nil),
            ("dd.MM.yyyy", "00.00.0000", nil), ("dd.MM.yyyy", "1.2.2026", nil),
            ("dd.MM.yyyy", "01.02.2026 ", "2026-02-01"),
            ("dd.MM.yyyy HH:mm", "31.12.1999 24:00", nil), ("yyyyMMdd", "2026013", nil),
            ("dd.MM.yyyy", "31.01.2026x", nil),
        ] as [(String, String, String?)])
    func datesBecomeISO(pattern: String, cell: String, iso: String?) throws {
        let reading = try Reading(["csv": ["fields": ["d": ["date": .string(pattern)]]]], "d\n\(cell)\n")
        #expect(reading.records.map { $0["d"]?.string } == (iso == nil ? [] : [iso]))
        #expect(reading.errors.map(\.field) == (iso == nil ? ["d"] : []))
    }

    @Test func errorsNeverQuoteTheCell() throws {
        let secret = "Aino Virtanen"
        let options: JSON = ["csv": ["fields": ["birth": ["date": "dd.MM.yyyy"], "n": "number"]]]
        let reading = try Reading(
            options, "birth,n\n\(secret),1\n01.01.2000,\(secret)\n\"\(secret)\"\(secret),1\n01.01.2000,1,\(secret)\n")
        #expect(reading.errors.count == 4)
        #expect(!reading.errors.contains { $0.description.contains("Aino") })
    }

    @Test func rowsWithoutHeaderAreNamedByTheirFields() throws {
        let options: JSON = ["csv": ["header": "none", "fields": ["ean": "text", "n": "integer"]]]
        #expect(try Reading(options, "1,2\n3,4").texts == [#"{"ean":"1","n":2}"#, #"{"ean":"3","n":4}"#])
    }

    @Test func theHeaderMayBeInALaterRow() throws {
        let reading = try Reading(["csv": ["header": 3]], "Report\n\na,b\n1,2\n")
        #expect(reading.texts == [#"{"a":"1","b":"2"}"#])
        #expect(reading.notices.map(\.description) == ["line 1: a row above the header"])
    }

    @Test func everyByteEndsSomewhere() throws {
        let text = "a,b\n1,2\n\n,\n3\n\"x\ny\",z\nlast,row\n\"open,1\n"
        let reading = try Reading("csv", text)
        var covered = Set<Int>(0..<4)
        for range in reading.positions.map(\.bytes) + reading.errors.map(\.position.bytes)
            + reading.notices.map(\.position.bytes)
        {
            #expect(covered.isDisjoint(with: range))
            covered.formUnion(range)
        }
        for (place, byte) in text.utf8.enumerated() where byte != 10 { #expect(covered.contains(place)) }
    }
}

@Suite struct CSVHeaderTests {
    private func failure(_ options: JSON, _ text: String) throws -> FormatError {
        let reading = try Reading(["csv": options], text)
        #expect(reading.records.isEmpty)
        #expect(reading.errors.count == 1)
        let error = try #require(reading.errors.first)
        #expect(error.scope == .file)
        return error
    }

    @Test func aMissingColumnEndsTheFile() throws {
        let error = try failure(["fields": ["EAN": "text", "Price": "number"]], "EAN,Pricee\n1,2\n")
        #expect(error.field == "Price" && error.reason.contains("did you mean 'Pricee'"))
    }

    /// What the header has is what helps, not what of it is undeclared.
    @Test(arguments: [
        ("EAN,Other,Menge\n1,2,3\n", "the declared column is missing; the header has 'EAN', 'Other', 'Menge'"),
        ("EAN\n1\n", "the declared column is missing; the header has 'EAN'"),
        (",,\n1,2,3\n", "the declared column is missing; the header names none"),
        // It may be somebody's record.
        (
            "Aino,1975,7\n",
            "the declared column is missing; the first row has none of the declared columns: is it the header, and 'delimiter' right?"
        ),
    ])
    func aMissingColumnIsToldWithTheHeader(text: String, expected: String) throws {
        let fields: JSON = [
            "fields": ["EAN": "text", "Price": "number"], "optional": text.hasPrefix("EAN") ? [] : "EAN",
        ]
        let error = try failure(fields, text)
        #expect(error.field == "Price" && error.reason == expected, "\(error.reason)")
    }

    @Test(arguments: ["utf-8", "windows-1252", "utf-16le"]) func columnsAreCountedInCharacters(encoding: String) throws
    {
        let text = "Name,Price\nHöyläpenkkiä,x\n"
        let bytes: [UInt8] =
            switch encoding {
            case "utf-8": Array(text.utf8)
            case "windows-1252": text.unicodeScalars.map { UInt8($0.value) }
            default: text.utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
            }
        let options: JSON = ["csv": ["fields": ["Price": "number"], "encoding": .string(encoding)]]
        let error = try #require(try Reading(options, bytes).errors.first)
        #expect(error.line == 2 && error.column == 14 && error.field == "Price", "\(error)")
    }

    @Test func anOptionalColumnMayBeMissing() throws {
        let options: JSON = ["csv": ["fields": ["EAN": "text", "Price": "number"], "optional": "Price"]]
        #expect(try Reading(options, "EAN\n1\n").texts == [#"{"EAN":"1"}"#])
    }

    @Test func anUndeclaredColumnEndsTheFileWhenColumnsAreExact() throws {
        let error = try failure(["fields": ["EAN": "text"], "columns": "exact"], "EAN,Name\n1,2\n")
        #expect(error.field == "Name" && error.remedy?.contains("columns: tolerant") == true)
    }

    @Test func aDoubledColumnEndsTheFile() throws {
        #expect(try failure([:], "a,b,a\n1,2,3\n").field == "a")
    }

    @Test func aFileWithoutTheNamesOfItsHeaderIsRefused() throws {
        #expect(try failure(["header": ["contains": ["EAN", "Price"]]], "EAN;x\n1;2\n").reason.contains("EAN, Price"))
        #expect(try failure(["header": 5], "a\n1\n").reason.contains("no row for the header"))
        #expect(try failure([:], "").reason.contains("no row for the header"))
    }
}

@Suite struct CSVEncodingTests {
    @Test func readsSingleByteEncodings() throws {
        let options: (JSON) -> JSON = { ["csv": ["encoding": $0, "delimiter": ";"]] }
        let bytes: [UInt8] = Array("n;p\n".utf8) + [0xE4, 0x3B, 0x80, 0x0A, 0x22, 0xF6, 0x22, 0x22, 0x22, 0x3B, 0xA4]
        #expect(try Reading(options("windows-1252"), bytes).texts == [#"{"n":"ä","p":"€"}"#, #"{"n":"ö\"","p":"¤"}"#])
        #expect(try Reading(options("iso-8859-15"), bytes).texts[1] == #"{"n":"ö\"","p":"€"}"#)
        #expect(try Reading(options("iso-8859-1"), bytes).texts[1] == #"{"n":"ö\"","p":"¤"}"#)
    }

    @Test func aByteOutsideTheEncodingIsAnErrorOfItsRecord() throws {
        let utf8: [UInt8] = Array("n,m\nok,1\nx,a".utf8) + [0xE4] + Array("b\nok,2\n".utf8)
        let reading = try Reading("csv", utf8)
        #expect(reading.texts == [#"{"n":"ok","m":"1"}"#, #"{"n":"ok","m":"2"}"#])
        let error = try #require(reading.errors.first)
        #expect(error.line == 3 && error.column == 4 && error.field == "m" && error.remedy == "is 'encoding' right?")
        let ansi = try Reading(["csv": ["encoding": "windows-1252"]], [0x6E, 0x0A, 0x81, 0x0A, 0x79])
        #expect(ansi.texts == [#"{"n":"y"}"#])
        #expect(ansi.errors.map(\.line) == [2])
    }

    @Test func stripsAByteOrderMark() throws {
        #expect(try Reading("csv", "\u{FEFF}a\n1\n").texts == [#"{"a":"1"}"#])
    }

    @Test(arguments: [false, true]) func readsUTF16AndCountsItsBytes(bigEndian: Bool) throws {
        let text = "\u{FEFF}n,m\nä😀,1\nbad\n€,2\n"
        let bytes = text.utf16.flatMap { unit -> [UInt8] in
            let pair = [UInt8(truncatingIfNeeded: unit), UInt8(unit >> 8)]
            return bigEndian ? pair.reversed() : pair
        }
        let reading = try Reading(["csv": ["encoding": "utf-16"]], bytes)
        #expect(reading.texts == [#"{"n":"ä😀","m":"1"}"#, #"{"n":"€","m":"2"}"#])
        #expect(reading.positions.map(\.bytes) == [10..<20, 30..<36])
        #expect(reading.errors.map(\.position.bytes) == [22..<28])
    }

    @Test func saysWhatTheByteOrderMarkSays() throws {
        let error = try #require(try Reading("csv", [0xFF, 0xFE, 0x61, 0x00]).errors.first)
        #expect(error.scope == .file && error.remedy == "declare 'encoding: utf-16'")
        let cut = try #require(try Reading(["csv": ["encoding": "utf-16le"]], [0x61, 0x00, 0x62]).errors.first)
        #expect(cut.scope == .file && cut.position.bytes == 2..<3)
        let none = try #require(try Reading(["csv": ["encoding": "utf-16"]], [0x61, 0x00]).errors.first)
        #expect(none.remedy?.contains("utf-16le") == true)
    }
}
