import Document
import Schema
import Testing

@Suite struct CompatibilityTests {
    static let product = #"""
        {"type": "object", "required": ["gtin"], "properties": {
          "gtin": {"type": "string", "format": "gtin", "pattern": "^[0-9]{14}$"},
          "name": {"type": ["string", "null"], "minLength": 1},
          "price": {"type": ["number", "null"], "minimum": 0},
          "labels": {"type": ["array", "null"], "items": {"$ref": "#/$defs/label"}}},
         "$defs": {"label": {"type": "object", "required": ["code"], "properties": {"code": {"type": "string"}}}}}
        """#

    /// Old, new, what is certain; then the path of the first finding backward and forward (empty: none).
    static let cases: [(String, String, Compatibility.Level, String?, String?)] = [
        ("{}", "{}", .full, nil, nil),
        (#"{"title": "a"}"#, #"{"title": "b", "description": "c", "x-anything": 1}"#, .full, nil, nil),
        // A field more, a field less.
        (
            object(#""a": {"type": "string"}"#), object(#""a": {"type": "string"}, "b": {"type": "integer"}"#), .full,
            nil, nil
        ),
        (object(#""a": true, "b": {"type": "string"}"#), object(#""a": true"#), .full, nil, nil),
        (object(#""a": true"#), object(#""a": true"#, #""required": ["a"]"#), .forward, "", nil),
        (object(#""a": true"#), object(#""a": true, "b": true"#, #""required": ["b"]"#), .forward, "", nil),
        (object(#""a": true"#, #""required": ["a"]"#), object(#""b": true"#), .backward, nil, ""),
        // Closed objects.
        (
            object(#""a": true"#, #""additionalProperties": false"#),
            object(#""a": true, "b": true"#, #""additionalProperties": false"#), .backward, nil, "/b"
        ),
        (object(#""a": true"#), object(#""b": true"#, #""additionalProperties": false"#), .forward, "/a", nil),
        // Fields that nobody names are kept: closing an object refuses them.
        (object(#""a": true"#), object(#""a": true"#, #""additionalProperties": false"#), .forward, "", nil),
        (object(#""a": true"#, #""additionalProperties": false"#), object(#""a": true"#), .backward, nil, ""),
        (
            object(#""a": {"type": "object"}"#), object(#""a": {"type": "object", "additionalProperties": false}"#),
            .forward, "/a", nil
        ),
        (
            #"{"type": "object", "properties": {"a": true}, "propertyNames": {"enum": ["a"]}}"#,
            object(#""a": true"#, #""additionalProperties": false"#), .full, nil, nil
        ),
        (
            object(#""a": true"#, #""additionalProperties": {}"#),
            object(#""a": true"#, #""additionalProperties": false"#),
            .forward, "", nil
        ),
        (object(#""a": true"#), object(#""a": true"#, #""additionalProperties": {"not": {}}"#), .forward, "", nil),
        (
            object(#""a": true"#), object(#""a": true"#, #""additionalProperties": {"type": "string"}"#), .forward, "",
            nil
        ),
        (
            object(#""a": true"#, #""propertyNames": {"pattern": "^[a-z]+$"}"#),
            object(#""a": true"#, #""propertyNames": {"pattern": "^[a-z]+$"}, "additionalProperties": false"#),
            .forward, "", nil
        ),
        // Whatever a field is called, a pattern names it.
        (
            object(#""a": true"#, #""patternProperties": {".*": {}}"#),
            object(#""a": true"#, #""additionalProperties": false"#), .forward, "/", nil
        ),
        (
            object(#""a": true"#, #""patternProperties": {"^[a-z_]+$": {"type": "string"}}"#),
            object(
                #""a": true"#,
                #""patternProperties": {"^[a-z_]+$": {"type": "string"}}, "additionalProperties": false"#), .forward,
            "",
            nil
        ),
        (
            #"{"anyOf": [{"type": "object", "additionalProperties": false}, {"type": "string"}]}"#,
            #"{"type": ["object", "string"], "additionalProperties": false}"#, .full, nil, nil
        ),
        (
            object(#""a": true"#, #""additionalProperties": {"type": "string"}"#),
            object(#""a": true"#, #""additionalProperties": {"type": ["string", "integer"]}"#), .backward, nil, "/other"
        ),
        (
            #"{"type": "object", "patternProperties": {"^x": {"type": "integer"}}}"#,
            #"{"type": "object", "patternProperties": {"^x": {"type": "number"}}}"#, .backward, nil, "/x"
        ),
        (
            object(#""a": true, "bb": true"#), object(#""a": true, "bb": true"#, #""propertyNames": {"maxLength": 1}"#),
            .forward, "", nil
        ),
        (
            object(#""a": true, "b": true"#),
            object(#""a": true, "b": true"#, #""dependentRequired": {"a": ["b"]}"#), .forward, "", nil
        ),
        (object(#""a": true"#), object(#""a": true"#, #""minProperties": 1"#), .forward, "", nil),
        (
            object(#""a": true"#), object(#""a": true"#, #""unevaluatedProperties": false"#), .forward, "", nil
        ),
        (
            object(#""a": true, "b": true"#), object(#""a": true"#, #""unevaluatedProperties": false"#), .forward, "/b",
            nil
        ),
        // Types.
        (#"{"type": "integer"}"#, #"{"type": "number"}"#, .backward, nil, ""),
        (#"{"type": "string"}"#, #"{"type": ["string", "null"]}"#, .backward, nil, ""),
        (#"{"type": "string"}"#, #"{"type": "integer"}"#, .none, "", ""),
        (
            #"{"type": ["integer", "string"]}"#, #"{"anyOf": [{"type": "string"}, {"type": "integer"}]}"#, .full, nil,
            nil
        ),
        (#"{"type": "boolean"}"#, #"{"enum": [true, false]}"#, .full, nil, nil),
        // Values.
        (#"{"enum": ["a", "b"]}"#, #"{"enum": ["a", "b", "c"]}"#, .backward, nil, ""),
        (#"{"enum": ["a", "b"]}"#, #"{"enum": ["a"]}"#, .forward, "", nil),
        (#"{"const": 1}"#, #"{"enum": [1.0]}"#, .full, nil, nil),
        (#"{"enum": ["a", "b"]}"#, #"{"type": "string", "maxLength": 1}"#, .backward, nil, ""),
        // Numbers.
        (#"{"type": "number", "minimum": 0}"#, #"{"type": "number", "minimum": 1}"#, .forward, "", nil),
        (#"{"type": "number", "minimum": 0}"#, #"{"type": "number", "exclusiveMinimum": 0}"#, .forward, "", nil),
        (#"{"type": "integer", "minimum": 1}"#, #"{"type": "integer", "exclusiveMinimum": 0}"#, .full, nil, nil),
        (#"{"type": "number", "maximum": 9}"#, #"{"type": "number", "maximum": 10}"#, .backward, nil, ""),
        (#"{"type": "number", "multipleOf": 0.01}"#, #"{"type": "number", "multipleOf": 0.1}"#, .forward, "", nil),
        (#"{"type": "number", "multipleOf": 6}"#, #"{"type": "number", "multipleOf": 3}"#, .backward, nil, ""),
        // A bound says nothing of strings.
        (#"{"type": "string"}"#, #"{"type": "string", "minimum": 5}"#, .full, nil, nil),
        // Text.
        (#"{"type": "string", "minLength": 1}"#, #"{"type": "string", "minLength": 2}"#, .forward, "", nil),
        (#"{"type": "string", "maxLength": 5}"#, #"{"type": "string", "maxLength": 4}"#, .forward, "", nil),
        (#"{"type": "string"}"#, #"{"type": "string", "pattern": "^[0-9]+$"}"#, .forward, "", nil),
        (
            #"{"type": "string", "pattern": "^[a-z]{3}$"}"#, #"{"type": "string", "pattern": "^[A-Z]{3}$"}"#, .none, "",
            ""
        ),
        (#"{"type": "string"}"#, #"{"type": "string", "format": "date"}"#, .forward, "", nil),
        // Lists.
        (#"{"type": "array"}"#, #"{"type": "array", "items": {"type": "string"}}"#, .forward, "/*", nil),
        (
            #"{"type": "array", "items": {"type": "integer"}}"#, #"{"type": "array", "items": {"type": "number"}}"#,
            .backward, nil, "/*"
        ),
        (
            #"{"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}]}"#,
            #"{"type": "array", "prefixItems": [{"type": "string"}, {"type": "string"}]}"#, .none, "/1", "/1"
        ),
        (#"{"type": "array", "maxItems": 2}"#, #"{"type": "array", "maxItems": 3}"#, .backward, nil, ""),
        (#"{"type": "array", "minItems": 2}"#, #"{"type": "array", "minItems": 3}"#, .forward, "", nil),
        (#"{"type": "array"}"#, #"{"type": "array", "uniqueItems": true}"#, .forward, "", nil),
        (#"{"type": "array"}"#, #"{"type": "array", "contains": {"const": 1}}"#, .forward, "", nil),
        (
            #"{"type": "array", "items": {"const": 1}, "minItems": 2}"#,
            #"{"type": "array", "items": {"const": 1}, "minItems": 2, "contains": {"type": "integer"}, "minContains": 2}"#,
            .full, nil, nil
        ),
        // Combined.
        (#"{"allOf": [{"type": "integer"}, {"minimum": 0}]}"#, #"{"type": "integer", "minimum": 0}"#, .full, nil, nil),
        (
            #"{"anyOf": [{"type": "integer"}]}"#, #"{"anyOf": [{"type": "integer"}, {"type": "string"}]}"#, .backward,
            nil, ""
        ),
        (
            #"{"oneOf": [{"type": "integer"}, {"type": "string"}]}"#,
            #"{"oneOf": [{"type": "integer"}, {"type": "string"}, {"type": "null"}]}"#, .backward, nil, ""
        ),
        (#"{"type": "string"}"#, #"{"type": "string", "not": {"const": "x"}}"#, .forward, "", nil),
        (#"{"type": "string"}"#, #"{"type": "string", "not": {"type": "integer"}}"#, .full, nil, nil),
        (
            object(#""kind": {"enum": ["a", "b"]}, "n": {"type": "integer"}"#, #""required": ["kind"]"#),
            object(
                #""kind": {"enum": ["a", "b"]}, "n": {"type": "integer"}"#,
                #""required": ["kind"], "if": {"properties": {"kind": {"const": "b"}}}, "then": {"required": ["n"]}"#),
            .forward, "", nil
        ),
        (
            object(#""a": true, "b": true"#),
            object(#""a": true, "b": true"#, #""dependentSchemas": {"a": {"required": ["b"]}}"#), .forward, "", nil
        ),
        // By reference, and recursive.
        (
            ##"{"$ref": "#/$defs/n", "$defs": {"n": {"type": "integer"}}}"##,
            ##"{"$ref": "#/$defs/m", "$defs": {"m": {"type": "integer"}}}"##, .full, nil, nil
        ),
        (
            ##"{"type": "object", "properties": {"next": {"$ref": "#"}, "n": {"type": "integer"}}}"##,
            ##"{"type": "object", "properties": {"next": {"$ref": "#"}, "n": {"type": "number"}}}"##, .backward, nil,
            "/n"
        ),
        // Extended all the way down, by a reference that depends on the way to it.
        (
            tree("integer"), tree("integer").replacing(#""type": "object""#, #""type": "object", "title": "T""#), .full,
            nil, nil
        ),
        (tree("integer"), tree("number"), .backward, nil, "/data"),
        (tree("integer"), tree("integer", #""properties": {"name": {"type": "string"}}"#), .full, nil, nil),
        (
            tree("integer", #""properties": {"name": {"type": "string"}}"#),
            tree("integer", #""properties": {"name": {"type": "string", "maxLength": 3}}"#), .forward, "/name", nil
        ),
        (tree("integer"), tree("integer", #""required": ["data"]"#), .forward, "", nil),
        (
            tree("integer", #""required": ["data"]"#, "$ref"), tree("integer", #""required": ["data"]"#), .forward,
            "/children/*", nil
        ),
        (
            tree("integer", #""unevaluatedProperties": false"#),
            tree("integer", #""unevaluatedProperties": false, "properties": {"name": true}"#), .backward, nil, "/name"
        ),
        (
            ##"{"$schema": "https://json-schema.org/draft/2019-09/schema", "$recursiveAnchor": true, "type": "object", "properties": {"n": {"type": "integer"}, "next": {"$recursiveRef": "#"}}}"##,
            ##"{"$schema": "https://json-schema.org/draft/2019-09/schema", "$recursiveAnchor": true, "type": "object", "properties": {"n": {"type": "number"}, "next": {"$recursiveRef": "#"}}}"##,
            .backward, nil, "/n"
        ),
        // Until draft 7 nothing beside '$ref' counts; since then all does.
        (
            siblings("http://json-schema.org/draft-07/schema#", ""),
            siblings("http://json-schema.org/draft-07/schema#", #", "type": "integer", "maxLength": 1"#), .full, nil,
            nil
        ),
        (
            siblings("https://json-schema.org/draft/2019-09/schema", ""),
            siblings("https://json-schema.org/draft/2019-09/schema", #", "maxLength": 1"#), .forward, "/a", nil
        ),
        // A draft's way to say it.
        (
            #"{"$schema": "http://json-schema.org/draft-07/schema#", "type": "array", "items": [{"type": "string"}], "additionalItems": false}"#,
            #"{"type": "array", "prefixItems": [{"type": "string"}], "items": false}"#, .full, nil, nil
        ),
        (product, product, .full, nil, nil),
        (
            product, product.replacing(#""price": {"type": ["number", "null"]"#, #""price": {"type": "number""#),
            .forward,
            "/price", nil
        ),
        (
            product, product.replacing(#""required": ["code"]"#, #""required": ["code", "text"]"#), .forward,
            "/labels/*",
            nil
        ),
        (product, "true", .backward, nil, ""),
        (product, "false", .forward, "", nil),
    ]

    @Test(arguments: cases)
    func whatIsCompatibleIsSaidAndWhatIsNotIsShown(
        old: String, new: String, level: Compatibility.Level, backward: String?, forward: String?
    ) throws {
        let compatibility = try compare(old, new)
        #expect(compatibility.level == level, "\(old) → \(new): \(compatibility)")
        #expect(compatibility.backward.first?.path == backward, "\(old) → \(new): \(compatibility.backward)")
        #expect(compatibility.forward.first?.path == forward, "\(old) → \(new): \(compatibility.forward)")
        // Each of these can be shown.
        for (findings, writer, reader) in [(compatibility.backward, old, new), (compatibility.forward, new, old)] {
            for finding in findings {
                let witness = try #require(finding.witness, "\(old) → \(new): \(finding)")
                #expect(try fits(witness, writer) && !fits(witness, reader))
                #expect(finding.violations.first?.contains("(\(finding.schemaPath)") == true, "\(finding)")
            }
        }
    }

    @Test func theCauseSaysWhoWantsWhat() throws {
        let found = try compare(object(#""a": true"#), object(#""a": true"#, #""required": ["a"]"#)).backward
        #expect(found.map(\.cause) == ["the new version requires 'a'; an old document may leave it out"])
        #expect(found[0].schemaPath == "new.json#/required")
        #expect(found[0].witness == [:])
        #expect(
            found[0].violations == ["the document: must have the member 'a', found an object of 0 (new.json#/required)"]
        )
    }

    /// What no document fits, as it would have to go on for ever, isn't followed for ever.
    @Test(arguments: [1, 3]) func requiredFieldsWithoutEndAreNotFollowedForEver(count: Int) throws {
        func endless(_ type: String) -> String {
            let names = (0..<count).map { "\"n\($0)\"" }
            let fields = names.map { "\($0): {\"$ref\": \"#/$defs/\(type)\"}" }.joined(separator: ", ")
            return
                "\"\(type)\": {\"type\": \"object\", \"required\": [\(names.joined(separator: ", "))], \"properties\": {\(fields)}}"
        }
        let old = "{\"$ref\": \"#/$defs/a\", \"$defs\": {\(endless("a"))}}"
        let new = "{\"not\": {\"$ref\": \"#/$defs/b\"}, \"$defs\": {\(endless("b"))}}"
        _ = try compare(old, new)
        _ = try compare(new, old)
    }

    @Test func whatCanNeitherBeProvedNorShownHasNoWitness() throws {
        // The patterns mean the same, which nobody proves here.
        let compatibility = try compare(
            #"{"type": "string", "pattern": "^[0-9]+$"}"#, #"{"type": "string", "pattern": "^[0-9][0-9]*$"}"#)
        #expect(compatibility.level == .none)
        #expect(compatibility.backward.map(\.witness) == [nil] && compatibility.forward.map(\.witness) == [nil])
    }

    /// A document that fails for another reason shows nothing of a cause.
    @Test func eachCauseIsShownByADocumentThatFailsForIt() throws {
        func causes(_ old: String, _ new: String) throws -> [String: Compatibility.Finding] {
            let findings = try compare(old, new).backward
            return Dictionary(findings.map { ($0.schemaPath, $0) }) { first, _ in first }
        }
        // Whatever an old document holds, it lacks 'b'; and the patterns mean the same.
        let found = try causes(
            object(#""a": {"type": "string", "pattern": "^[0-9]+$"}, "n": {"type": ["integer", "null"]}"#),
            object(
                #""a": {"type": "string", "pattern": "^[0-9][0-9]*$"}, "n": {"type": "integer"}, "b": true"#,
                #""required": ["b"]"#))
        let pattern = try #require(found["new.json#/properties/a/pattern"])
        #expect(pattern.witness == nil && pattern.violations.isEmpty, "\(pattern)")
        #expect(
            found["new.json#/properties/n/type"]?.violations.first?.hasPrefix("/n: must be of type integer") == true)
        #expect(found["new.json#/required"]?.violations.first?.contains("must have the member 'b'") == true)
    }

    @Test func eachMissingFieldIsShownByADocumentThatLacksIt() throws {
        let old = object(#""a": {"type": "string"}, "b": {"type": "string"}"#, #""required": ["a"]"#)
        let new = object(#""b": {"type": "string"}, "c": true"#, #""required": ["c", "b"]"#)
        let found = try compare(old, new).backward
        #expect(found.map(\.field) == ["c", "b"])
        for finding in found {
            let name = try #require(finding.field)
            #expect(finding.witness?[name] == nil)
            #expect(finding.violations.first?.contains("must have the member '\(name)'") == true, "\(finding)")
        }
    }

    private func fits(_ document: JSON, _ schema: String) throws -> Bool {
        try violations(compile(schema), document.text).isEmpty
    }
}

private func object(_ properties: String, _ more: String? = nil) -> String {
    #"{"type": "object", "properties": {\#(properties)}\#(more.map { ", " + $0 } ?? "")}"#
}

/// A tree, and what extends each of its nodes.
private func tree(_ data: String, _ more: String = #""title": "W""#, _ reference: String = "$dynamicRef") -> String {
    #"""
    {"$id": "https://example.org/wide", "$dynamicAnchor": "node", "$ref": "tree", \#(more), "$defs": {
      "tree": {"$id": "tree", "$dynamicAnchor": "node", "type": "object", "properties": {
        "data": {"type": "\#(data)"}, "children": {"type": "array", "items": {"\#(reference)": "#node"}}}}}}
    """#
}

private func siblings(_ draft: String, _ more: String) -> String {
    ##"""
    {"$schema": "\##(draft)", "type": "object", "properties": {"a": {"$ref": "#/definitions/n"\##(more)}},
     "definitions": {"n": {"type": "string"}}}
    """##.replacing("\"definitions\": {", draft.contains("2019") ? "\"$defs\": {" : "\"definitions\": {")
        .replacing("#/definitions/n", draft.contains("2019") ? "#/$defs/n" : "#/definitions/n")
}

func compare(_ old: String, _ new: String, seed: UInt64 = 1) throws -> Compatibility {
    var before = SchemaSet()
    try before.add(Array(old.utf8), file: "old.json")
    var after = SchemaSet()
    try after.add(Array(new.utf8), file: "new.json")
    return try Compatibility(old: before, "old.json", new: after, "new.json", seed: seed)
}

extension String {
    fileprivate func replacing(_ part: String, _ other: String) -> String {
        let place = ranges(of: part)[0]
        return String(self[..<place.lowerBound]) + other + String(self[place.upperBound...])
    }
}
