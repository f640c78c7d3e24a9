import Document
import Schema
import Testing

/// Compiles one schema document.
func compile(_ schema: String, options: SchemaSet.Options = .init()) throws -> CompiledSchema {
    var set = SchemaSet(options: options)
    try set.add(Array(schema.utf8), file: "test.json")
    return try set.compile("test.json")
}

/// The violations of a document; checks that the fast answer is the same.
func violations(_ schema: CompiledSchema, _ document: String) throws -> [Violation] {
    var tape = Tape()
    try tape.parse(Array(document.utf8))
    let found = schema.violations(of: tape.root)
    #expect(schema.isValid(tape.root) == found.isEmpty)
    // A tape that knows the document's names answers by another way.
    for _ in 0..<3 {
        try tape.parse(Array(document.utf8))
        #expect(schema.isValid(tape.root) == found.isEmpty)
        #expect(schema.isValid(tape.root) == found.isEmpty)
    }
    return found
}

@Suite struct ValidationTests {
    static let product = #"""
        {
          "$id": "https://example.org/product", "type": "object", "required": ["gtin", "name"],
          "properties": {
            "gtin": {"type": "string", "format": "gtin"}, "name": {"type": "string", "minLength": 1, "maxLength": 20},
            "price": {"type": "number", "minimum": 0, "multipleOf": 0.01},
            "status": {"enum": ["active", "ended"]},
            "sizes": {"type": "array", "items": {"$ref": "#/$defs/size"}, "maxItems": 3, "uniqueItems": true},
            "extra": {"patternProperties": {"^x_": {"type": "integer"}}, "additionalProperties": false}
          },
          "$defs": {"size": {"type": "string", "pattern": "^(XS|S|M|L|XL)$"}}
        }
        """#

    @Test func aDocumentThatFitsHasNoViolations() throws {
        let found = try violations(
            compile(Self.product),
            #"""
            {"gtin": "06438012345675", "name": "Sofa", "price": 19.90, "status": "active", "sizes": ["S", "M"],
             "extra": {"x_a": 1}, "unknown": [null]}
            """#)
        #expect(found == [])
    }

    /// Document, then `path keyword message` of every violation.
    @Test(arguments: [
        (#"[]"#, [" type must be of type object"]),
        (
            #"{"name": ""}"#,
            ["/name minLength must be at least 1 character long", " required must have the member 'gtin'"]
        ),
        (
            #"{"gtin": "06438012345672", "name": "a name of more than 20"}"#,
            [
                "/gtin format must be a GTIN: 14 digits, the last the right check digit, not all zero",
                "/name maxLength must be at most 20 characters long",
            ]
        ),
        (
            #"{"gtin": "06438012345675", "name": "a", "price": -1.999, "status": "gone"}"#,
            [
                "/price minimum must be at least 0", "/price multipleOf must be a multiple of 0.01",
                #"/status enum must be one of "active", "ended""#,
            ]
        ),
        (
            #"{"gtin": "06438012345675", "name": "a", "sizes": ["S", "S", "XXL", 4]}"#,
            [
                "/sizes maxItems must have at most 3 items",
                "/sizes/2 pattern must match the pattern ^(XS|S|M|L|XL)$",
                "/sizes/3 type must be of type string",
                "/sizes uniqueItems must not hold a value twice: items 0 and 1 are equal",
            ]
        ),
        (
            #"{"gtin": "06438012345675", "name": "a", "extra": {"x_a": 1.5, "y/z": 1}}"#,
            [
                "/extra/x_a type must be of type integer",
                "/extra/y~1z additionalProperties must not be there",
            ]
        ),
    ])
    func everyViolationIsNamed(document: String, expected: [String]) throws {
        let found = try violations(compile(Self.product), document)
        #expect(found.map { "\($0.instancePath) \($0.keyword) \($0.message)" } == expected)
    }

    @Test func aViolationNamesTheSchemasPlaceAndShowsTheValue() throws {
        let found = try violations(
            compile(Self.product), #"{"gtin": "06438012345675", "name": "a", "sizes": ["XXL"], "price": -1}"#)
        #expect(found.map(\.schemaPath) == ["test.json#/$defs/size/pattern", "test.json#/properties/price/minimum"])
        #expect(found.map(\.excerpt) == [#""XXL""#, "-1"])
        #expect(
            found[1].description
                == "/price: must be at least 0, found -1 (test.json#/properties/price/minimum)")
    }

    @Test func aFailedChoiceShowsTheClosestAlternative() throws {
        let schema = try compile(
            #"""
            {"oneOf": [
              {"type": "string"},
              {"type": "object", "properties": {"amount": {"minimum": 0}}, "required": ["amount"]}
            ]}
            """#)
        let found = try violations(schema, #"{"amount": -1}"#)
        #expect(found.count == 1 && found[0].keyword == "oneOf")
        #expect(found[0].message == "must fit one of 2 alternatives; the closest: /amount must be at least 0")
    }

    @Test func whatWasMeantIsSaid() throws {
        let schema = try compile(
            #"""
            {"properties": {"state": {"enum": ["placed", "paid"]}, "name": true, "sex": {"enum": ["female", "male"]},
             "person": {"x-personal": true, "properties": {"title": {"enum": ["Ms", "Mrs"]}}, "additionalProperties": false}},
             "additionalProperties": false}
            """#)
        let found = try violations(
            schema,
            #"{"state": "PAID", "nmae": 1, "colour": 2, "sex": "femal", "person": {"title": "ms", "titel": 1}}"#)
        #expect(
            found.map(\.message) == [
                #"must be one of "placed", "paid"; did you mean "paid"?"#, "must not be there: did you mean 'name'?",
                "must not be there: the schema has no such field",
                #"must be one of "female", "male"; did you mean "female"?"#, #"must be one of "Ms", "Mrs""#,
                "must not be there",
            ])
    }

    @Test func severalFittingAlternativesAreNumbered() throws {
        let schema = try compile(#"{"oneOf": [{"type": "string"}, {"minimum": 1}, {"type": "integer"}]}"#)
        #expect(
            try violations(schema, "5").map(\.message) == [
                "must fit exactly one of the alternatives, fits 2: numbers 1, 2"
            ])
    }

    @Test func aSummaryTellsHowManyMoreThereAre() throws {
        let schema = try compile(#"{"items": {"type": "string"}}"#)
        let found = try violations(schema, "[1, 2, 3]")
        #expect(found.summary(of: 2).hasSuffix("found 2 (test.json#/items/type); and 1 more"))
        #expect(!found.summary().contains("more"))
    }

    @Test func personalDataIsMasked() throws {
        let schema = try compile(
            #"""
            {"properties": {
              "email": {"x-personal": true, "format": "email"},
              "address": {"x-personal": true, "properties": {"zip": {"type": "string"}}, "additionalProperties": false},
              "note": {"anyOf": [{"type": "integer"}, {"x-personal": true, "maxLength": 3}]},
              "city": {"maxLength": 3}
            }, "required": ["id"]}
            """#)
        let found = try violations(
            schema,
            #"{"email": "ada.lovelace", "address": {"zip": 12345, "Ada": 1}, "note": "secret", "city": "Turku"}"#)
        #expect(found.map(\.instancePath) == ["/email", "/address/zip", "/address/*", "/note", "/city", ""])
        let text = found.map(\.description).joined()
        for secret in ["ada", "Ada", "12345", "secret"] { #expect(!text.contains(secret)) }
        #expect(found[4].excerpt == #""Turku""#)
        #expect(found[0].excerpt == "a string (masked)")
    }

    @Test func aReportKeepsToItsLimit() throws {
        let schema = try compile(#"{"items": {"type": "string"}}"#)
        var tape = Tape()
        try tape.parse(Array("[1,2,3,4,5]".utf8))
        var report = Report(limit: 3)
        #expect(!schema.validate(tape.root, into: &report))
        #expect(report.violations.count == 3 && report.isTruncated && !report.isValid)
    }

    @Test func namesAreComparedByTheirBytes() throws {
        let composed = "\u{E9}"
        let decomposed = "e\u{301}"
        let schema = try compile(
            #"{"properties": {"\#(composed)": {"type": "integer"}, "\#(decomposed)": {"type": "string"}}}"#)
        #expect(try violations(schema, #"{"\#(composed)": 1, "\#(decomposed)": "a"}"#).isEmpty)
        #expect(try violations(schema, #"{"\#(composed)": "a", "\#(decomposed)": 1}"#).count == 2)
    }

    @Test(arguments: [1, 7, 8, 9, 15, 16, 17, 24, 40]) func namesOfEveryLengthAreTold(length: Int) throws {
        let name = String(repeating: "n", count: length)
        let schema = try compile(#"{"properties": {"\#(name)": {"type": "string"}}, "additionalProperties": false}"#)
        #expect(try violations(schema, #"{"\#(name)": "a"}"#).isEmpty)
        #expect(try violations(schema, #"{"\#(name)": 1}"#).map(\.keyword) == ["type"])
        // Each name that differs in one byte, or in length, is another one.
        for place in 0..<length {
            var bytes = Array(name.utf8)
            bytes[place] = UInt8(ascii: "m")
            let other = String(decoding: bytes, as: UTF8.self)
            #expect(try violations(schema, #"{"\#(other)": "a"}"#).map(\.keyword) == ["additionalProperties"])
        }
        #expect(try violations(schema, #"{"\#(name)n": "a"}"#).count == 1)
        #expect(try violations(schema, #"{"\#(name.dropLast())": "a"}"#).count == 1)
    }

    @Test func moreThan64RequiredMembersAreAllAskedFor() throws {
        let names = (0..<100).map { "\"m\($0)\"" }
        let schema = try compile("{\"required\": [\(names.joined(separator: ","))]}")
        let members = names.map { "\($0): 1" }
        #expect(try violations(schema, "{\(members.joined(separator: ","))}").isEmpty)
        for missing in [0, 63, 64, 99] {
            var some = members
            some.remove(at: missing)
            let found = try violations(schema, "{\(some.joined(separator: ","))}")
            #expect(found.map(\.message) == ["must have the member 'm\(missing)'"])
        }
    }

    @Test func uniqueItemsFindsTwinsInLongArraysToo() throws {
        let schema = try compile(#"{"uniqueItems": true}"#)
        let items = (0..<200).map { #"{"a": \#($0), "b": [\#($0)]}"# }
        #expect(try violations(schema, "[\(items.joined(separator: ","))]").isEmpty)
        let twin = items + [#"{"b": [7.0], "a": 7}"#]
        let found = try violations(schema, "[\(twin.joined(separator: ","))]")
        #expect(found.map(\.message) == ["must not hold a value twice: items 7 and 200 are equal"])
    }

    @Test func decimalsAreExact() throws {
        let schema = try compile(#"{"multipleOf": 0.1, "maximum": 0.3}"#)
        #expect(try violations(schema, "0.3").isEmpty)
        #expect(try violations(schema, "0.30000000000000004").count == 2)
        #expect(try violations(compile(#"{"type": "integer"}"#), "1e2").isEmpty)
        #expect(try violations(compile(#"{"type": "integer"}"#), "1.50").count == 1)
        #expect(try violations(compile(#"{"multipleOf": 3}"#), "1e400000").count == 1)
        #expect(try violations(compile(#"{"multipleOf": 0.0001}"#), "1e400000").isEmpty)
    }

    @Test func lengthsCountCodePoints() throws {
        let schema = try compile(#"{"minLength": 2, "maxLength": 3}"#)
        for (text, fits) in [("é", false), ("éé", true), ("🐲🐲🐲", true), ("🐲🐲🐲🐲", false), ("🐲", false)] {
            #expect(try violations(schema, "\"\(text)\"").isEmpty == fits)
        }
    }

    @Test func aValueDeepInTheDocumentIsReached() throws {
        let schema = try compile(##"{"properties": {"next": {"$ref": "#"}, "value": {"type": "integer"}}}"##)
        let depth = 400
        let document =
            String(repeating: #"{"next":"#, count: depth) + #"{"value":"x"}"# + String(repeating: "}", count: depth)
        let found = try violations(schema, document)
        #expect(found.map(\.instancePath) == [String(repeating: "/next", count: depth) + "/value"])
    }

    @Test func anExcerptIsShortAndWhole() throws {
        let schema = try compile(#"{"maxLength": 3}"#)
        let long = String(repeating: "🐲", count: 1_000)
        #expect(try violations(schema, "\"\(long)\"")[0].excerpt == "\"" + String(repeating: "🐲", count: 48) + "\"…")
        #expect(try violations(schema, #""a\"b\n""#)[0].excerpt == #""a\"b\n""#)
        let digits = String(repeating: "1", count: 60)
        #expect(try violations(compile(#"{"maximum": 0}"#), digits)[0].excerpt == digits.prefix(48) + "…")
    }

    @Test func oneSchemaServesManyThreads() async throws {
        let schema = try compile(Self.product)
        let wrong = await withTaskGroup(of: Int.self) { group in
            for worker in 0..<4 {
                group.addTask {
                    var tape = Tape()
                    var wrong = 0
                    for round in 0..<200 {
                        let fits = (round + worker) % 2 == 0
                        let size = fits ? "XL" : "XXL"
                        let text = #"{"gtin": "06438012345675", "name": "n", "sizes": ["\#(size)"]}"#
                        guard (try? tape.parse(Array(text.utf8))) != nil else { return -1 }
                        if schema.isValid(tape.root) != fits { wrong += 1 }
                        if schema.violations(of: tape.root).isEmpty != fits { wrong += 1 }
                    }
                    return wrong
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(wrong == [0, 0, 0, 0])
    }

    /// Numbers whose text alone tells, and numbers that must be read, come to the same.
    @Test(arguments: [
        ("minimum", "0"), ("exclusiveMinimum", "0"), ("multipleOf", "0.01"), ("multipleOf", "1"), ("maximum", "100"),
        ("exclusiveMaximum", "2.5"), ("minimum", "-3"), ("multipleOf", "2.5"),
    ])
    func numbersAreJudgedByValue(keyword: String, limit: String) throws {
        let schema = try compile("{\"\(keyword)\": \(limit)}")
        let texts = [
            "0", "-0", "0.0", "1", "-1", "0.01", "0.010", "0.001", "5e-1", "2.5", "2.50", "100", "1e2", "100.01",
            "1.0E2",
            "-0.5", "1e-3", "25e-1", "12.345", "-3", "-3.01", "7.5",
        ]
        for text in texts {
            let (value, bound) = (Number(text)!, Number(limit)!)
            let fits =
                switch keyword {
                case "minimum": value >= bound
                case "exclusiveMinimum": value > bound
                case "maximum": value <= bound
                case "exclusiveMaximum": value < bound
                default: value.isMultiple(of: bound)
                }
            #expect(try violations(schema, text).isEmpty == fits, "\(text) \(keyword) \(limit)")
        }
    }
}
