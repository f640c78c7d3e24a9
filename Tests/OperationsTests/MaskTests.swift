import Document
import Operations
import TestHub
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

    /// In topics of dead letters and parked records nobody says what is personal.
    @Test(arguments: [
        ("customer", "{\"email\":\"•••\",\"gtin\":\"1\"}"), ("in.customer", "{\"email\":\"•••\",\"gtin\":\"1\"}"),
        ("product", "{\"email\":\"a@x.org\",\"gtin\":\"1\"}"), ("sent", "{\"email\":\"•••\",\"gtin\":\"1\"}"),
        ("dead.hub", "{\"email\":\"•••\",\"gtin\":\"•••\"}"), ("dead.crm", "{\"email\":\"•••\",\"gtin\":\"•••\"}"),
    ])
    func aTopicTellsWhatIsHidden(topic: String, expected: String) throws {
        let masking = Masking(topic: topic, try Plant(createsTopics: false).model)
        let shown = masking.masked(try JSON(parsing: "{\"email\":\"a@x.org\",\"gtin\":\"1\"}"))
        #expect(shown == (try JSON(parsing: expected)))
    }

    @Test func aParkedRecordShowsWhyItWaitsAndNotWhatItHolds() throws {
        let masking = Masking(topic: "parked.crm", try Plant(createsTopics: false).model)
        let parked = try JSON(
            parsing: """
                {"number":7,"record":{"mail":"a@x.org"},"entities":["customer/a@x.org"],"missing":["id"],"reason":"why"}
                """)
        #expect(
            masking.masked(parked).text == """
                {"number":7,"record":{"mail":"•••"},"entities":["•••"],"missing":["id"],"reason":"why"}
                """)
    }

    @Test func bytesThatAreNoTextAreEscapedAndShownToWhoMaySeeThem() {
        let bytes = Array("4711;R".utf8) + [0xFC] + Array("ben;9,90\\ü€\r\n".utf8) + [0xE2, 0x82]
        #expect(Masking.nothing.text(of: bytes) == #"4711;R\xFCben;9,90\\ü€"# + "\r\n" + #"\xE2\x82"#)
        #expect(Masking.nothing.text(of: Array(#"a\xFC"#.utf8)) == #"a\xFC"#)
        for masking in [Masking.everything, .parked, .members([])] { #expect(masking.text(of: bytes) == nil) }
    }

    @Test func hidingLeavesTheShape() {
        #expect(Mask.hidden(["a": ["x", 1, .null, ""], "b": true]) == ["a": ["•••", "•••", .null, ""], "b": true])
    }
}
