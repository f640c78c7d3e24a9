import Document
import Testing

@testable import Schema

/// What is settled by a look at a value's word must be what a thorough check says.
@Suite struct GlanceTests {
    /// Whether a document fits: on a new tape, and on one that knows its names.
    private func fits(_ schema: CompiledSchema, _ document: String) throws -> Bool {
        var tape = Tape()
        try tape.parse(Array(document.utf8))
        let answer = schema.isValid(tape.root)
        for _ in 0..<3 {
            try tape.parse(Array(document.utf8))
            #expect(schema.isValid(tape.root) == answer, "\(document)")
        }
        return answer
    }

    private static func holds(_ keyword: String, _ value: Number, _ limit: Number) -> Bool {
        switch keyword {
        case "minimum": value >= limit
        case "maximum": value <= limit
        case "exclusiveMinimum": value > limit
        case "exclusiveMaximum": value < limit
        default: value.isMultiple(of: limit)
        }
    }

    @Test(arguments: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"])
    func numbersAreWithinTheirLimits(keyword: String) throws {
        let values = [
            "0", "-0", "0.0", "-0.0", "1", "-1", "1.0", "0.5", "-0.5", "9", "10", "99.99", "100", "100.0", "100.01",
            "101",
            "1e-5", "1e5", "2E1", "0e9", "19.90", "123456789", "1234567890", "4294967296", "99999999999999999999",
            "0.000001",
            "1.50", "1.500", "-7",
        ]
        for limit in ["0", "1", "-1", "100", "0.01", "0.5", "2147483648", "-3", "10"] {
            if keyword == "multipleOf", limit.hasPrefix("-") || limit == "0" { continue }
            for type in ["number", "integer"] {
                let schema = try compile(
                    #"""
                    {"type": ["array", "object"], "items": {"type": "\#(type)", "\#(keyword)": \#(limit)},
                     "properties": {"v": {"type": "\#(type)", "\#(keyword)": \#(limit)}}}
                    """#)
                for text in values {
                    let value = Number(text)!
                    let expected =
                        Self.holds(keyword, value, Number(limit)!)
                        && (type == "number" || value.isMultiple(of: Number("1")!))
                    #expect(try fits(schema, #"{"v":\#(text)}"#) == expected, "\(text) \(type) \(keyword) \(limit)")
                    #expect(try fits(schema, "[\(text)]") == expected, "\(text) \(type) \(keyword) \(limit)")
                }
            }
        }
    }

    @Test func stringsAreAsLongAsTheyMayBe() throws {
        for (least, most) in [(0, 4), (1, 4), (3, 3), (2, 9), (0, 0), (4, 16)] {
            let schema = try compile(
                #"{"properties": {"v": {"type": ["string", "null"], "minLength": \#(least), "maxLength": \#(most)}}}"#)
            for letter in ["a", "é", "€", "🐲"] {
                for length in 0...18 {
                    let text = String(repeating: letter, count: length)
                    #expect(try fits(schema, #"{"v":"\#(text)"}"#) == (least...most).contains(length))
                }
            }
            #expect(try fits(schema, #"{"v":null}"#))
            #expect(try !fits(schema, #"{"v":1}"#) && !fits(schema, #"{"v":[]}"#) && !fits(schema, #"{"v":true}"#))
        }
    }

    @Test func timesOfTheCommonestShapeAreCheckedToo() throws {
        let schema = try compile(
            #"{"properties": {"v": {"format": "date-time"}}}"#)
        for (text, isTime) in [
            ("2024-05-31T14:02:11Z", true), ("2024-02-29T14:02:11z", true), ("2023-02-29T14:02:11Z", false),
            ("2023-02-28t14:02:11Z", true), ("2024-04-31T14:02:11Z", false), ("2024-04-30T14:02:11Z", true),
            ("2024-13-01T14:02:11Z", false), ("2024-00-01T14:02:11Z", false), ("2024-01-00T14:02:11Z", false),
            ("2024-01-01T24:02:11Z", false), ("2024-01-01T23:60:11Z", false), ("2024-01-01T23:59:60Z", true),
            ("2024-01-01T22:59:60Z", false), ("2024-01-01T23:59:61Z", false), ("2024-01-01 23:59:59Z", false),
            ("2024-01-01T23.59:59Z", false), ("2024-01-01T23:59.59Z", false), ("2024/01-01T23:59:59Z", false),
            ("2024-01/01T23:59:59Z", false), ("2024-01-01T23:59:59+", false), ("2024-01-01T23:59:5Z", false),
            ("2o24-01-01T23:59:59Z", false), ("2024-01-01T23:59:5oZ", false),
        ] { #expect(try fits(schema, #"{"v":"\#(text)"}"#) == isTime, "\(text)") }
    }

    /// Members whose names are known need no look-up, so every rule on objects must be in the plan.
    @Test(arguments: [
        (#"{"required": ["a"], "properties": {"b": {"type": "string"}}}"#, #"{"b":"x"}"#, false),
        (#"{"required": ["a"], "properties": {"b": {"type": "string"}}}"#, #"{"b":"x","a":1}"#, true),
        (#"{"properties": {"a": true}, "additionalProperties": false}"#, #"{"a":1}"#, true),
        (#"{"properties": {"a": true}, "additionalProperties": false}"#, #"{"a":1,"b":2}"#, false),
        (#"{"additionalProperties": {"type": "string"}}"#, #"{"a":"x","b":2}"#, false),
        (#"{"patternProperties": {"^x": {"type": "string"}}, "additionalProperties": false}"#, #"{"xa":"x"}"#, true),
        (
            #"{"patternProperties": {"^x": {"type": "string"}}, "additionalProperties": false}"#, #"{"xa":"x","y":1}"#,
            false
        ),
        (
            #"{"patternProperties": {"^x": {"minLength": 2}}, "properties": {"xa": {"maxLength": 3}}}"#, #"{"xa":"x"}"#,
            false
        ),
        (
            #"{"patternProperties": {"^x": {"minLength": 2}}, "properties": {"xa": {"maxLength": 3}}}"#,
            #"{"xa":"xyzz"}"#, false
        ),
        (#"{"patternProperties": {"^x": {"minLength": 2}, "a$": {"maxLength": 3}}}"#, #"{"xa":"xyz"}"#, true),
        (#"{"propertyNames": {"maxLength": 2}}"#, #"{"ab":1,"abc":1}"#, false),
        (#"{"minProperties": 2}"#, #"{"a":1}"#, false),
        (#"{"maxProperties": 1, "properties": {"a": true}}"#, #"{"a":1,"b":2}"#, false),
        (#"{"properties": {"a": {"properties": {"b": {"type": "null"}}}}}"#, #"{"a":{"b":1}}"#, false),
        (
            ##"{"properties": {"a": {"$ref": "#/$defs/n"}}, "$defs": {"n": {"$ref": "#/$defs/m"}, "m": {"type": "null"}}}"##,
            #"{"a":1}"#, false
        ),
        (#"{"properties": {"a": {"type": "array"}}}"#, #"{"a":{"b":1}}"#, false),
        (#"{"properties": {"a": {"items": {"required": ["b"]}}}}"#, #"{"a":[{"b":1},{"c":1}]}"#, false),
        (#"{"properties": {"a": {"items": {"required": ["b"]}}}}"#, #"{"a":[{"b":1},{"b":1},5]}"#, true),
        (#"{"properties": {"a": true}, "unevaluatedProperties": false}"#, #"{"a":1,"b":1}"#, false),
        (
            #"{"properties": {"a": {"properties": {"b": true}, "unevaluatedProperties": false}}}"#,
            #"{"a":{"b":1,"c":1}}"#, false
        ),
        (
            #"{"allOf": [{"properties": {"a": true}}], "unevaluatedProperties": {"type": "null"}}"#,
            #"{"a":1,"b":null}"#, true
        ),
    ])
    func everyRuleOnObjectsHolds(schema: String, document: String, isValid: Bool) throws {
        #expect(try fits(try compile(schema), document) == isValid)
    }

    /// One schema's plans never serve another, and a tape keeps those of some only.
    @Test func manySchemasTakeTurnsOnOneTape() throws {
        let schemas = try ["null", "string", "number", "boolean", "array", "object"].flatMap { type in
            try (0..<4).map { _ in (type, try compile(#"{"properties": {"v": {"type": "\#(type)"}}}"#)) }
        }
        var tape = Tape()
        for _ in 0..<20 {
            for (kind, text) in [("null", "null"), ("string", "\"x\""), ("number", "1"), ("object", "{}")] {
                try tape.parse(Array("{\"v\":\(text)}".utf8))
                for (type, schema) in schemas { #expect(schema.isValid(tape.root) == (type == kind)) }
            }
        }
    }

    /// It was left out once, as the tables were handed on before they were simplified.
    @Test func aTypeAloneIsSettledByTheNamesSlot() throws {
        let schema = try compile(
            ##"{"properties": {"a": {"$ref": "#/$defs/b"}}, "$defs": {"b": {"type": "boolean"}}}"##)
        let tables = schema.program.tables
        let name = Array("a".utf8) + Array(repeating: 0, count: 8)
        name.withUnsafeBufferPointer { name in
            let slot = tables.names.find(
                .init(UnsafeBufferPointer(rebasing: name.prefix(1))), in: tables.objects[0].names)
            #expect(slot?.pointee.glance.kinds == .boolean)
        }
    }
}
