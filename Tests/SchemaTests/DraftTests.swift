import Document
import Schema
import Testing

/// Older drafts, by what their specifications say.
@Suite struct DraftTests {
    /// Draft, schema without `$schema`, documents that fit, documents that don't.
    static let cases: [(SchemaDraft, String, [String], [String])] = [
        // draft-07, 6.4.1 and 6.4.2: items, additionalItems
        (
            .draft7, #"{"items": [{"type": "integer"}, {"type": "string"}]}"#, ["[]", "[1]", #"[1, "a", null]"#],
            [#"["a"]"#, "[1, 2]"]
        ),
        (
            .draft7, #"{"items": [{"type": "integer"}], "additionalItems": {"type": "string"}}"#,
            ["[]", "[1]", #"[1, "a", "b"]"#], [#"[1, "a", 2]"#]
        ),
        (.draft7, #"{"items": [{}], "additionalItems": false}"#, ["[]", "[1]"], ["[1, 2]"]),
        (.draft7, #"{"items": [], "additionalItems": false}"#, ["[]"], ["[1]"]),
        // … which is ignored beside one schema, and without items
        (
            .draft7, #"{"items": {"type": "integer"}, "additionalItems": {"type": "string"}}"#, ["[1, 2]"],
            [#"[1, "a"]"#]
        ),
        (.draft7, #"{"additionalItems": false}"#, ["[1, 2]"], []),
        // 6.5.7: dependencies, of names and of schemas
        (
            .draft7,
            #"{"dependencies": {"a": ["b", "c"], "d": {"properties": {"e": {"type": "integer"}}}, "f": false}}"#,
            ["{}", #"{"a": 1, "b": 1, "c": 1}"#, #"{"d": 1, "e": 1}"#, #"{"e": "x"}"#, "12"],
            [#"{"a": 1, "b": 1}"#, #"{"d": 1, "e": "x"}"#, #"{"f": 1}"#]
        ),
        // 6.6: if, then, else
        (
            .draft7, #"{"if": {"const": 1}, "then": {"type": "string"}, "else": {"minimum": 5}}"#, ["5", #""a""#],
            ["1", "4"]
        ),
        // 8.3 of the core: what stands beside $ref is ignored
        (
            .draft7,
            ##"{"properties": {"a": {"$ref": "#/definitions/n", "maximum": 3}}, "definitions": {"n": {"type": "integer"}}}"##,
            [#"{"a": 9}"#], [#"{"a": "x"}"#]
        ),
        // … an $id too
        (
            .draft7,
            ##"""
            {"$id": "http://example.org/base/", "allOf": [{"$id": "http://example.org/other/", "$ref": "n"}],
             "definitions": {"n": {"$id": "n", "type": "integer"}, "m": {"$id": "/other/n", "type": "string"}}}
            """##, ["1"], [#""a""#]
        ),
        // … but a member that is called so is no reference
        (
            .draft7, #"{"properties": {"$ref": {"type": "string"}, "b": {"type": "integer"}}}"#,
            [##"{"$ref": "#", "b": 1}"##], [#"{"$ref": 1}"#, #"{"b": "x"}"#]
        ),
        // 8.2.3: names by $id
        (
            .draft7,
            ##"{"items": {"$ref": "#n"}, "definitions": {"n": {"$id": "#n", "type": "integer"}}}"##, ["[1]"],
            [#"["a"]"#]
        ),
        (
            .draft7,
            ##"""
            {"$id": "http://example.org/root.json", "items": {"$ref": "other.json#x"},
             "definitions": {"b": {"$id": "other.json", "definitions": {"x": {"$id": "#x", "type": "integer"}}}}}
            """##, ["[1]"], [#"["a"]"#]
        ),
        // contains has no bounds, and keywords of later drafts say nothing
        (
            .draft7, #"{"contains": {"const": 1}, "minContains": 2, "maxContains": 0}"#, ["[1]", "[1, 1]"],
            ["[]", "[2]"]
        ),
        (
            .draft7,
            #"""
            {"prefixItems": [{"type": "string"}], "dependentRequired": {"a": ["b"]}, "unevaluatedProperties": false,
             "$defs": {"type": 3}, "dependentSchemas": {"a": false}, "unevaluatedItems": false}
            """#, ["[1]", #"{"a": 1}"#], []
        ),
        // 8.3 to 8.5 of validation: what a string holds
        (
            .draft7, #"{"contentMediaType": "application/json"}"#, [#""{\"a\": 1}""#, "12", #""null""#],
            [#""{:}""#, #""""#]
        ),
        (
            .draft7, #"{"contentEncoding": "base64"}"#, [#""YQ==""#, #""""#, #""YWJj""#],
            [#""YQ=""#, #""Y!==""#, #""a""#]
        ),
        (
            .draft7, #"{"contentMediaType": "application/json", "contentEncoding": "base64"}"#,
            [#""eyJhIjoxfQ==""#], [#""ezp9""#, #""{}""#]
        ),
        (.draft7, #"{"contentMediaType": "text/plain", "contentEncoding": "quoted-printable"}"#, [#""=""#], []),
        // 7.3: formats
        (
            .draft7, #"{"format": "idn-hostname"}"#, [#""münchen.example""#, #""example.org""#],
            [#""-a""#, #""a\u00b7l""#]
        ),
        (.draft7, #"{"format": "iri"}"#, [#""http://exämple.org/""#], [#""ä""#]),
        (.draft7, #"{"format": "relative-json-pointer"}"#, [#""0#""#, #""1/a""#], [#""/a""#]),
        (.draft7, #"{"format": "regex"}"#, [#""(?=a)""#], [#""(""#]),
        (
            .draft7, ##"{"$ref": "http://json-schema.org/draft-07/schema#"}"##, [#"{"minLength": 1}"#, "true"],
            [#"{"minLength": -1}"#]
        ),
        (
            .draft7, ##"{"$ref": "http://json-schema.org/draft-07/schema#/definitions/nonNegativeInteger"}"##, ["0"],
            ["-1", "1.5"]
        ),
        (.draft6, #"{"if": {"const": 1}, "then": false, "items": [{"type": "string"}]}"#, ["1", #"["a"]"#], ["[1]"]),
        (.draft6, #"{"contentEncoding": "base64"}"#, [#""!""#], []),
        // 2019-09
        (.draft2019, #"{"items": [{"type": "integer"}], "additionalItems": false}"#, ["[1]"], ["[1, 2]", #"["a"]"#]),
        (.draft2019, #"{"dependentRequired": {"a": ["b"]}, "prefixItems": [false]}"#, ["{}", "[1]"], [#"{"a": 1}"#]),
        // What contains finds is not evaluated there; in 2020-12 it is.
        (.draft2019, #"{"contains": {"const": 1}, "unevaluatedItems": false}"#, [], ["[1]"]),
        (.draft2020, #"{"contains": {"const": 1}, "unevaluatedItems": false}"#, ["[1]"], ["[1, 2]"]),
        (.draft2019, #"{"contentEncoding": "base64"}"#, [#""!""#], []),
        (.draft2020, #"{"contentEncoding": "base64", "contentMediaType": "application/json"}"#, [#""!""#], []),
        (
            .draft2019,
            ##"""
            {"$id": "http://example.org/strict", "$recursiveAnchor": true, "$ref": "tree", "unevaluatedProperties": false,
             "$defs": {"t": {"$id": "tree", "$recursiveAnchor": true, "type": "object",
             "properties": {"value": true, "next": {"$recursiveRef": "#"}}}}}
            """##, [#"{"value": 1, "next": {"value": 2}}"#], [#"{"next": {"more": 2}}"#]
        ),
        (
            .draft2019,
            ##"""
            {"$id": "http://example.org/strict", "$ref": "tree", "unevaluatedProperties": false,
             "$defs": {"t": {"$id": "tree", "type": "object",
             "properties": {"value": true, "next": {"$recursiveRef": "#"}}}}}
            """##, [#"{"next": {"more": 2}}"#], [#"{"more": 2}"#]
        ),
    ]

    @Test(arguments: cases)
    func olderDraftsMeanWhatTheySay(draft: SchemaDraft, schema: String, fitting: [String], others: [String]) throws {
        // Said by the document …
        let declared = #"{"$schema": "\#(draft.uri)#", "# + schema.drop { $0 != "{" }.dropFirst()
        var options = SchemaSet.Options()
        options.refusesUnknownKeywords = false
        try expect(compile(declared, options: options), fitting, others, declared)
        // … or by whoever reads it.
        options.draft = draft
        try expect(compile(schema, options: options), fitting, others, schema)
    }

    private func expect(_ schema: CompiledSchema, _ fitting: [String], _ others: [String], _ text: String) throws {
        for document in fitting { #expect(try violations(schema, document).isEmpty, "\(text): \(document)") }
        for document in others { #expect(try !violations(schema, document).isEmpty, "\(text): \(document)") }
    }

    /// One document in one draft refers to one in another: each is read as what it is.
    @Test(arguments: [
        (SchemaDraft.draft2020, SchemaDraft.draft7), (.draft7, .draft2020), (.draft2019, .draft7),
        (.draft7, .draft2019),
        (.draft2020, .draft2019),
    ])
    func draftsReferToEachOther(outer: SchemaDraft, inner: SchemaDraft) throws {
        var options = SchemaSet.Options()
        options.refusesUnknownKeywords = false
        var set = SchemaSet(options: options)
        // In both drafts: a list in items is a list until 2019-09, prefixItems counts from 2020-12.
        func schema(_ draft: SchemaDraft, _ more: String) -> [UInt8] {
            let list = draft == .draft2020 ? "" : #""items": [{"type": "integer"}], "#
            return Array(
                #"{"$schema": "\#(draft.uri)", \#(list)"prefixItems": [{"type": "string"}], \#(more)}"#.utf8)
        }
        try set.add(schema(inner, #""title": "inner""#), file: "inner.json")
        try set.add(
            Array(#"{"$schema": "\#(outer.uri)", "properties": {"list": {"$ref": "inner.json"}}}"#.utf8),
            file: "outer.json")
        let compiled = try set.compile("outer.json")
        let (fits, fails) = inner == .draft2020 ? (#"["a"]"#, "[1]") : ("[1]", #"["a"]"#)
        #expect(try violations(compiled, #"{"list": \#(fits)}"#).isEmpty)
        #expect(try violations(compiled, #"{"list": \#(fails)}"#).count == 1)
    }

    @Test func anEmbeddedSchemaMaySayItsOwnDraft() throws {
        let schema = try compile(
            ##"""
            {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "http://example.org/a",
             "properties": {"list": {"$ref": "b"}},
             "$defs": {"b": {"$id": "b", "$schema": "http://json-schema.org/draft-07/schema#",
               "items": [{"type": "integer"}]}}}
            """##)
        #expect(try violations(schema, #"{"list": [1, "x"]}"#).isEmpty)
        #expect(try violations(schema, #"{"list": ["x"]}"#).map(\.instancePath) == ["/list/0"])
    }

    @Test func keywordsOfOtherDraftsAreRefusedWithWhatTheyAreCalledHere() throws {
        for (keyword, word) in [
            (#""$defs": {}"#, "'definitions'"), (#""prefixItems": [true]"#, "'items' with a list"),
            (#""dependentRequired": {}"#, "'dependencies'"), (#""unevaluatedItems": false"#, "another draft has it"),
            (#""$anchor": "a""#, "'$id' with '#'"),
        ] {
            let error = try #require(throws: SchemaError.self) {
                try compile(#"{"$schema": "http://json-schema.org/draft-07/schema#", \#(keyword)}"#)
            }
            #expect(error.problems.count == 1 && error.problems[0].message.contains(word), "\(error)")
        }
    }

    @Test func dependenciesStillWorkInTheLatestDraftWhereUnknownKeywordsDo() throws {
        var options = SchemaSet.Options()
        options.refusesUnknownKeywords = false
        let schema = try compile(#"{"dependencies": {"a": ["b"], "c": {"maxProperties": 1}}}"#, options: options)
        #expect(try violations(schema, #"{"a": 1}"#).map(\.schemaPath) == ["test.json#/dependencies"])
        #expect(try violations(schema, #"{"c": 1, "d": 1}"#).count == 1)
    }
}
