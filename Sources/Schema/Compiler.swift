import Document
import Patterns

/// Compiles the schemas that a root refers to into one program.
///
/// Subschemas are numbered when they are first referred to and compiled from a queue, so neither cycles of references
/// nor their length matter. A `$dynamicRef` is resolved here too: a subschema is compiled once for every set of
/// dynamic anchors that it can be reached with, so validation knows nothing of them.
struct Compiler {
    let set: SchemaSet
    var draft = Program.Draft()
    var problems: [SchemaError.Problem] = []

    /// The dynamic scope: for each dynamic anchor's name, the outermost place that bears it.
    private typealias Scope = [String: SchemaSet.Place]
    private var scopes: [Scope] = [[:]]
    private var scopeNumbers: [Scope: Int] = [[:]: 0]
    private var known: [Key: Int32] = [:]
    private var queue: [(number: Int32, context: Context)] = []
    private var keywords: [Int: Set<String>?] = [:]
    /// Resources whose dialect has formats checked.
    private var formatAssertions: Set<Int> = []
    private var patternNumbers: [String: Int32] = [:]

    private struct Key: Hashable {
        let place: SchemaSet.Place
        let scope: Int
    }

    /// The subschema being compiled.
    struct Context {
        let location: SchemaSet.Location
        fileprivate let scope: Int
        let file: String

        var schema: JSON { location.schema }

        func below(_ tokens: String...) -> String {
            location.place.pointer + tokens.map { "/" + JSONPointer.escape($0) }.joined()
        }
    }

    init(_ set: SchemaSet) {
        self.set = set
        append(Subschema(isTrivial: true))
    }

    mutating func compile(_ root: SchemaSet.Location) throws(SchemaError) -> Program {
        let number = subschema(at: root, scope: 0)
        var next = 0
        while next < queue.count {
            compile(queue[next].number, queue[next].context)
            next += 1
        }
        if problems.isEmpty { findEndlessReferences() }
        guard problems.isEmpty else { throw SchemaError(problems) }
        return Program(draft, root: simplify(number))
    }

    // MARK: Subschemas

    /// The number of the subschema below a keyword.
    mutating func subschema(_ schema: JSON, in context: Context, _ tokens: String...) -> Int32 {
        let pointer = context.location.place.pointer + tokens.map { "/" + JSONPointer.escape($0) }.joined()
        let place = SchemaSet.Place(document: context.location.place.document, pointer: pointer)
        let resource = set.byPlace[place] ?? context.location.resource
        return subschema(at: .init(schema: schema, place: place, resource: resource), scope: context.scope)
    }

    private mutating func subschema(at location: SchemaSet.Location, scope outer: Int) -> Int32 {
        if location.schema == .bool(true) { return Subschema.always }
        let scope = entering(location.resource, from: outer)
        let key = Key(place: location.place, scope: scope)
        if let number = known[key] { return number }
        let number = Int32(draft.subschemas.count)
        append(Subschema())
        known[key] = number
        let file = set.documents[location.place.document].file
        queue.append((number, Context(location: location, scope: scope, file: file)))
        return number
    }

    private mutating func entering(_ resource: Int, from outer: Int) -> Int {
        guard set.usesDynamicReferences else { return 0 }
        let scope = scopes[outer].merging(set.resources[resource].dynamicAnchors) { bound, _ in bound }
        if let number = scopeNumbers[scope] { return number }
        scopes.append(scope)
        scopeNumbers[scope] = scopes.count - 1
        return scopes.count - 1
    }

    private mutating func compile(_ number: Int32, _ context: Context) {
        var parts = Parts()
        switch context.schema {
        case .bool:
            // The keyword it belongs to: the last on the way to it, "properties" for /properties/name.
            let tokens = JSONPointer(context.location.place.pointer)?.tokens ?? []
            let keyword = tokens.last { Keywords.holdingSchemas[$0] != nil } ?? "false"
            let place = place(context.location.place.pointer, keyword, context)
            parts.any.append(Instruction(operation: .fail, place: place))
        case .object(let members): compile(members, context, &parts)
        default: problem(context, [], "a schema must be an object, true or false")
        }
        parts.write(to: &draft, number)
    }

    private mutating func append(_ subschema: Subschema) {
        draft.subschemas.append(subschema)
        draft.spans += Array(repeating: Span(), count: 8)
    }

