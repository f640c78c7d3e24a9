import Document
import Patterns

/// Makes documents that fit a conjunction of schemas, most of the time: whoever uses one has it judged by the validator.
struct Sampler {
    enum Form {
        /// What must be there, and nothing else.
        case minimal
        /// Every field, one item.
        case full
        case random
    }

    var numbers: SeededNumbers
    /// Whose constants and bounds are tried too.
    let hints: SchemaVersion
    private lazy var constants: [JSON] = Self.constants(in: hints.root.schema)
    /// How many values the document may still get: fields that must be there and hold themselves multiply without end.
    private var room = 0
    /// How many values were made, in all documents.
    private(set) var made = 0

    init(numbers: SeededNumbers, hints: SchemaVersion) {
        self.numbers = numbers
        self.hints = hints
    }

    mutating func value(_ schemas: Conjunction, _ form: Form) -> JSON {
        room = Self.mostValues
        return value(schemas, form, depth: 0)
    }

    private static let mostValues = 300

    private mutating func value(_ schemas: Conjunction, _ form: Form, depth: Int) -> JSON {
        room -= 1
        made += 1
        let schemas = decided(schemas, form)
        if let values = choices(schemas), !values.isEmpty {
            return values[form == .random ? numbers.below(values.count) : 0]
        }
        let types = Types(schemas)
        let names = types.names
        guard !names.isEmpty else { return .null }
        // A typical value first: null says little.
        let order = ["object", "string", "integer", "number", "array", "boolean", "null"]
        let name = form == .random ? names[numbers.below(names.count)] : order.first(where: names.contains) ?? names[0]
        switch name {
        case "object": return depth > 6 || room < 0 ? [:] : object(schemas, form, depth)
        case "array": return depth > 6 || room < 0 ? [] : array(schemas, form, depth)
        case "string": return text(schemas, form)
        case "boolean": return .bool(form == .random && numbers.below(2) == 0)
        case "null": return .null
        default: return number(schemas, types, form)
        }
    }

    /// The schemas with their alternatives decided.
    private mutating func decided(_ schemas: Conjunction, _ form: Form) -> Conjunction {
        var all = schemas
        var place = 0
        while place < all.parts.count, place < 64 {
            let part = all.parts[place]
            place += 1
            for keyword in ["anyOf", "oneOf"] {
                let list = part.list(keyword)
                guard !list.isEmpty else { continue }
                // Those that leave a value first.
                let possible = list.filter { !Types(all.with($0)).kinds.isEmpty }
                let choice = possible.isEmpty ? list : possible
                all.add(choice[form == .random ? numbers.below(choice.count) : 0])
            }
            guard part.value("if") != nil, let condition = part.below("if") else { continue }
            let takes = form == .random ? numbers.below(2) == 0 : true
            if takes { all.add(condition) }
            let keyword = takes ? "then" : "else"
            if part.value(keyword) != nil, let branch = part.below(keyword) { all.add(branch) }
        }
        return all
    }

    /// The values of `const` and `enum`, those of all schemas.
    private func choices(_ schemas: Conjunction) -> [JSON]? {
        var lists: [[JSON]] = schemas.values("const").map { [$0] }
        lists += schemas.values("enum").compactMap(\.array)
        guard let first = lists.first else { return nil }
        let types = Types(schemas)
        return first.filter { value in
            lists.allSatisfy { $0.contains(value) } && types.kinds.isSuperset(of: Kinds(value))
        }
    }

    // MARK: Numbers

