import Document
import Schema
import Testing

@Suite struct NamedFieldsTests {
    @Test func fieldsAreNamedWithThoseBelowThem() throws {
        let schema = try JSON(
            parsing: Array(
                #"""
                {"properties": {
                  "name": {"type": "string"},
                  "address": {"properties": {"a/b": {}}},
                  "lines": {"items": {"properties": {"price": {}}}}
                }}
                """#.utf8))
        #expect(NamedFields.of(schema) == ["/name", "/address", "/address/a~1b", "/lines", "/lines/*/price"])
        #expect(NamedFields.of(true).isEmpty)
    }
}
