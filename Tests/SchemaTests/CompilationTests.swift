import Document
import Schema
import Testing

@Suite struct CompilationTests {
    /// Schema, the pointer of the problem, and a word of its message.
    static let mistakes: [(String, String, String)] = [
        (#"{"requierd": ["a"]}"#, "/requierd", "did you mean 'required'?"),
        (#"{"definitions": {}}"#, "/definitions", "'$defs'"),
        (#"{"properties": {"a": {"typ": "string"}}}"#, "/properties/a/typ", "did you mean 'type'?"),
        (#"{"type": "text"}"#, "/type", "null, boolean, number"),
        (#"{"minimum": "1"}"#, "/minimum", "must be a number"),
        (#"{"multipleOf": 0}"#, "/multipleOf", "above 0"),
        (#"{"minLength": -1}"#, "/minLength", "whole number"),
        (#"{"maxItems": 1.5}"#, "/maxItems", "whole number"),
        (#"{"required": ["a", "a"]}"#, "/required", "twice"),
        (#"{"required": "a"}"#, "/required", "array of strings"),
        (#"{"properties": []}"#, "/properties", "object of schemas"),
        (#"{"properties": {"a": 1}}"#, "/properties/a", "must be an object, true or false"),
        (#"{"items": [{}]}"#, "/items", "prefixItems"),
        (#"{"anyOf": []}"#, "/anyOf", "one schema or more"),
        (#"{"enum": "a"}"#, "/enum", "array"),
        (#"{"pattern": "(?=a)"}"#, "/pattern", "lookaround"),
        (#"{"patternProperties": {"(": true}}"#, "/patternProperties/(", "'(' without its ')'"),
        (#"{"format": "colour"}"#, "/format", "no support for the format"),
        (#"{"format": "datetime"}"#, "/format", "did you mean 'date-time'?"),
        (##"{"$ref": "#/$defs/a"}"##, "/$ref", "has no such place"),
        (#"{"$ref": "other.json"}"#, "/$ref", "file:///other.json"),
        (#"{"$schema": "http://json-schema.org/draft-04/schema#"}"#, "/$schema", "none of draft-06, draft-07"),
        (#"{"dependencies": {"a": ["b"]}}"#, "/dependencies", "'dependentRequired'"),
        (#"{"additionalItems": true}"#, "/additionalItems", "'prefixItems'"),
        (##"{"$ref": "#"}"##, "/$ref", "without end"),
        (##"{"allOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"not": {"$ref": "#"}}}}"##, "", "without end"),
        (#"{"x-personal": "yes"}"#, "/x-personal", "true or false"),
        (#"{"uniqueItems": 1}"#, "/uniqueItems", "true or false"),
        (#"{"dependentRequired": {"a": "b"}}"#, "/dependentRequired", "array of strings"),
    ]

    @Test(arguments: mistakes)
    func whatIsWrongIsRefusedWithItsPlace(schema: String, pointer: String, word: String) throws {
        let error = try #require(throws: SchemaError.self) { try compile(schema) }
        #expect(error.problems.count == 1)
        #expect(error.problems[0].file == "test.json")
        if !pointer.isEmpty { #expect(error.problems[0].pointer == pointer) }
        #expect(error.problems[0].message.contains(word), "\(error)")
    }

    @Test func schemesAndHostsAreTheSameInUpperCase() throws {
        let schema = try compile(
            #"{"$id": "HTTP://Example.org/a", "$defs": {"b": {"$id": "B", "type": "string"}}, "$ref": "http://example.ORG/B"}"#
        )
        #expect(try violations(schema, #""x""#).isEmpty)
        #expect(try !violations(schema, "1").isEmpty)
    }

    @Test func everyProblemIsNamed() throws {
        let error = try #require(throws: SchemaError.self) {
            try compile(#"{"minimum": "1", "maximum": "2", "properties": {"a": {"type": 1}}}"#)
        }
        #expect(error.problems.map(\.pointer) == ["/minimum", "/maximum", "/properties/a/type"])
    }

    @Test func textThatIsNotJSONIsRefusedWithItsLine() throws {
        var set = SchemaSet()
        let error = try #require(throws: SchemaError.self) { try set.add(Array("{\n  oops".utf8), file: "broken.json") }
        #expect(error.description.hasPrefix("broken.json#: not JSON: line 2"))
    }

    @Test func annotationsPass() throws {
        _ = try compile(
            #"""
            {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "a", "description": "b", "default": 1,
             "examples": [1], "deprecated": true, "$comment": "c", "readOnly": true, "x-anything": {"type": "nonsense"}}
            """#)
    }

    @Test func unknownKeywordsPassWhenAskedTo() throws {
        var options = SchemaSet.Options()
        options.refusesUnknownKeywords = false
        #expect(try violations(compile(#"{"requierd": ["a"]}"#, options: options), "{}").isEmpty)
    }

    @Test func documentsReferToEachOtherByFileAndByIdentifier() throws {
        var set = SchemaSet()
        try set.add(Array(#"{"$ref": "common/price.json"}"#.utf8), file: "Schemas/line.json")
        try set.add(
            Array(#"{"$id": "https://example.org/price", "$ref": "money#amount"}"#.utf8),
            file: "Schemas/common/price.json")
        try set.add(
            Array(
                #"{"$id": "https://example.org/money", "$defs": {"a": {"$anchor": "amount", "type": "number"}}}"#.utf8),
            file: "Schemas/money.json")
        for name in ["Schemas/line.json", "https://example.org/price", "https://example.org/money#/$defs/a"] {
            let schema = try set.compile(name)
            #expect(try violations(schema, "1").isEmpty)
            #expect(try violations(schema, "\"1\"").map(\.schemaPath) == ["Schemas/money.json#/$defs/a/type"])
        }
    }

    @Test func anIdentifierTakenTwiceIsRefusedAndChangesNothing() throws {
        var set = SchemaSet()
        try set.add(#"{"$id": "https://example.org/a", "type": "string"}"#, file: "a.json")
        #expect(throws: SchemaError.self) { try set.add(#"{"$id": "https://example.org/a"}"#, file: "b.json") }
        #expect(throws: SchemaError.self) { try set.add("{}", file: "a.json") }
        #expect(try violations(set.compile("https://example.org/a"), "1").count == 1)
    }

    @Test func schemasOfSchemasAreThere() throws {
        let schema = try compile(#"{"$ref": "https://json-schema.org/draft/2020-12/schema"}"#)
        #expect(try violations(schema, ValidationTests.product).isEmpty)
        #expect(
            try violations(schema, #"{"properties": {"a": {"minimum": "1"}}}"#).map(\.instancePath).contains(
                "/properties/a/minimum"))
    }

    @Test func aPointerMayPassThroughEscapedNames() throws {
        let schema = try compile(##"{"$ref": "#/$defs/a~1b%25c", "$defs": {"a/b%c": {"type": "string"}}}"##)
        #expect(try violations(schema, "1").count == 1)
    }
}

extension SchemaSet {
    fileprivate mutating func add(_ text: String, file: String) throws { try add(Array(text.utf8), file: file) }
}