    private mutating func number(_ schemas: Conjunction, _ types: Types, _ form: Form) -> JSON {
        let low = Bound.tightest(schemas, isUpper: false, isWhole: types.isWhole)
        let high = Bound.tightest(schemas, isUpper: true, isWhole: types.isWhole)
        var value = low?.value ?? high?.value ?? 1
        if let low, low.isExclusive, !types.isWhole {
            value = high.map { (low.value + $0.value) * Number("0.5")! } ?? low.value + 1
        } else if low == nil, let high, high.isExclusive {
            value = high.value - 1
        }
        if form == .random {
            var tries: [Number] = [value, 0, 1, -1, Number("0.5")!, Number(numbers.below(1000)), value + 1, value - 1]
            tries += constants.compactMap(\.number).flatMap { [$0, $0 + 1, $0 - 1] }
            if let high { tries.append(high.value) }
            value = tries[numbers.below(tries.count)]
        }
        for divisor in schemas.numbers("multipleOf") where divisor > 0 {
            guard let count = value.divided(by: divisor) else { continue }
            value = count.ceiling * divisor
        }
        if types.isWhole { value = value.ceiling }
        return .number(value)
    }

    // MARK: Text

    private mutating func text(_ schemas: Conjunction, _ form: Form) -> JSON {
        let all = texts(schemas)
        guard form == .random else { return all.first ?? "" }
        let more = all + constants.filter { $0.string != nil } + ["", "x", "12", "ä"]
        let choice = more[numbers.below(more.count)]
        let length = choice.string?.unicodeScalars.count ?? 0
        return (schemas.least("minLength")...max(schemas.most("maxLength"), schemas.least("minLength"))).contains(
            length)
            ? choice : self.text(schemas, length: schemas.least("minLength"))
    }

    /// Texts that fit, by pattern, format and length.
    mutating func texts(_ schemas: Conjunction) -> [JSON] {
        var texts: [String] = []
        for pattern in schemas.values("pattern").compactMap(\.string) {
            guard let pattern = try? Pattern(pattern) else { continue }
            for _ in 0..<4 { texts.append(pattern.example { numbers.below($0) }) }
        }
        for format in schemas.values("format").compactMap(\.string) { texts += Format(named: format)?.examples ?? [] }
        // Where there are both, one that has both.
        let formats = schemas.values("format").compactMap(\.string).compactMap(Format.init(named:))
        let patterns = schemas.values("pattern").compactMap(\.string).compactMap { try? Pattern($0) }
        let fitting = texts.filter { text in
            var copy = text
            return copy.withUTF8 { bytes in
                formats.allSatisfy { $0.matches(bytes) } && patterns.allSatisfy { $0.matches(bytes) }
            }
        }
        let chosen = fitting.isEmpty ? texts : fitting
        let isFree = patterns.isEmpty && formats.isEmpty
        let plain = isFree ? [1, 8].map { self.text(schemas, length: $0) } : []
        return plain + chosen.map { .string($0) }
    }

    /// A text of a length, as far as the schemas allow.
    func text(_ schemas: Conjunction, length: Int) -> JSON {
        let wanted = min(max(length, schemas.least("minLength")), schemas.most("maxLength"))
        return .string(String(repeating: "x", count: min(wanted, 10_000)))
    }

    /// A field's name that matches a pattern.
    mutating func name(matching pattern: String) -> String {
        (try? Pattern(pattern))?.example { numbers.below($0) } ?? "other"
    }

    // MARK: Containers

    private mutating func object(_ schemas: Conjunction, _ form: Form, _ depth: Int) -> JSON {
        let members = Members(schemas)
        var object: JSON = [:]
        for name in members.names {
            let schema = members.schema(of: name)
            let isRequired = members.required.contains(name)
            guard isRequired || (!schema.isNever && wants(form, depth)) else { continue }
            object[name] = value(schema, form, depth: depth + 1)
        }
        for (pattern, schema) in members.others where wants(form, depth) {
            let name = pattern.map { self.name(matching: $0) } ?? "other\(numbers.below(100))"
            if object[name] == nil { object[name] = value(schema, form, depth: depth + 1) }
        }
        var more = 0
        while object.object?.count ?? 0 < schemas.least("minProperties"), more < 64 {
            object["more\(more)"] = value(members.others.first?.schema ?? Conjunction(), form, depth: depth + 1)
            more += 1
        }
        for asking in members.names where object[asking] != nil {
            for name in members.implied(by: asking) where object[name] == nil {
                object[name] = value(members.schema(of: name), .minimal, depth: depth + 1)
            }
        }
        return object
    }

