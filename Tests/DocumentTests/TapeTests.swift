import Document
import Testing

@Suite struct TapeTests {
    @Test(arguments: [
        "null", "true", "[]", "{}", "[[],{}]", #"{"a":{},"b":[]}"#,
        #"{"a":[1,2.50,-3e+7],"b":{"c":"é\n\"x\""},"d":null}"#, "\"\"",
        "[1]", "[[1],[2,[3]]]", #"{"a":[{"b":1},{"b":2}]}"#,
    ])
    func writesWhatItRead(text: String) throws {
        var tape = Tape()
        try tape.parse(Array(text.utf8))
        var writer = JSONWriter()
        writer.write(tape.root)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == text)
    }

    @Test(arguments: [
        "", " ", "[", "{", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "01", "1.",
        "-", "1e", "tru",
        "\"", "\"\\x\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\u12\"", "\"\u{1}\"", "1 2", "]", "}", "[}", "{]",
        "{\"a\":1,\"a\":2}", "\u{FEFF}1",
        "[[]", "[{}", "{\"a\":{}", "[],", "[] []",
    ])
    func refusesWhatIsNotJSON(text: String) {
        #expect(throws: JSONError.self) { try JSON(parsing: text) }
    }

    @Test func namesThePlaceOfAnError() throws {
        let error = try #require(throws: JSONError.self) { try JSON(parsing: "{\n  \"a\": tru\n}") }
        #expect(error.line == 2 && error.column == 8)
    }

    @Test func readsMembersElementsAndScalars() throws {
        var tape = Tape()
        try tape.parse(
            Array(#"{"price": 19.90, "tags": ["a", "b"], "none": null, "deep": {"x": [1, {"y": true}]}}"#.utf8))
        let root = tape.root
        #expect(root["price"]?.number?.description == "19.90")
        #expect(root["price"]!.number! == Number("19.9"))
        #expect(root["tags"]?[1]?.string == "b")
        #expect(root["none"]?.isNull == true)
        #expect(root["absent"] == nil)
        #expect(root["deep"]?["x"]?[1]?["y"]?.bool == true)
        #expect(root.members.map { $0.key.string! } == ["price", "tags", "none", "deep"])
    }

    @Test func buildsValuesThatLinkToWhatIsThere() throws {
        var tape = Tape()
        try tape.parse(Array(#"{"name": "Sofa", "tags": ["a"]}"#.utf8))
        let root = tape.root
        let key = tape.append("copy")
        let other = tape.append("n")
        let number = tape.append(Number("1.50")!)
        let built = tape.append(object: [(key: key, value: root["tags"]!), (key: other, value: number)])
        tape.setRoot(built)
        #expect(JSON(tape.root).text == #"{"copy":["a"],"n":1.50}"#)
        #expect(JSON(root).text == #"{"name":"Sofa","tags":["a"]}"#)
    }

    @Test func equalityIsByValue() throws {
        #expect(try JSON(parsing: #"{"a":1.0,"b":[2]}"#) == JSON(parsing: #"{"b":[2.00],"a":1}"#))
        #expect(try JSON(parsing: "[1,2]") != JSON(parsing: "[2,1]"))
    }
}

@Suite struct NumberTests {
    @Test(arguments: ["0", "-0", "19.90", "1e40", "0.000001", "123456789012345678901234567890.1234", "-5", "1.5e-9"])
    func keepsItsDigits(text: String) throws {
        let number = try #require(Number(text))
        #expect(Number(number.description) == number)
    }

    @Test func comparesByValue() throws {
        let ordered = ["-1e3", "-20", "-19.9", "0", "0.1", "1", "9", "10.0", "1e2", "1e30"].map { Number($0)! }
        for (place, number) in ordered.enumerated() {
            for (other, against) in ordered.enumerated() {
                #expect((number < against) == (place < other))
                #expect((number == against) == (place == other))
            }
        }
        #expect(Number("19.90")! == Number("19.9")!)
        #expect(Number("19.90")!.hashValue == Number("19.9")!.hashValue)
        #expect(Number("1e2")!.integer == 100)
        #expect(Number("0.1")!.double == 0.1)
    }

    @Test(arguments: ["", "-", "1.", ".5", "1e", "a", "1a", "+1"]) func refusesOtherTexts(text: String) {
        #expect(Number(text) == nil)
    }
}

@Suite struct BuildingTests {
    /// Text of the tape's own, appended until its memory has grown many times over.
    @Test func textOfTheTapeItselfMayBeAppended() throws {
        var tape = Tape()
        try tape.parse(Array(#"{"plain": "abcdefgh", "escaped": "a\"b\\c\nd"}"#.utf8))
        let plain = try #require(tape.root["plain"])
        let escaped = try #require(tape.root["escaped"])
        var copies: [Node] = []
        for _ in 0..<5_000 {
            copies.append(tape.append(utf8: plain.utf8))
            copies.append(tape.append(utf8: escaped.utf8))
        }
        let all = tape.append(array: copies)
        #expect(Set(all.elements.map { $0.string ?? "" }) == ["abcdefgh", "a\"b\\c\nd"])
        var writer = JSONWriter()
        writer.write(all)
        #expect(try JSON(parsing: writer.bytes) == JSON(all))
    }

    @Test func longTextIsWrittenWhole() throws {
        var tape = Tape()
        var writer = JSONWriter()
        for length in [0, 1, 1_022, 1_023, 1_024, 1_025, 20_000] {
            let texts =
                ["a", "é"].map { String(repeating: $0, count: length) } + ["\"" + String(repeating: "b", count: length)]
            let nodes = texts.map { tape.append($0) }
            writer.reset()
            writer.write(tape.append(array: nodes))
            #expect(try JSON(parsing: writer.bytes) == .array(texts.map { .string($0) }))
        }
    }

    @Test func whatIsWrittenFollowsWhatIsThere() throws {
        var tape = Tape()
        try tape.parse(Array("[[],{},1]".utf8))
        var writer = JSONWriter()
        writer.write(tape.root)
        writer.write(raw: "\n")
        writer.write(tape.root)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == "[[],{},1]\n[[],{},1]")
    }
}
