import Document
import Operations
import Testing

/// I12: what is personal is not shown, in whatever it is wrapped.
@Suite struct MaskTests {
    private let personal: Set<String> = ["email", "address"]

    private func masked(_ text: String) throws -> JSON {
        Mask.document(try JSON(parsing: text), personal: personal)
    }

    @Test(arguments: [
        ("{\"email\":\"a@example.org\"}", "{\"email\":\"•••\"}"),
        ("{\"name\":\"Sofa\",\"price\":19.90}", "{\"name\":\"Sofa\",\"price\":19.90}"),
        (
            "{\"address\":{\"street\":\"A 1\",\"floors\":[1,\"b\"],\"lift\":true}}",
            "{\"address\":{\"street\":\"•••\",\"floors\":[\"•••\",\"•••\"],\"lift\":true}}"
        ),
        // Absent, null and empty are no secrets, and drift is about them (I8).
        ("{\"email\":null,\"address\":{}}", "{\"email\":null,\"address\":{}}"),
        ("{\"email\":\"\"}", "{\"email\":\"\"}"), ("{}", "{}"), ("null", "null"), ("\"text\"", "\"text\""),
        // A sink's report, a parked record, a statement in a list.
        (
            "{\"revision\":1,\"held\":{\"email\":\"a@example.org\",\"name\":\"x\"}}",
            "{\"revision\":1,\"held\":{\"email\":\"•••\",\"name\":\"x\"}}"
        ),
        (
            "{\"waiting\":[{\"record\":{\"document\":{\"email\":\"a@example.org\"}}}]}",
            "{\"waiting\":[{\"record\":{\"document\":{\"email\":\"•••\"}}}]}"
        ),
        ("[{\"email\":7}]", "[{\"email\":\"•••\"}]"),
    ])
    func personalValuesAreHiddenAtAnyDepth(document: String, expected: String) throws {
        #expect(try masked(document) == JSON(parsing: expected))
    }

    @Test func withNothingPersonalTheDocumentIsAsItWas() throws {
        let document = try JSON(parsing: "{\"email\":[{\"a\":null}],\"n\":1.50}")
        #expect(Mask.document(document, personal: []) == document)
        #expect(Mask.document(document, personal: []).text == document.text, "digit by digit")
    }

    @Test func hidingLeavesTheShape() {
        #expect(Mask.hidden(["a": ["x", 1, .null, ""], "b": true]) == ["a": ["•••", "•••", .null, ""], "b": true])
    }
}
