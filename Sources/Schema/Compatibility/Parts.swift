import Document

/// A schema that applies to a value: a place in one of the two versions, or one that was made up on the way (a type
/// that is looked at alone).
struct Part {
    let version: SchemaVersion
    let location: SchemaSet.Location
    /// What tells made-up parts apart from others at the same place.
    let note: String
    /// The dynamic anchors that the way to it has bound, those of its own resource among them.
    private let scope: SchemaSet.Scope

    init(version: SchemaVersion, location: SchemaSet.Location, note: String = "", from outer: SchemaSet.Scope = [:]) {
        self.version = version
        self.location = location
        self.note = note
        scope = version.set.scope(entering: location.resource, from: outer)
    }

    var schema: JSON { location.schema }
    var draft: SchemaDraft { version.set.resources[location.resource].draft }
    /// Tells whether two parts are the same.
    var key: String {
        let way = scope.map { "\($0.key)=\($0.value.document)#\($0.value.pointer)" }.sorted().joined(separator: ",")
        return "\(version.label) \(location.place.document)#\(location.place.pointer) \(note) \(way)"
    }

    /// Its schema, compiled as it is reached.
    var compiled: CompiledSchema? {
        var compiler = Compiler(version.set)
        return (try? compiler.compile(location, in: scope)).map { CompiledSchema(program: $0) }
    }

    /// The keyword's value; nil where the draft doesn't know it.
    func value(_ keyword: String) -> JSON? {
        guard case .object = schema, Keywords.all(of: draft).contains(keyword) || Keywords.compatible.contains(keyword)
        else { return nil }
        return schema[keyword]
    }

    /// The schema below a keyword.
    func below(_ tokens: String...) -> Part? { below(tokens) }

    func below(_ tokens: [String]) -> Part? {
        var schema = schema
        var place = location.place
        var resource = location.resource
        for token in tokens {
            guard let next = schema[JSONPointer(tokens: [token])] else { return nil }
            schema = next
            place = .init(document: place.document, pointer: place.pointer + "/" + JSONPointer.escape(token))
            resource = version.set.byPlace[place] ?? resource
        }
        return Part(
            version: version, location: .init(schema: schema, place: place, resource: resource), from: scope)
    }

    /// The schemas of a list: `anyOf`, `prefixItems`.
    func list(_ keyword: String) -> [Part] {
        (value(keyword)?.array ?? []).indices.compactMap { below(keyword, String($0)) }
    }

    /// The schemas by name: `properties`, `patternProperties`.
    func named(_ keyword: String) -> [(name: String, part: Part)] {
        (value(keyword)?.object ?? []).compactMap { member in below(keyword, member.key).map { (member.key, $0) } }
    }

    /// What a keyword refers to.
    func target(_ keyword: String) -> Part? {
        guard let text = value(keyword)?.string else { return nil }
        let base = version.set.resources[location.resource].uri
        return version.set.target(of: keyword, text, from: base, in: scope).map {
            Part(version: version, location: $0, from: scope)
        }
    }

    /// What the schema refers to, when it does nothing else.
    var soleTarget: Part? {
        guard note.isEmpty else { return nil }
        if draft.hidesSiblingsOfReferences, let target = target("$ref") { return target }
        let speaking = (schema.object ?? []).filter {
            Keywords.any.contains($0.key) && !Sameness.silent.contains($0.key)
        }
        guard speaking.count == 1, Keywords.references.contains(speaking[0].key) else { return nil }
        return target(speaking[0].key)
    }

    /// File, `#` and pointer of a keyword, as in reports.
    func path(_ keyword: String) -> String {
        let file = version.set.documents[location.place.document].file
        return "\(file)#\(location.place.pointer)/\(JSONPointer.escape(keyword))"
    }

    /// File, `#` and pointer of the schema itself.
    var path: String { String(path("").dropLast()) }

    /// A part with nothing but a type.
    func only(type: String) -> Part { saying(["type": .string(type)], note: "type \(type)") }

    /// A part that is made up, at the same place.
    func saying(_ schema: JSON, note: String) -> Part {
        Part(
            version: version, location: .init(schema: schema, place: location.place, resource: location.resource),
            note: note, from: scope)
    }

    /// The items by position, and all that follow; nil: nothing is said.
    var items: (prefix: [Part], rest: Part?) {
        guard draft.listsItems else { return (list("prefixItems"), value("items") == nil ? nil : below("items")) }
        guard value("items")?.array != nil else { return ([], value("items") == nil ? nil : below("items")) }
        return (list("items"), value("additionalItems") == nil ? nil : below("additionalItems"))
    }
}

/// Schemas that all apply to the same value: of the writer's version, mostly.
struct Conjunction {
    /// References and `allOf` are followed already.
    private(set) var parts: [Part] = []
    /// Alternatives that one branch was taken of.
    var decided: Set<String> = []

    init(_ parts: [Part] = []) { for part in parts { add(part) } }

    mutating func add(_ part: Part) {
        if part.schema == .bool(true) || parts.contains(where: { $0.key == part.key }) { return }
        if let target = part.soleTarget {
            add(target)
            return
        }
        parts.append(part)
        for keyword in Keywords.references { if let target = part.target(keyword) { add(target) } }
        for inner in part.list("allOf") { add(inner) }
    }

    func with(_ part: Part) -> Conjunction {
        var copy = self
        copy.add(part)
        return copy
    }

    /// Tells whether two are the same.
    var key: String { (parts.map(\.key).sorted() + decided.sorted()).joined(separator: "|") }

    /// Whether nothing fits.
    var isNever: Bool { parts.contains { $0.schema == .bool(false) } }

    func values(_ keyword: String) -> [JSON] { parts.compactMap { $0.value(keyword) } }

    func numbers(_ keyword: String) -> [Number] { values(keyword).compactMap(\.number) }

    /// The largest lower count (`minItems`) of all.
    func least(_ keyword: String) -> Int { numbers(keyword).compactMap(\.integer).max() ?? 0 }

    /// The smallest upper count of all.
    func most(_ keyword: String) -> Int { numbers(keyword).map { $0.integer ?? .max }.min() ?? .max }
}

/// The types a value may have.
struct Types: Equatable {
    var kinds: Kinds
    /// Numbers are whole.
    var isWhole = false

    static let all = Types(kinds: .all)

    /// What all the schemas' `type` leave.
    init(_ conjunction: Conjunction) {
        self = .all
        for value in conjunction.values("type") { formIntersection(Types(value)) }
    }

    init(kinds: Kinds) { self.kinds = kinds }

    /// What `type` says.
    init(_ value: JSON) {
        let names = value.array?.compactMap(\.string) ?? [value.string ?? ""]
        kinds = []
        for (name, kind) in Kinds.named where names.contains(name) { kinds.formUnion(kind) }
        if names.contains("integer"), !names.contains("number") {
            kinds.formUnion(.number)
            isWhole = true
        }
    }

    mutating func formIntersection(_ other: Types) {
        kinds.formIntersection(other.kinds)
        isWhole = (isWhole || other.isWhole) && kinds.contains(.number)
    }

    /// Whether all of these are among the others.
    func fit(in other: Types) -> Bool {
        kinds.isSubset(of: other.kinds) && (!kinds.contains(.number) || isWhole || !other.isWhole)
    }

    var names: [String] {
        Kinds.named.filter { kinds.isSuperset(of: $0.kinds) }
            .map { $0.kinds == .number && isWhole ? "integer" : $0.name }
    }
}
