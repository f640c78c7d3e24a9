import Document
import Patterns

/// What the writer's schemas say of an object's members.
struct Members {
    let written: Conjunction
    /// The fields that the schemas name: those a document holds.
    private(set) var names: [String] = []
    /// Fields that alternatives name which aren't decided yet: a document may hold them, and nothing is known of them.
    private(set) var possible: [String] = []
    /// What may stand under names that aren't listed one by one: by pattern, or under any (`additionalProperties`).
    private(set) var others: [(pattern: String?, schema: Conjunction)] = []

    init(_ written: Conjunction) {
        self.written = written
        for part in written.parts {
            for name in Self.names(in: part) { Self.insert(name, &names) }
            for (pattern, schema) in part.named("patternProperties") { others.append((pattern, Conjunction([schema]))) }
            if let schema = Self.additional(in: part) { others.append((nil, Conjunction([schema]))) }
        }
        others = others.filter { !$0.schema.isNever }
        for part in written.parts { addAlternatives(of: part, depth: 0) }
    }

    private mutating func addAlternatives(of part: Part, depth: Int) {
        guard depth < 8 else { return }
        var inner: [Part] = []
        for keyword in ["anyOf", "oneOf"] where !written.decided.contains("\(part.key)/\(keyword)") {
            inner += part.list(keyword)
        }
        if !written.decided.contains("\(part.key)/if"), part.value("if") != nil {
            inner += ["if", "then", "else"].compactMap { part.value($0) == nil ? nil : part.below($0) }
        }
        inner += (part.named("dependentSchemas") + part.named("dependencies")).map(\.part)
        for alternative in inner.flatMap({ Conjunction([$0]).parts }) {
            for name in Self.names(in: alternative) where !names.contains(name) { Self.insert(name, &possible) }
            let isOpen = !alternative.named("patternProperties").isEmpty || Self.additional(in: alternative) != nil
            if isOpen { others.append((nil, Conjunction())) }
            addAlternatives(of: alternative, depth: depth + 1)
        }
    }

    private static func names(in part: Part) -> [String] {
        part.named("properties").map(\.name) + (part.value("required")?.array?.compactMap(\.string) ?? [])
    }

    /// `additionalProperties`, where it opens the object on purpose: `true` says no more than nothing does.
    private static func additional(in part: Part) -> Part? {
        guard let more = part.value("additionalProperties"), more.object?.isEmpty == false else { return nil }
        return part.below("additionalProperties")
    }

    private static func insert(_ name: String, _ names: inout [String]) {
        if !names.contains(where: { $0.utf8.elementsEqual(name.utf8) }) { names.append(name) }
    }

    /// What the schemas say of a field.
    func schema(of name: String) -> Conjunction {
        var conjunction = Conjunction()
        for part in written.parts {
            for inner in Self.schemas(of: name, in: part) { conjunction.add(inner) }
        }
        return conjunction
    }

    /// What one schema says of a field: by name, by pattern, or as one of the others.
    static func schemas(of name: String, in part: Part) -> [Part] {
        var found: [Part] = []
        if let own = part.value("properties").flatMap({ _ in part.below("properties", name) }) { found.append(own) }
        for (pattern, schema) in part.named("patternProperties") where matches(pattern, name) { found.append(schema) }
        if found.isEmpty, part.value("additionalProperties") != nil, let more = part.below("additionalProperties") {
            found.append(more)
        }
        return found
    }

    static func matches(_ pattern: String, _ name: String) -> Bool { (try? Pattern(pattern))?.matches(name) ?? true }

    /// Whether members may have names that no schema lists.
    var isOpen: Bool { !others.isEmpty }
    /// Every field that a document may hold.
    var all: [String] { names + possible }
    var required: Set<String> {
        Set(written.values("required").flatMap { $0.array ?? [] }.compactMap(\.string))
    }
}

/// Keywords on objects.
extension Prover {
    mutating func objects(
        _ written: Conjunction, _ types: Types, _ asked: Part, _ around: Surroundings
    ) -> [Suspicion] {
        guard types.kinds.contains(.object) else { return [] }
        let members = Members(written)
        let written = members.written.with(Part.object(like: asked))
        return fields(members, asked, around.members(of: written, &sampler))
            + otherFields(members, asked, around.members(of: written, &sampler))
            + required(members, asked, written, around) + counts(members, asked, written, around)
            + names(members, asked, written, around) + unevaluatedFields(members, asked, written, around)
            + closing(members, asked, written, around)
    }