    /// Whether to write what may be left out. What lies deep is, so that recursive schemas end.
    private mutating func wants(_ form: Form, _ depth: Int) -> Bool {
        switch form {
        case .minimal: false
        case .full: depth < 3
        case .random: numbers.below(depth + 3) < 2
        }
    }

    /// An array of so many items, as far as the schemas allow.
    mutating func array(_ schemas: Conjunction, count: Int) -> JSON {
        room = Self.mostValues
        return array(schemas, .minimal, 0, count: min(max(count, schemas.least("minItems")), schemas.most("maxItems")))
    }

    private mutating func array(_ schemas: Conjunction, _ form: Form, _ depth: Int) -> JSON {
        let least = schemas.least("minItems")
        let most = schemas.most("maxItems")
        let extra = form == .minimal || depth > 4 ? 0 : form == .full ? 1 : numbers.below(3)
        let contained = schemas.parts.contains { $0.value("contains") != nil } ? 1 : 0
        return array(schemas, form, depth, count: min(max(least, contained) + extra, most, 256))
    }

    private mutating func array(_ schemas: Conjunction, _ form: Form, _ depth: Int, count: Int) -> JSON {
        var items: [JSON] = []
        let isUnique = schemas.values("uniqueItems").contains(.bool(true))
        for position in 0..<count {
            var conjunction = Conjunction()
            for part in schemas.parts {
                let items = part.items
                if let own = position < items.prefix.count ? items.prefix[position] : items.rest {
                    conjunction.add(own)
                }
                if position < (part.value("minContains")?.integer ?? 1), part.value("contains") != nil,
                    let wanted = part.below("contains")
                {
                    conjunction.add(wanted)
                }
            }
            var item = value(conjunction, form, depth: depth + 1)
            var tries = 0
            while isUnique, items.contains(item), tries < 16 {
                item = value(conjunction, .random, depth: depth + 1)
                tries += 1
            }
            items.append(item)
        }
        return .array(items)
    }

    /// The scalars that a schema mentions: where two versions differ, they differ near these.
    private static func constants(in schema: JSON) -> [JSON] {
        var found: [JSON] = []
        var pending = [schema]
        while let next = pending.popLast(), found.count < 256 {
            switch next {
            case .object(let members): pending += members.map(\.value)
            case .array(let items): pending += items
            case .number, .string: if !found.contains(next) { found.append(next) }
            default: break
            }
        }
        return found
    }
}

extension Format {
    /// Texts that have the format.
    var examples: [String] {
        switch self {
        case .dateTime: ["2024-05-31T14:02:11Z", "1985-04-12T23:20:50.52+02:00"]
        case .date: ["2024-05-31"]
        case .time: ["14:02:11Z"]
        case .duration: ["P3DT12H"]
        case .email, .idnEmail: ["ada@example.org"]
        case .hostname, .idnHostname: ["example.org"]
        case .ipv4: ["192.0.2.1"]
        case .ipv6: ["2001:db8::1"]
        case .uri, .uriReference, .iri, .iriReference: ["https://example.org/a"]
        case .uriTemplate: ["https://example.org/{id}"]
        case .uuid: ["2eb8aa08-aa98-11ea-b4aa-73b441d16380"]
        case .jsonPointer: ["/a/0"]
        case .relativeJSONPointer: ["1/a"]
        case .regex: ["^a+$"]
        case .gtin: ["06438012345675"]
        case .gln: ["6438012345675"]
        case .e164: ["+358401234567"]
        case .currency: ["EUR"]
        case .base64: ["YWJj"]
        case .json: ["{}"]
        case .base64JSON: ["e30="]
        }
    }
}
