import Document

/// What the compiler knows of each draft's keywords, before it looks at values.
enum Keywords {
    /// Where subschemas lie in a keyword's value.
    enum Shape {
        case schema, schemas, namedSchemas
        /// One or a list of them (`items` until 2019-09).
        case schemaOrSchemas
        /// By name, and among them lists of names (`dependencies`).
        case namedSchemasOrNames
    }

    /// Where subschemas lie, in any draft.
    static let holdingSchemas: [String: Shape] = [
        "additionalProperties": .schema, "propertyNames": .schema, "items": .schemaOrSchemas, "contains": .schema,
        "not": .schema, "if": .schema, "then": .schema, "else": .schema, "unevaluatedItems": .schema,
        "unevaluatedProperties": .schema, "contentSchema": .schema, "additionalItems": .schema,
        "allOf": .schemas, "anyOf": .schemas, "oneOf": .schemas, "prefixItems": .schemas,
        "$defs": .namedSchemas, "definitions": .namedSchemas, "properties": .namedSchemas,
        "patternProperties": .namedSchemas, "dependentSchemas": .namedSchemas, "dependencies": .namedSchemasOrNames,
    ]

    /// What leads to another schema.
    static let references = ["$ref", "$dynamicRef", "$recursiveRef"]

    /// Keywords by the vocabulary that defines them; a metaschema may leave vocabularies out.
    static func vocabularies(of draft: SchemaDraft) -> [String: Set<String>] {
        draft == .draft2019 ? vocabularies2019 : vocabularies2020
    }

    private static let vocabularies2020: [String: Set<String>] = [
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

    private static let vocabularies2019: [String: Set<String>] = {
        var all = vocabularies2020
        all["core"] = [
            "$schema", "$id", "$ref", "$anchor", "$recursiveRef", "$recursiveAnchor", "$vocabulary", "$comment",
            "$defs",
        ]
        all["applicator"]?.remove("prefixItems")
        all["applicator"]?.formUnion(["additionalItems", "unevaluatedItems", "unevaluatedProperties"])
        for name in ["unevaluated", "format-annotation", "format-assertion"] { all[name] = nil }
        all["format"] = ["format"]
        return all
    }()

    private static let keywords7: Set<String> = [
        "$schema", "$id", "$ref", "$comment", "definitions", "title", "description", "default", "readOnly",
        "writeOnly", "examples", "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum",
        "maxLength", "minLength", "pattern", "additionalItems", "items", "maxItems", "minItems", "uniqueItems",
        "contains", "maxProperties", "minProperties", "required", "additionalProperties", "properties",
        "patternProperties", "dependencies", "propertyNames", "const", "enum", "type", "format", "contentMediaType",
        "contentEncoding", "if", "then", "else", "allOf", "anyOf", "oneOf", "not",
    ]

    /// What the draft's own metaschema defines.
    static func all(of draft: SchemaDraft) -> Set<String> { byDraft[draft] ?? [] }

    private static let byDraft: [SchemaDraft: Set<String>] = [
        .draft6: keywords7.subtracting([
            "$comment", "readOnly", "writeOnly", "if", "then", "else", "contentMediaType", "contentEncoding",
        ]),
        .draft7: keywords7,
        .draft2019: Set(vocabularies2019.values.joined()),
        .draft2020: Set(vocabularies2020.values.joined()),
    ]

    /// What the standard keeps for older schemas (2020-12's metaschema has them as deprecated).
    static let compatible: Set<String> = ["definitions", "dependencies"]

    /// Every keyword of some draft.
    static let any: Set<String> = byDraft.values.reduce(into: []) { $0.formUnion($1) }

    /// Our annotation: the value, and all below it, is personal data; reports mask it.
    static let personal = "x-personal"

    /// The keyword of the draft that is closest to a misspelt one, if one is close.
    static func nearest(to word: String, of draft: SchemaDraft) -> String? { word.nearest(of: all(of: draft)) }
}
