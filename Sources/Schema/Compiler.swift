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

    private var scopes: [SchemaSet.Scope] = [[:]]
    private var scopeNumbers: [SchemaSet.Scope: Int] = [[:]: 0]
    private var known: [Key: Int32] = [:]
    private var queue: [(number: Int32, context: Context)] = []
    /// By resource.
    var dialects: [Int: Dialect] = [:]
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

    /// - Parameter scope: what the way to the root has bound already.
    mutating func compile(
        _ root: SchemaSet.Location, in scope: SchemaSet.Scope = [:]
    ) throws(SchemaError) -> Program {
        scopes = [scope]
        scopeNumbers = [scope: 0]
        let number = subschema(at: root, scope: 0)
        var next = 0
        while next < queue.count {
            compile(queue[next].number, queue[next].context)
            next += 1
        }
        if problems.isEmpty { findEndlessReferences() }
        guard problems.isEmpty else { throw SchemaError(problems) }
        // Before the draft is handed on: an argument to the left would be taken as it was.
        let root = simplify(number)
        return Program(draft, root: root)
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
        let scope = set.scope(entering: resource, from: scopes[outer])
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
            if keyword.hasSuffix("Properties") { draft.places[Int(place)].names = names(beside: tokens, context) }
            parts.any.append(Instruction(operation: .fail, place: place))
        case .object(let members): compile(members, context, &parts)
        default: problem(context, [], "a schema must be an object, true or false")
        }
        parts.write(to: &draft, number)
    }

    /// What `properties` beside a keyword names.
    private func names(beside tokens: [String], _ context: Context) -> [String] {
        let parent = JSONPointer(tokens: tokens.dropLast() + ["properties"])
        return set.documents[context.location.place.document].root[parent]?.object?.map(\.key) ?? []
    }

    private mutating func append(_ subschema: Subschema) {
        draft.subschemas.append(subschema)
        draft.spans += Array(repeating: Span(), count: 8)
    }

    private mutating func compile(_ members: [JSON.Member], _ context: Context, _ parts: inout Parts) {
        let dialect = dialect(of: context)
        if dialect.draft.hidesSiblingsOfReferences, let link = members.first(where: { $0.key == "$ref" }) {
            _ = reference(link, context, &parts)
            return
        }
        for member in members {
            if !dialect.knows(member.key), Keywords.any.contains(member.key) {
                if dialect.isStandard { unknown(member.key, dialect.draft, context) }
                continue
            }
            if dialect.draft > .draft7, Keywords.compatible.contains(member.key) {
                unknown(member.key, dialect.draft, context)
            }
            if reference(member, context, &parts) { continue }
            if value(member, context, &parts) { continue }
            if combination(member, context, &parts) { continue }
            if annotation(member, context, &parts) { continue }
            // Objects' and arrays' keywords depend on each other, so they are compiled together, below.
            if Self.containerKeywords.contains(member.key) { continue }
            unknown(member.key, dialect.draft, context)
        }
        object(context, dialect, &parts)
        array(context, dialect, &parts)
    }

    private mutating func unknown(_ keyword: String, _ draft: SchemaDraft, _ context: Context) {
        guard set.options.refusesUnknownKeywords, !keyword.hasPrefix("x-") else { return }
        let advice =
            Self.moved(keyword, draft) ?? Keywords.nearest(to: keyword, of: draft).map { "did you mean '\($0)'?" }
            ?? "an annotation begins with 'x-'"
        problem(context, [keyword], "no keyword of JSON Schema \(draft.name): \(advice)")
    }

    /// What another draft's keyword is called in this one.
    private static func moved(_ keyword: String, _ draft: SchemaDraft) -> String? {
        switch keyword {
        case "definitions": "since draft 2019-09 it is '$defs'"
        case "dependencies": "since draft 2019-09 it is 'dependentRequired' or 'dependentSchemas'"
        case "additionalItems": "since draft 2020-12 'items' behind 'prefixItems' says it"
        case "$recursiveRef", "$recursiveAnchor": "since draft 2020-12 it is '$dynamicRef'"
        case "$defs": "before draft 2019-09 it is 'definitions'"
        case "dependentRequired", "dependentSchemas": "before draft 2019-09 it is 'dependencies'"
        case "prefixItems": "before draft 2020-12 it is 'items' with a list"
        case "$dynamicRef",
            "$dynamicAnchor" where draft == .draft2019:
            "before draft 2020-12 it is '$recursiveRef'"
        case "$anchor" where draft <= .draft7: "before draft 2019-09 it is '$id' with '#' and the name"
        default:
            Keywords.any.contains(keyword)
                ? "another draft has it: name that draft in '$schema', or take the keyword out" : nil
        }
    }

    // MARK: References

    private mutating func reference(_ member: JSON.Member, _ context: Context, _ parts: inout Parts) -> Bool {
        guard Keywords.references.contains(member.key) else { return false }
        guard let text = member.value.string else {
            problem(context, [member.key], "must be a URI reference, a string")
            return true
        }
        let base = set.resources[context.location.resource].uri
        guard let target = set.target(of: member.key, text, from: base, in: scopes[context.scope]) else {
            let uri = Reference(text).resolved(against: base).withoutFragment
            let reason =
                set.byURI[uri] == nil
                ? "no document '\(uri)' was added: add it (nothing is fetched)" : "'\(uri)' has no such place"
            problem(context, [member.key], "'\(text)' leads nowhere: \(reason)")
            return true
        }
        let number = subschema(at: target, scope: context.scope)
        parts.any.append(Instruction(operation: .apply, a: number, place: place(member.key, context)))
        return true
    }

    // MARK: Annotations

    private static let containerKeywords: Set<String> = [
        "properties", "required", "additionalProperties", "patternProperties", "propertyNames", "minProperties",
        "maxProperties", "items", "additionalItems", "prefixItems", "contains", "minContains", "maxContains",
        "minItems", "maxItems",
        "uniqueItems",
    ]

    private static let annotations: Set<String> = [
        "$schema", "$id", "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$vocabulary", "$comment", "$defs",
        "definitions", "title", "description", "default", "deprecated", "readOnly", "writeOnly", "examples",
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
            kindsPlace: kindsPlace)
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