    /// A reader that closes what the writer leaves open, or wants something of it. Fields that nobody names are kept (I10), so
    /// documents hold some.
    private mutating func closing(
        _ members: Members, _ asked: Part, _ written: Conjunction, _ around: Surroundings
    ) -> [Suspicion] {
        let keywords = ["additionalProperties", "unevaluatedProperties"]
        guard members.isLeftOpen, let keyword = keywords.first(where: { Members.restricts(asked.value($0)) }),
            let name = ["other", "other field", "other_"].first(where: { !members.mayHold($0) })
        else { return [] }
        let values: [JSON] = [.bool(true), .number(-1), .string(""), .null, .array([]), .object([])]
        let documents = [Sampler.Form.minimal, .full].flatMap { form in
            values.map { value in
                var document = sampler.value(written, form)
                document[name] = value
                return document
            }
        }
        var closed = suspicion(
            asked, keyword,
            "\(theReader) doesn't accept every field that it doesn't name, and \(theWriter) may hold some",
            written, around, values: documents)
        // The writer may be closed by what isn't decided here.
        closed.needsShowing = true
        return [closed]
    }

    /// Each field that the writer names, against what the reader says of it.
    private mutating func fields(_ members: Members, _ asked: Part, _ around: MemberSurroundings) -> [Suspicion] {
        members.all.flatMap { name in
            let own = members.schema(of: name)
            if own.isNever { return [Suspicion]() }
            return Members.schemas(of: name, in: asked).flatMap { target in
                target.schema == .bool(false)
                    ? refusedField(name, own, target, asked, around) : prove(own, target, around.below(name))
            }
        }
    }

    private mutating func refusedField(
        _ name: String, _ own: Conjunction, _ target: Part, _ asked: Part, _ around: MemberSurroundings
    ) -> [Suspicion] {
        // Not even once: a value that nothing fits can't be written.
        let cause = "\(theReader) doesn't accept the field '\(name)', which \(theWriter) may hold"
        let isNamed = asked.value("properties")?[name] != nil
        let others = ["additionalProperties", "unevaluatedProperties"].first { asked.path($0) == target.path }
        let keyword = isNamed ? "properties" : others ?? "patternProperties"
        return [suspicion(asked, keyword, cause, own, around.below(name))]
    }

    /// Names that the writer lists by pattern or not at all.
    private mutating func otherFields(_ members: Members, _ asked: Part, _ around: MemberSurroundings) -> [Suspicion] {
        var found: [Suspicion] = []
        for (pattern, schema) in members.others {
            var targets: [(Part, String)] = []
            for (name, target) in asked.named("properties")
            where !members.all.contains(name) && (pattern.map { Members.matches($0, name) } ?? true) {
                targets.append((target, name))
            }
            let patterns = asked.named("patternProperties")
            let name = pattern.map { sampler.name(matching: $0) } ?? "other"
            for (other, target) in patterns {
                targets.append((target, other == pattern ? name : sampler.name(matching: other)))
            }
            if let more = asked.value("additionalProperties"), more != .bool(true),
                !patterns.contains(where: { $0.name == pattern }), let target = asked.below("additionalProperties")
            {
                targets.append((target, name))
            }
            for (target, name) in targets { found += prove(schema, target, around.below(name)) }
        }
        return found
    }

    private mutating func required(
        _ members: Members, _ asked: Part, _ written: Conjunction, _ around: Surroundings
    ) -> [Suspicion] {
        var found: [Suspicion] = []
        let names = asked.value("required")?.array?.compactMap(\.string) ?? []
        for name in names where !members.required.contains(name) {
            let knows = members.all.contains(name) ? "may leave it out" : "doesn't know it"
            let cause = "\(theReader) requires '\(name)'; \(theWriter) \(knows)"
            let samples = [Sampler.Form.minimal, .full].map { sampler.value(written, $0).without(name) }
            found.append(
                suspicion(
                    asked, "required", cause, written, around, values: samples, field: name,
                    words: "must have the member '\(name)'"))
        }
        for keyword in ["dependentRequired", "dependencies"] {
            for member in asked.value(keyword)?.object ?? [] {
                guard let wanted = member.value.array?.compactMap(\.string), members.mayHold(member.key) else {
                    continue
                }
                let given = members.implied(by: member.key)
                for name in wanted where !given.contains(name) {
                    let cause = "\(theReader) requires '\(name)' beside '\(member.key)'; \(theWriter) may leave it out"
                    let samples = [sampler.value(written, .full).without(name)]
                    found.append(
                        suspicion(
                            asked, keyword, cause, written, around, values: samples, field: name,
                            words: "must have the member '\(name)' beside '\(member.key)'"))
                }
            }
        }
        return found
    }

