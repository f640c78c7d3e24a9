import Document

/// Proves that whatever fits the writer's schemas fits the reader's, or says where it can't.
///
/// Each keyword of the reader must follow from keywords of the writer; those of the writer that the reader doesn't ask for
/// only make fewer documents, so they needn't be looked at. Where a keyword doesn't follow at once, the writer's
/// alternatives are looked at one by one (`anyOf`, `if`, each type). A recursive schema meets itself again further inside
/// the document: there it may be taken for proved, as documents end somewhere.
struct Prover {
    let writer: SchemaVersion
    let reader: SchemaVersion
    var sampler: Sampler
    private var open: Set<String> = []
    private var validators: [String: CompiledSchema] = [:]
    /// Alternatives of alternatives can take forever.
    private var steps = 20_000

    init(writer: SchemaVersion, reader: SchemaVersion, seed: UInt64) {
        self.writer = writer
        self.reader = reader
        sampler = Sampler(numbers: SeededNumbers(seed: seed), hints: reader)
    }

    /// Empty: it is proved.
    mutating func prove(_ written: Conjunction, _ asked: Part, _ around: Surroundings) -> [Suspicion] {
        if let target = asked.soleTarget { return prove(written, target, around) }
        if asked.schema == .bool(true) || written.isNever { return [] }
        steps -= 1
        guard steps > 0, around.depth < 48 else {
            return [suspicion(asked, "", "too many alternatives to look at", written, around)]
        }
        if written.parts.contains(where: { Sameness.holds($0, asked) }) { return [] }
        // The same question further inside: see above. Alternatives that were decided make it another question.
        let question = "\(written.key) ⊆ \(asked.key)"
        guard open.insert(question).inserted else { return [] }
        defer { open.remove(question) }
        if let values = finite(written) { return judge(values, asked, written, around) }
        var found: [Suspicion] = []
        for part in Conjunction([asked]).parts where !written.parts.contains(where: { Sameness.holds($0, part) }) {
            found += rules(written, part, around)
        }
        guard !found.isEmpty, let branches = branches(of: written, like: asked) else { return found }
        let inBranches = branches.flatMap { prove($0, asked, around) }
        return inBranches.isEmpty ? [] : found.count <= inBranches.count ? found : inBranches
    }

    mutating func isProved(_ written: Conjunction, _ asked: Part) -> Bool {
        prove(written, asked, Surroundings(depth: 1, embed: { _ in [] })).isEmpty
    }

    private mutating func rules(_ written: Conjunction, _ asked: Part, _ around: Surroundings) -> [Suspicion] {
        if asked.schema == .bool(false) {
            let cause = "\(theReader) allows nothing here; \(theWriter) may write it"
            return [suspicion(asked, "", cause, written, around)]
        }
        let types = Types(written)
        return values(written, types, asked, around) + numbers(written, types, asked, around)
            + strings(written, types, asked, around) + objects(written, types, asked, around)
            + arrays(written, types, asked, around) + combinations(written, asked, around)
    }

    // MARK: Values that can be counted

    /// All the values there can be, where they are few.
    mutating func finite(_ written: Conjunction) -> [JSON]? {
        var values: [JSON]?
        for part in written.parts {
            if let constant = part.value("const") { values = values ?? [constant] }
            if let list = part.value("enum")?.array { values = values ?? list }
        }
        if values == nil, Types(written).kinds.isSubset(of: [.null, .boolean]) {
            values = [.null, .bool(false), .bool(true)]
        }
        return values?.filter { value in written.parts.allSatisfy { accepts($0, value) } }
    }