    private mutating func compile(_ members: [JSON.Member], _ context: Context, _ parts: inout Parts) {
        let allowed = keywords(of: context)
        for member in members {
            if let allowed, Keywords.all.contains(member.key), !allowed.contains(member.key) { continue }
            if reference(member, context, &parts) { continue }
            if value(member, context, &parts) { continue }
            if combination(member, context, &parts) { continue }
            if annotation(member, context, &parts) { continue }
            // Objects' and arrays' keywords depend on each other, so they are compiled together, below.
            if Self.containerKeywords.contains(member.key) { continue }
            unknown(member.key, context)
        }
        object(context, allowed, &parts)
        array(context, allowed, &parts)
    }

    private mutating func unknown(_ keyword: String, _ context: Context) {
        guard set.options.refusesUnknownKeywords, !keyword.hasPrefix("x-") else { return }
        let advice: String
        switch keyword {
        case "definitions": advice = "since draft 2019-09 it is '$defs'"
        case "dependencies": advice = "since draft 2019-09 it is 'dependentRequired' or 'dependentSchemas'"
        case "additionalItems": advice = "since draft 2020-12 'items' behind 'prefixItems' says it"
        case "$recursiveRef", "$recursiveAnchor": advice = "since draft 2020-12 it is '$dynamicRef'"
        default:
            advice = Keywords.nearest(to: keyword).map { "did you mean '\($0)'?" } ?? "an annotation begins with 'x-'"
        }
        problem(context, [keyword], "no keyword of JSON Schema 2020-12: \(advice)")
    }

    // MARK: References and dialects

    private mutating func reference(_ member: JSON.Member, _ context: Context, _ parts: inout Parts) -> Bool {
        guard member.key == "$ref" || member.key == "$dynamicRef" else { return false }
        guard let text = member.value.string else {
            problem(context, [member.key], "must be a URI reference, a string")
            return true
        }
        let base = set.resources[context.location.resource].uri
        guard var target = set.find(text, from: base)?.location else {
            let uri = Reference(text).resolved(against: base).withoutFragment
            let reason =
                set.byURI[uri] == nil
                ? "no document '\(uri)' was added: add it (nothing is fetched)" : "'\(uri)' has no such place"
            problem(context, [member.key], "'\(text)' leads nowhere: \(reason)")
            return true
        }
        if member.key == "$dynamicRef", let anchor = set.find(text, from: base)?.dynamicAnchor,
            let outermost = scopes[context.scope][anchor].flatMap({ set.location(at: $0) })
        {
            target = outermost
        }
        let number = subschema(at: target, scope: context.scope)
        parts.any.append(Instruction(operation: .apply, a: number, place: place(member.key, context)))
        return true
    }

    /// The keywords that the schema's dialect defines; nil for all of 2020-12.
    private mutating func keywords(of context: Context) -> Set<String>? {
        let resource = context.location.resource
        if let known = keywords[resource] { return known }
        let found = dialect(of: resource, context)
        keywords[resource] = .some(found)
        return found
    }

    private mutating func dialect(of resource: Int, _ context: Context) -> Set<String>? {
        let place = SchemaSet.Place(
            document: set.resources[resource].document, pointer: set.resources[resource].pointer)
        let root = set.documents[place.document].root
        guard let declared = set.location(at: place)?.schema["$schema"] ?? root["$schema"] else { return nil }
        guard let text = declared.string else {
            problem(context, ["$schema"], "must be a URI, a string")
            return nil
        }
        let uri = Reference(text).withoutFragment
        if uri == Keywords.dialect { return nil }
        guard let metaschema = set.find(uri, from: Reference(uri))?.location.schema else {
            problem(
                context, ["$schema"],
                "'\(text)' is not JSON Schema 2020-12: translate the schema, or add the metaschema's document")
            return nil
        }
        guard let vocabularies = metaschema["$vocabulary"]?.object else { return nil }
        var allowed = Set(Keywords.vocabularies["core"] ?? [])
        for vocabulary in vocabularies {
            if vocabulary.key.hasPrefix(Keywords.vocabularyPrefix),
                let keywords = Keywords.vocabularies[String(vocabulary.key.dropFirst(Keywords.vocabularyPrefix.count))]
            {
                allowed.formUnion(keywords)
                if vocabulary.key.hasSuffix("format-assertion") { formatAssertions.insert(resource) }
            } else if vocabulary.value == .bool(true) {
                problem(
                    context, ["$schema"], "its metaschema needs the vocabulary '\(vocabulary.key)', which is unknown")
            }
        }
        return allowed
    }

