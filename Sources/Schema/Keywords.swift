/// What the compiler knows of each keyword of JSON Schema 2020-12, before it looks at values.
enum Keywords {
    /// Where subschemas lie in a keyword's value.
    enum Shape {
        case schema, schemas, namedSchemas
    }

    static let holdingSchemas: [String: Shape] = [
        "additionalProperties": .schema, "propertyNames": .schema, "items": .schema, "contains": .schema,
        "not": .schema, "if": .schema, "then": .schema, "else": .schema, "unevaluatedItems": .schema,
        "unevaluatedProperties": .schema, "contentSchema": .schema,
        "allOf": .schemas, "anyOf": .schemas, "oneOf": .schemas, "prefixItems": .schemas,
        "$defs": .namedSchemas, "properties": .namedSchemas, "patternProperties": .namedSchemas,
        "dependentSchemas": .namedSchemas,
    ]

    /// Keywords by the vocabulary that defines them; a metaschema may leave vocabularies out.
    static let vocabularies: [String: [String]] = [
        "core": [
            "$schema", "$id", "$ref", "$anchor", "$dynamicRef", "$dynamicAnchor", "$vocabulary", "$comment", "$defs",
        ],
        "applicator": [
            "prefixItems", "items", "contains", "additionalProperties", "properties", "patternProperties",
            "dependentSchemas", "propertyNames", "if", "then", "else", "allOf", "anyOf", "oneOf", "not",
        ],
        "unevaluated": ["unevaluatedItems", "unevaluatedProperties"],
        "validation": [
            "type", "const", "enum", "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum",
            "maxLength", "minLength", "pattern", "maxItems", "minItems", "uniqueItems", "maxContains", "minContains",
            "maxProperties", "minProperties", "required", "dependentRequired",
        ],
        "meta-data": ["title", "description", "default", "deprecated", "readOnly", "writeOnly", "examples"],
        "format-annotation": ["format"],
        "format-assertion": ["format"],
        "content": ["contentEncoding", "contentMediaType", "contentSchema"],
    ]

    static let vocabularyPrefix = "https://json-schema.org/draft/2020-12/vocab/"
    static let dialect = "https://json-schema.org/draft/2020-12/schema"

    /// Our annotation: the value, and all below it, is personal data; reports mask it.
    static let personal = "x-personal"

    static let all: Set<String> = Set(vocabularies.values.joined())

    /// The known keyword that is closest to a misspelt one, if one is close.
    static func nearest(to word: String) -> String? {
        let scored = all.map { (distance(Array(word.utf8), Array($0.utf8)), $0) }
        guard let best = scored.min(by: { $0 < $1 }), best.0 <= 2 else { return nil }
        return best.1
    }

    /// Levenshtein's distance, where swapping two neighbours counts as two.
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var row = Array(0...b.count)
        for (place, byte) in a.enumerated() {
            var diagonal = row[0]
            row[0] = place + 1
            for (column, other) in b.enumerated() {
                let above = row[column + 1]
                row[column + 1] = min(above + 1, row[column] + 1, diagonal + (byte == other ? 0 : 1))
                diagonal = above
            }
        }
        return row[b.count]
    }
}
