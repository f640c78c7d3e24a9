import Document
import Testing

/// A tape recalls the names of documents it has read: what it reads must be the same as if it had read none.
@Suite struct LayoutTests {
    /// Reads a document on a tape that may have read others, and on a new one.
    private func read(_ text: String, _ tape: inout Tape) throws -> JSON {
        var fresh = Tape()
        let expected: JSON
        do throws(JSONError) {
            try fresh.parse(Array(text.utf8))
            expected = JSON(fresh.root)
        } catch {
            let again = #expect(throws: JSONError.self) { try tape.parse(Array(text.utf8)) }
            #expect(again?.description == error.description)
            throw error
        }
        try tape.parse(Array(text.utf8))
        #expect(JSON(tape.root) == expected && tape.root.equals(fresh.root))
        var writer = JSONWriter()
        writer.write(tape.root)
        #expect(writer.bytes == expected.utf8)
        return expected
    }

    @Test(arguments: [
        #"{"id":1,"name":"a","price":1.50}"#, #"{"id":1,"name":"a"}"#, #"{"name":"a","price":2}"#, #"{"price":2}"#,
        "{}",
        #"{"price":2,"id":1}"#, #"{"id":1,"more":0,"name":"a","price":2}"#, #"{"id":1,"name":"a","price":2,"more":0}"#,
        #"{ "id" : 1 , "name" : "a" , "price" : 2 }"#, #"{"\u0069d":1,"name":"a","price":2}"#,
        #"{"id":{"id":1,"name":2},"name":[{"id":1},{"id":2}],"price":{}}"#, #"[{"id":1,"name":"a","price":2},7]"#,
        #"{"idx":1,"name":"a","price":2}"#, #"{"i":1,"nam":"a","pric":2}"#, "7",
    ])
    func whatFollowsADocumentIsReadAsItStands(text: String) throws {
        for known in [
            #"{"id":1,"name":"a","price":1.50}"#, #"{"id":{"id":1,"name":2},"name":[{"id":1}],"price":{}}"#, text,
        ] {
            var tape = Tape()
            for _ in 0..<3 { _ = try read(known, &tape) }
            for _ in 0..<12 { _ = try read(text, &tape) }
            _ = try read(known, &tape)
        }
    }