    /// Whether the dialect of the schema's metaschema has formats checked.
    mutating func assertsFormats(_ context: Context) -> Bool {
        guard keywords(of: context) != nil else { return false }
        return formatAssertions.contains(context.location.resource)
    }

    // MARK: Annotations

    private static let containerKeywords: Set<String> = [
        "properties", "required", "additionalProperties", "patternProperties", "propertyNames", "minProperties",
        "maxProperties", "items", "prefixItems", "contains", "minContains", "maxContains", "minItems", "maxItems",
        "uniqueItems",
    ]

    private static let annotations: Set<String> = [
        "$schema", "$id", "$anchor", "$dynamicAnchor", "$vocabulary", "$comment", "$defs", "title", "description",
        "default", "deprecated", "readOnly", "writeOnly", "examples", "contentEncoding", "contentMediaType",
        "contentSchema",
    ]

    private mutating func annotation(_ member: JSON.Member, _ context: Context, _ parts: inout Parts) -> Bool {
        if member.key == Keywords.personal {
            guard let flag = member.value.bool else {
                problem(context, [member.key], "must be true or false")
                return true
            }
            parts.isPersonal = flag
            return true
        }
        return Self.annotations.contains(member.key)
    }

    // MARK: Problems and places

    mutating func problem(_ context: Context, _ tokens: [String], _ message: String) {
        let pointer = context.location.place.pointer + tokens.map { "/" + JSONPointer.escape($0) }.joined()
        let problem = SchemaError.Problem(file: context.file, pointer: pointer, message: message)
        if !problems.contains(problem) { problems.append(problem) }
    }

    /// The number of a keyword's place.
    mutating func place(_ keyword: String, _ context: Context) -> Int32 {
        place("\(context.location.place.pointer)/\(JSONPointer.escape(keyword))", keyword, context)
    }

    private mutating func place(_ pointer: String, _ keyword: String, _ context: Context) -> Int32 {
        draft.places.append(KeywordPlace(file: context.file, pointer: pointer, keyword: keyword))
        return Int32(draft.places.count - 1)
    }

    /// The number of a pattern; nil, and a problem, when it can't be compiled.
    mutating func pattern(_ source: String, _ context: Context, _ tokens: String...) -> Int32? {
        if let number = patternNumbers[source] { return number }
        do throws(PatternError) {
            draft.patterns.append(try Pattern(source))
            patternNumbers[source] = Int32(draft.patterns.count - 1)
            return Int32(draft.patterns.count - 1)
        } catch {
            problem(context, tokens, "the regular expression can't be used: \(error)")
            return nil
        }
    }
}

/// The instructions of a subschema while they are gathered.
struct Parts {
    var kinds = Kinds.all
    var wholeNumbers = false
    var kindsPlace: Int32 = -1
    var isPersonal = false
    /// For values of every kind, then for those of one.
    var any: [Instruction] = []
    var string: [Instruction] = []
    var number: [Instruction] = []
    var array: [Instruction] = []
    var object: [Instruction] = []
    /// On what all others leave unevaluated.
    var unevaluated: [Instruction] = []

    private var isEmpty: Bool { [any, string, number, array, object, unevaluated].allSatisfy(\.isEmpty) }

    func write(to draft: inout Program.Draft, _ number: Int32) {
        draft.subschemas[Int(number)] = Subschema(
            kinds: kinds, wholeNumbers: wholeNumbers, isPersonal: isPersonal, tracks: !unevaluated.isEmpty,
            isTrivial: kinds == .all && !wholeNumbers && !isPersonal && isEmpty,
            isSimple: !wholeNumbers && unevaluated.isEmpty, kindsPlace: kindsPlace)
        // A value's kind is known first, so each kind has its list whole.
        func write(_ instructions: [Instruction], _ tags: Int...) {
            let start = Int32(draft.instructions.count)
            draft.instructions += instructions
            let span = Span(start: start, end: Int32(draft.instructions.count))
            for tag in tags { draft.spans[Int(number) * 8 + tag] = span }
        }
        func tag(_ tag: Tag) -> Int { Int(tag.rawValue) }
        write(any, tag(.null), tag(.false), tag(.true))
        write(any + self.number, tag(.number))
        write(any + string, tag(.string))
        write(any + array, tag(.array))
        write(any + object, tag(.object))
        write(unevaluated, Subschema.unevaluated)
    }
}
