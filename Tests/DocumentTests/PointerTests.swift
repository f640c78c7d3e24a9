import Document
import Testing

@Suite struct PointerTests {
    /// RFC 6901, section 5
    static let examples: [(String, String)] = [
        ("", #"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}"#),
        ("/foo", #"["bar","baz"]"#), ("/foo/0", #""bar""#), ("/", "0"), ("/a~1b", "1"), ("/c%d", "2"), ("/e^f", "3"),
        ("/g|h", "4"), ("/i\\j", "5"), ("/k\"l", "6"), ("/ ", "7"), ("/m~0n", "8"),
    ]

    @Test(arguments: examples) func findsWhatTheStandardSays(text: String, expected: String) throws {
        let document = try JSON(parsing: Self.examples[0].1)
        let pointer = try #require(JSONPointer(text))
        #expect(pointer.description == text)
        #expect(document[pointer]?.text == expected)
        var tape = Tape()
        tape.setRoot(tape.append(document))
        #expect(tape.root[pointer].map { JSON($0).text } == expected)
    }

    @Test(arguments: [
        "/foo/2", "/foo/-", "/foo/01", "/foo/+1", "/foo/ 1", "/foo/-1", "/foo/x", "/foo/0/0", "/nope", "//",
    ])
    func findsNothingElsewhere(text: String) throws {
        let pointer = try #require(JSONPointer(text))
        let document = try JSON(parsing: Self.examples[0].1)
        var tape = Tape()
        tape.setRoot(tape.append(document))
        #expect(document[pointer] == nil && tape.root[pointer] == nil)
    }

    @Test(arguments: ["foo", "/~", "/~2", "/a~", "#/a"]) func refusesOtherTexts(text: String) {
        #expect(JSONPointer(text) == nil)
    }

    @Test func tokensAreEscapedAndRead() {
        let pointer = JSONPointer(tokens: ["a/b", "~1", "", "ü"]).appending("0")
        #expect(pointer.description == "/a~1b/~01//ü/0")
        #expect(JSONPointer(pointer.description) == pointer)
    }
}