    private mutating func counts(
        _ members: Members, _ asked: Part, _ written: Conjunction, _ around: Surroundings
    ) -> [Suspicion] {
        var found: [Suspicion] = []
        if let wanted = asked.value("minProperties")?.integer,
            max(members.written.least("minProperties"), members.required.count) < wanted
        {
            let cause = "\(theReader) wants \(wanted) fields or more; \(theWriter) may hold fewer"
            found.append(suspicion(asked, "minProperties", cause, written, around))
        }
        let possible = members.isOpen ? Int.max : members.all.count
        if let wanted = asked.value("maxProperties")?.integer,
            min(members.written.most("maxProperties"), possible) > wanted
        {
            let cause = "\(theReader) wants \(wanted) fields or fewer; \(theWriter) may hold more"
            found.append(suspicion(asked, "maxProperties", cause, written, around))
        }
        return found
    }

    private mutating func names(
        _ members: Members, _ asked: Part, _ written: Conjunction, _ around: Surroundings
    ) -> [Suspicion] {
        guard asked.value("propertyNames") != nil, let wanted = asked.below("propertyNames") else { return [] }
        let refused = members.all.filter { !accepts(wanted, .string($0)) && !members.schema(of: $0).isNever }
        if !refused.isEmpty {
            let cause = "\(theReader) doesn't accept fields called '\(refused[0])'"
            return [suspicion(asked, "propertyNames", cause, written, around)]
        }
        guard members.isOpen else { return [] }
        let own = Conjunction(
            members.written.parts.compactMap { $0.value("propertyNames") == nil ? nil : $0.below("propertyNames") })
        let text = own.with(asked.only(type: "string"))
        if isProved(text, wanted) { return [] }
        let cause = "\(theReader) doesn't accept every name that \(theWriter) may use"
        return [suspicion(asked, "propertyNames", cause, written, around)]
    }

    /// `unevaluatedProperties`: what the schema and those it refers to name without condition is evaluated.
    private mutating func unevaluatedFields(
        _ members: Members, _ asked: Part, _ written: Conjunction, _ around: Surroundings
    ) -> [Suspicion] {
        guard let rest = asked.value("unevaluatedProperties"), rest != .bool(true),
            let target = asked.below("unevaluatedProperties")
        else { return [] }
        let evaluating = Conjunction([asked]).parts
        let inside = around.members(of: written, &sampler)
        var found: [Suspicion] = []
        for name in members.all where !evaluating.contains(where: { !Members.schemas(of: name, in: $0).isEmpty }) {
            let own = members.schema(of: name)
            if own.isNever { continue }
            found +=
                target.schema == .bool(false)
                ? refusedField(name, own, target, asked, inside) : prove(own, target, inside.below(name))
        }
        if evaluating.contains(where: { $0.value("additionalProperties") != nil }) { return found }
        for (pattern, schema) in members.others {
            let isEvaluated = evaluating.contains { part in
                part.named("patternProperties").contains { $0.name == pattern }
            }
            if isEvaluated { continue }
            let name = pattern.map { sampler.name(matching: $0) } ?? "other"
            found += prove(schema, target, inside.below(name))
        }
        return found
    }
}

extension Members {
    /// Whether no schema says anything of the fields that aren't named. What they may be called isn't looked at.
    var isLeftOpen: Bool {
        written.parts.allSatisfy { part in
            !Self.restricts(part.value("additionalProperties")) && !Self.restricts(part.value("unevaluatedProperties"))
        }
    }

    /// Whether a schema says anything: `true` and `{}` don't.
    static func restricts(_ schema: JSON?) -> Bool {
        schema.map { $0 != .bool(true) && $0.object?.isEmpty != true } ?? false
    }

    func mayHold(_ name: String) -> Bool {
        (all.contains(name) && !schema(of: name).isNever)
            || others.contains { $0.pattern.map { Self.matches($0, name) } ?? true }
    }

    /// The members that are there when this one is.
    func implied(by name: String) -> Set<String> {
        var all = required
        for keyword in ["dependentRequired", "dependencies"] {
            for value in written.values(keyword) {
                all.formUnion((value[name]?.array ?? []).compactMap(\.string))
            }
        }
        return all
    }
}

extension JSON {
    func without(_ name: String) -> JSON {
        var copy = self
        copy[name] = nil
        return copy
    }
}

extension Part {
    /// `{"type": "object"}`
    static func object(like part: Part) -> Part { part.only(type: "object") }
}

/// What is around an object's members.
struct MemberSurroundings {
    let around: Surroundings
    /// Objects that the writer may write.
    let objects: [JSON]

    func below(_ name: String) -> Surroundings {
        let objects = objects
        return around.below(name) { value in
            objects.map { object in
                var object = object
                object[name] = value
                return object
            }
        }
    }
}

extension Surroundings {
    func members(of written: Conjunction, _ sampler: inout Sampler) -> MemberSurroundings {
        MemberSurroundings(
            around: self, objects: [sampler.value(written, .minimal), sampler.value(written, .full)])
    }
}
