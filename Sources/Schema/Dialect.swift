import Document

/// The keywords that a schema resource may use: its draft's, or those that the metaschema it names leaves of them.
struct Dialect: Sendable {
    let draft: SchemaDraft
    let keywords: Set<String>
    /// Whether its metaschema asks for formats to be checked.
    var assertsFormats = false
    /// Whether the metaschema is the draft's own. Where another one leaves keywords out, they are annotations.
    var isStandard = true

    init(_ draft: SchemaDraft) {
        self.draft = draft
        keywords = Keywords.all(of: draft)
    }

    init(_ draft: SchemaDraft, keywords: Set<String>, assertsFormats: Bool) {
        self.draft = draft
        self.keywords = keywords
        self.assertsFormats = assertsFormats
        isStandard = false
    }

    /// Whether the keyword means something here.
    func knows(_ keyword: String) -> Bool {
        keywords.contains(keyword) || (isStandard && Keywords.compatible.contains(keyword))
    }
}

extension Compiler {
    /// The dialect of the schema being compiled.
    mutating func dialect(of context: Context) -> Dialect {
        let resource = context.location.resource
        if let known = dialects[resource] { return known }
        let found = findDialect(of: resource, context)
        dialects[resource] = found
        return found
    }

    private mutating func findDialect(of resource: Int, _ context: Context) -> Dialect {
        let draft = set.resources[resource].draft
        guard let declared = set.declaration(of: resource) else { return Dialect(draft) }
        guard let text = declared.string else {
            problem(context, ["$schema"], "must be a URI, a string")
            return Dialect(draft)
        }
        if let known = SchemaDraft(declared: text) { return Dialect(known) }
        let uri = Reference(text).withoutFragment
        guard let metaschema = set.find(uri, from: Reference(uri))?.location.schema else {
            let known = SchemaDraft.allCases.map(\.name).joined(separator: ", ")
            problem(
                context, ["$schema"],
                "'\(text)' is none of \(known): translate the schema, or add the metaschema's document before it")
            return Dialect(draft)
        }
        guard let vocabularies = metaschema["$vocabulary"]?.object, let prefix = draft.vocabularyPrefix else {
            return Dialect(draft)
        }
        return dialect(draft, prefix, vocabularies, context)
    }

    private mutating func dialect(
        _ draft: SchemaDraft, _ prefix: String, _ vocabularies: [JSON.Member], _ context: Context
    ) -> Dialect {
        let known = Keywords.vocabularies(of: draft)
        var allowed = known["core"] ?? []
        var assertsFormats = false
        for vocabulary in vocabularies {
            if vocabulary.key.hasPrefix(prefix), let keywords = known[String(vocabulary.key.dropFirst(prefix.count))] {
                allowed.formUnion(keywords)
                if vocabulary.key.hasSuffix("/format-assertion") { assertsFormats = true }
                // 2019-09: the vocabulary is one, and asserts when it is required.
                if vocabulary.key.hasSuffix("/format"), vocabulary.value == .bool(true) { assertsFormats = true }
            } else if vocabulary.value == .bool(true) {
                problem(
                    context, ["$schema"], "its metaschema needs the vocabulary '\(vocabulary.key)', which is unknown")
            }
        }
        return Dialect(draft, keywords: allowed, assertsFormats: assertsFormats)
    }
}