    private mutating func judge(
        _ values: [JSON], _ asked: Part, _ written: Conjunction, _ around: Surroundings
    ) -> [Suspicion] {
        let refused = values.filter { !accepts(asked, $0) }
        guard let first = refused.first else { return [] }
        let keyword = keyword(refusing: first, asked)
        let texts = refused.prefix(6).map(\.text).joined(separator: ", ") + (refused.count > 6 ? ", …" : "")
        let cause = "\(theReader) doesn't accept \(texts), which \(theWriter) may write"
        var result = suspicion(asked, keyword, cause, written, around)
        result.candidates = around.embed(first) + result.candidates
        return [result]
    }

    /// The keyword of a part's schema that refuses a value; an empty text where it stands in a schema of its own.
    private func keyword(refusing value: JSON, _ part: Part) -> String {
        if let named = ["const", "enum"].first(where: { part.value($0) != nil }) { return named }
        var tape = Tape()
        tape.setRoot(tape.append(value))
        let violation = (validators[part.key] ?? part.compiled)?.violations(of: tape.root).first
        return violation.flatMap { $0.schemaPath == part.path($0.keyword) ? $0.keyword : nil } ?? ""
    }

    /// Whether a part's schema accepts a value.
    mutating func accepts(_ part: Part, _ value: JSON) -> Bool {
        if let types = part.note.isEmpty ? nil : part.value("type") {
            return Types(kinds: Kinds(value)).fit(in: Types(kinds: Types(types).kinds))
        }
        if validators[part.key] == nil { validators[part.key] = part.compiled }
        var tape = Tape()
        tape.setRoot(tape.append(value))
        return validators[part.key]?.isValid(tape.root) ?? true
    }

    // MARK: Alternatives of the writer

    /// The writer's schemas with one of their alternatives decided, one for each; nil when there are none left.
    private func branches(of written: Conjunction, like: Part?) -> [Conjunction]? {
        for part in written.parts {
            for keyword in ["anyOf", "oneOf"] {
                let choice = "\(part.key)/\(keyword)"
                let list = part.list(keyword)
                guard !list.isEmpty, !written.decided.contains(choice) else { continue }
                return list.map { branch in
                    var decided = written.with(branch)
                    decided.decided.insert(choice)
                    return decided
                }
            }
            let choice = "\(part.key)/if"
            guard let condition = part.value("if").flatMap({ _ in part.below("if") }), !written.decided.contains(choice)
            else { continue }
            var undecided = written
            undecided.decided.insert(choice)
            let then = part.value("then").flatMap { _ in part.below("then") }
            let otherwise = part.value("else").flatMap { _ in part.below("else") }
            return [
                then.map { undecided.with(condition).with($0) } ?? undecided.with(condition),
                otherwise.map { undecided.with($0) } ?? undecided,
            ]
        }
        let names = Types(written).names
        guard names.count > 1, let first = written.parts.first ?? like else { return nil }
        return names.map { written.with(first.only(type: $0)) }
    }

    // MARK: Words

    var theReader: String { "the \(reader.label) version" }
    var theWriter: String { "\(writer.label == "old" ? "an" : "a") \(writer.label) document" }

    /// A suspicion, with documents made of typical values.
    mutating func suspicion(
        _ asked: Part, _ keyword: String, _ cause: String, _ written: Conjunction, _ around: Surroundings,
        values: [JSON] = [], field: String? = nil, words: String? = nil
    ) -> Suspicion {
        var candidates: [JSON] = []
        for value in values { candidates += around.embed(value) }
        for form in [Sampler.Form.minimal, .full, .random, .random] {
            candidates += around.embed(sampler.value(written, form))
        }
        let schemaPath = keyword.isEmpty ? asked.path : asked.path(keyword)
        return Suspicion(
            path: around.pointer, field: field ?? around.path.last { $0 != "*" }, schemaPath: schemaPath, cause: cause,
            candidates: Array(candidates.prefix(64)), words: words)
    }
}

extension Kinds {
    init(_ value: JSON) {
        switch value {
        case .null: self = .null
        case .bool: self = .boolean
        case .number: self = .number
        case .string: self = .string
        case .array: self = .array
        case .object: self = .object
        }
    }
}
