import Document
import Formats
import Testing

@Suite struct JSONLinesTests {
    @Test func readsALineARecordAndGoesOnBehindABadOne() throws {
        let text = "\u{FEFF}{\"a\":1.10}\r\n\n  \n[oops]\n\"x\"\n{\"cut\":"
        let reading = try Reading("json-lines", text)
        #expect(reading.texts == [#"{"a":1.10}"#, #""x""#])
        #expect(reading.positions.map(\.line) == [1, 5])
        #expect(reading.positions.map(\.record) == [1, 3])
        #expect(reading.errors.map(\.line) == [4, 6])
        #expect(reading.errors.map(\.column) == [2, 8])
        #expect(reading.errors.allSatisfy { $0.scope == .record })
        let raw = reading.errors.map { String(decoding: Array(text.utf8)[$0.position.bytes], as: UTF8.self) }
        #expect(raw == ["[oops]", "{\"cut\":"])
    }

    @Test func readInPiecesItIsTheSame() throws {
        let text = Array("\u{FEFF}{\"a\":1}\r\n\n[oops]\n{\"b\":2}\n  \n{\"c\":3}".utf8)
        let format = try #require(try FormatCatalog.format("json-lines") as? any DivisibleFormat)
        let whole = Reading(format, text)
        for size in 1...text.count {
            var (records, lines): ([JSON], [Int]) = ([], [])
            var (at, passed) = (0, (record: 0, line: 0))
            while at < text.count {
                var end = min(at + size, text.count)
                func fitting() -> Int { text[at..<end].withUnsafeBytes { format.wholeRecords(in: $0) } }
                while end < text.count, fitting() == 0 { end += 1 }
                end = end == text.count ? end : at + fitting()
                try text[at..<end].withUnsafeBytes { piece in
                    var reader = try format.reader(over: piece, behind: passed)
                    var tape = Tape()
                    while true {
                        do throws(FormatError) {
                            guard let position = try reader.next(into: &tape) else { break }
                            records.append(JSON(tape.root))
                            lines.append(position.line)
                        } catch {
                            #expect(error.position.record == 2 && error.line == 3)
                        }
                    }
                    passed = reader.passed
                }
                at = end
            }
            #expect(records == whole.records && lines == whole.positions.map(\.line), "pieces of \(size)")
        }
    }

    @Test func writesWhatItReads() throws {
        let documents: [JSON] = [["a": "line\nbreak"], [1, 2], nil]
        let bytes = try written("json-lines", documents)
        #expect(try Reading("json-lines", bytes).records == documents)
        #expect(bytes.count { $0 == 10 } == 3)
    }
}

@Suite struct JSONTextTests {
    @Test func columnsCountFromTheLinesBeginning() throws {
        let text = "[{\"n\": NaN}, {\"n\": 1},\n {\"n\": 2}, {\"n\": NaN}, {\n\"n\": NaN}, {\"n\": NaN}]"
        let reading = try Reading("json", text)
        #expect(reading.errors.map(\.line) == [1, 2, 3, 3])
        #expect(reading.errors.map(\.column) == [8, 18, 6, 18])
    }

    @Test(.timeLimit(.minutes(1))) func oneLineOfBrokenRecordsIsReadOnce() throws {
        let element = "{\"n\": NaN, \"filler\": \"" + String(repeating: "x", count: 500) + "\"}"
        let reading = try Reading("json", "[" + Array(repeating: element, count: 10_000).joined(separator: ",") + "]")
        #expect(reading.errors.count == 10_000)
        #expect(reading.errors.last?.column == 1 + 9_999 * (element.utf8.count + 1) + 7)
    }

    @Test(
        arguments: [
            ("[]", []), ("[1]", ["1"]),
            (#" [ {"a":[1,{"b":"]}"}]} , 2.50 ,"x\"]" ] "#, [#"{"a":[1,{"b":"]}"}]}"#, "2.50", #""x\"]""#]),
            (#"{"a":1}"#, [#"{"a":1}"#]), ("7", ["7"]), ("\u{FEFF}[1]", ["1"]),
        ] as [(String, [String])])
    func readsAnArrayOrOneRecord(text: String, records: [String]) throws {
        let reading = try Reading("json", text)
        #expect(reading.errors.isEmpty)
        #expect(reading.texts == records)
    }

    @Test func readsTheArrayAtAPointer() throws {
        let text =
            #"{"x":[{"items":0}],"da\u0074a":{"n":"}","a/b":[0,{"items":[1,{"c":2}]},3]},"y":[1],"z":{"k":1,"l":[]}}"#
        #expect(try Reading(["json": ["at": "/data/a~1b/1/items"]], text).texts == ["1", #"{"c":2}"#])
        #expect(try Reading(["json": ["at": "/data/a~1b/1/items", "whole": true]], text).texts == [#"[1,{"c":2}]"#])
        #expect(try Reading(["json": ["at": "/z"]], text).texts == [#"{"k":1,"l":[]}"#])
    }

    @Test func anElementThatIsNotJSONIsAnErrorOfItsRecord() throws {
        let reading = try Reading("json", "[\n 1,\n {\"a\": nope},\n 3\n]")
        #expect(reading.texts == ["1", "3"])
        let error = try #require(reading.errors.first)
        #expect(error.scope == .record && error.line == 3 && error.column == 8 && error.position.record == 2)
        #expect(reading.positions.map(\.line) == [2, 4])
    }

    @Test(arguments: ["[1,2", "[1,2 3]", "[1,2],", "[1,2]]", "[1,2,{\"a\":[1}", "[1,2,\"x]"])
    func aTextThatIsCutOrGoesOnEndsWithAnErrorOfTheFile(text: String) throws {
        let reading = try Reading("json", text)
        #expect(reading.texts == ["1", "2"])
        #expect(reading.errors.map(\.scope) == [.file])
    }

    @Test(arguments: ["", "{}", "[]", "7", #"{"data":1"#, #"{"data":{"items":[1]}"#])
    func aPointerThatLeadsNowhereOrABrokenTextIsAnErrorOfTheFile(text: String) throws {
        let reading = try Reading(["json": ["at": "/data/items"]], text)
        #expect(reading.errors.map(\.scope) == [.file])
    }

    @Test(arguments: [[:], ["at": "/a/b"], ["whole": true]] as [JSON])
    func writesWhatItReads(options: JSON) throws {
        let documents: [JSON] = options["whole"] == nil ? [["a": 1], "x", nil] : [["a": [1, 2]]]
        #expect(try Reading(["json": options], written(["json": options], documents)).records == documents)
        if options["whole"] == nil {
            #expect(try Reading(["json": options], written(["json": options], [])).errors.isEmpty)
        }
    }
}