    @Test(arguments: [
        #"{"id":1,"name":"a","id":2}"#, #"{"id":1,"id":2,"name":"a"}"#, #"{"id":1,"name":"a","price":1,"id":2}"#,
        #"{"id":1,"more":1,"name":"a","more":2}"#, #"{"id":1,"more":1,"id":1}"#, #"{"name":1,"id":2,"name":3}"#,
        #"{"id":1,"price":1,"name":"a","price":2}"#, #"{"id":1,"\u0069d":2}"#, #"{"id":1,"name":{"x":1,"x":2}}"#,
        #"{"id":1,"name":"a","price"}"#, #"{"id":1,"name":"a","price":1"#, #"{"id":1,"name":"#, #"{"id""#,
        #"{"id":1,,"#,
    ])
    func twinsAndCutsAreFoundWhateverCameBefore(text: String) throws {
        var tape = Tape()
        for _ in 0..<3 { _ = try read(#"{"id":1,"name":"a","price":1}"#, &tape) }
        for _ in 0..<12 {
            _ = #expect(throws: JSONError.self) { try read(text, &tape) }
            _ = try read(#"{"id":1,"name":"a","price":1}"#, &tape)
        }
    }

    /// Names of every length around those that are compared at once.
    @Test func namesOfAnyLengthAreToldApart() throws {
        let names =
            (0...70).map { String(repeating: "n", count: $0) } + ["\u{E4}", "a\u{308}", "quote\"", "back\\", "line\n"]
        func document(_ names: [String]) -> String {
            JSON.object(names.enumerated().map { JSON.Member($1, .number(Number($0))) }).text
        }
        var tape = Tape()
        for part in [names, Array(names.suffix(20)), Array(names.prefix(60))] {
            for _ in 0..<12 { _ = try read(document(part), &tape) }
            for place in part.indices {
                // One letter more, one less, another letter.
                for other in [part[place] + "x", String(part[place].dropLast()), String(part[place].dropLast()) + "x"]
                where !part.contains(other) {
                    var changed = part
                    changed[place] = other
                    _ = try read(document(changed), &tape)
                }
            }
        }
    }

    /// Few kinds of documents in turn: layouts give way to others, and their numbers run out.
    @Test(arguments: 0..<6) func documentsInTurnAreReadAsTheyWereMade(seed: UInt64) throws {
        var random = RandomDocument(seed: seed &+ 31)
        let kinds = (0..<12).map { kind in
            var made = RandomDocument(seed: seed &* 100 &+ UInt64(kind))
            let value = made.value(depth: 4)
            return (text: "{\"kind\": \(kind % 3), \"v\": \(made.text), \"w\": [\(made.text), \(made.text)]}", value)
        }
        var tape = Tape()
        for _ in 0..<600 {
            let (text, value) = kinds[random.below(kinds.count)]
            try tape.parse(Array(text.utf8))
            let root = JSON(tape.root)
            #expect(root["v"] == value && root["w"] == .array([value, value]))
        }
    }

    /// A tape forgets what it knows when that is more than it keeps.
    @Test func moreKindsOfObjectsThanATapeKeeps() throws {
        var tape = Tape()
        for round in 0..<40 {
            let members = (0..<40).map { #""k\#($0)":{"a\#(round / 4)_\#($0)":\#(round),"b":{"c":1}}"# }
            _ = try read("{" + members.joined(separator: ",") + "}", &tape)
        }
    }

    @Test func arraysOfArraysShareOnePlace() throws {
        var tape = Tape()
        for _ in 0..<4 {
            _ = try read(#"[[{"a":1},[{"a":2},{"b":{"a":3}}]],{"a":{"a":4}},[{"a":5,"b":6}]]"#, &tape)
        }
    }

    @Test func numbersOfAnyLengthAreReadAsTheyStand() throws {
        var tape = Tape()
        for whole in 1...20 {
            for decimals in 0...20 {
                for sign in ["", "-"] {
                    for end in ["", "e5", "E-05"] {
                        let digits = sign + String(repeating: "7", count: whole)
                        let point = decimals > 0 ? "." + String(repeating: "3", count: decimals) : ""
                        let text = digits + point + end
                        try tape.parse(Array("[\(text),1]".utf8))
                        #expect(tape.root[0]?.utf8.elementsEqual(text.utf8) == true)
                        #expect(tape.root[0]?.isWrittenAsInteger == (decimals == 0 && end.isEmpty))
                    }
                }
            }
        }
        for text in [
            "00", "-", "-a", "1.", "1.e5", "1e", "01.5", "-01", "+1", ".5", "1234567890123456.", "1.5.5",
            "0123456789012345678",
        ] {
            #expect(throws: JSONError.self) { try tape.parse(Array("[\(text)]".utf8)) }
        }
        for text in ["0", "-0", "0.0", "0e0", "-0.5"] { try tape.parse(Array(text.utf8)) }
    }

    /// A member's value is first looked for where the last one ended: whatever that was, this one is read as it stands.
    @Test func aValueIsReadAsItStandsWhateverTheLastOneWas() throws {
        let strings = (0...34).map { "\"" + String(repeating: "s", count: $0) + "\"" }
        let inner = ["\"a\\\"b\"", "\"\u{E4}\"", "\"seven\u{20AC}s\"", "\"fifteen letters\\n\""]
        let numbers = [
            "0", "7", "12", "1.5", "12.5", "1.25", "0.5", "10.50", "-1", "-1.5", "123456789012345",
            "1234567890123456", "12345678901234567.25", "1.00000000000000001",
        ]
        let values = strings + inner + numbers + ["true", "null", "[]", "{}", "[1,\"s\"]"]
        var tape = Tape()
        for last in values {
            for value in values {
                _ = try read("{\"a\":\(last),\"b\":1}", &tape)
                _ = try read("{\"a\":\(value),\"b\":1}", &tape)
            }
        }
    }

    @Test(arguments: [
        #"{"a":1.5.5}"#, #"{"a":15.}"#, #"{"a":01.5}"#, #"{"a":1x5}"#, #"{"a":1.5x}"#, #"{"a":"seve"n"}"#,
        #"{"a":"seven}"#,
        #"{"a":.15}"#, #"{"a":+15}"#, #"{"a":/}"#, #"{"a":}"#, "{\"a\":\"se\u{1}en\"}",
    ])
    func mistakesAreFoundWhateverTheLastValueWas(text: String) throws {
        var tape = Tape()
        for last in ["1.5", "15", "\"seven\"", "\"\""] {
            for _ in 0..<3 { _ = try read("{\"a\":\(last)}", &tape) }
            _ = #expect(throws: JSONError.self) { try read(text, &tape) }
        }
    }
}
