import Document

/// Keywords on objects and arrays. Those of one kind depend on each other and become one rule, checked in one pass.
extension Compiler {
    mutating func object(_ context: Context, _ dialect: Dialect, _ parts: inout Parts) {
        func value(_ keyword: String) -> JSON? { dialect.knows(keyword) ? context.schema[keyword] : nil }
        var rules = ObjectRules()
        var used = false
        if let names = names(value("properties"), value("required"), context, &rules) {
            rules.names = names
            used = true
        }
        if let members = value("patternProperties") {
            rules.patterns = patternRules(members, context)
            used = true
        }
        if let schema = value("additionalProperties") {
            rules.additional = subschema(schema, in: context, "additionalProperties")
            rules.additionalPlace = place("additionalProperties", context)
            used = true
        }
        if let schema = value("propertyNames") {
            rules.propertyNames = subschema(schema, in: context, "propertyNames")
            used = true
        }
        rules.visitsMembers = used
        if let minimum = value("minProperties").flatMap({ count("minProperties", $0, context) }) {
            rules.minProperties = minimum
            rules.minPlace = place("minProperties", context)
            used = true
        }
        if let maximum = value("maxProperties").flatMap({ count("maxProperties", $0, context) }) {
            rules.maxProperties = maximum
            rules.maxPlace = place("maxProperties", context)
            used = true
        }
        guard used else { return }
        draft.objects.append(rules)
        let isPlain =
            rules.names >= 0 && rules.patterns.isEmpty && rules.additional < 0 && rules.propertyNames < 0
            && rules.minPlace < 0 && rules.maxPlace < 0
        let operation: Instruction.Operation = isPlain ? .properties : .object
        parts.object.insert(Instruction(operation: operation, a: Int32(draft.objects.count - 1)), at: 0)
    }

    /// The table of the names that `properties` and `required` mention.
    private mutating func names(
        _ properties: JSON?, _ required: JSON?, _ context: Context, _ rules: inout ObjectRules
    ) -> Int32? {
        var entries: [(name: String, entry: NameTables.Entry)] = []
        // By bytes: String's own equality takes differently composed names for the same.
        var numbers: [[UInt8]: Int] = [:]
        if let properties {
            guard let members = properties.object else {
                problem(context, ["properties"], "must be an object of schemas")
                return nil
            }
            for member in members {
                let schema = subschema(member.value, in: context, "properties", member.key)
                numbers[Array(member.key.utf8)] = entries.count
                entries.append((member.key, NameTables.Entry(schema: schema, required: 0)))
            }
        }
        if let required {
            guard let names = strings(required, "required", context) else { return nil }
            rules.requiredPlace = place("required", context)
            rules.moreRequired.start = Int32(draft.constants.count)
            for (bit, name) in names.enumerated() {
                guard bit < 64 else {
                    _ = constant(.string(name))
                    continue
                }
                let number = numbers[Array(name.utf8)] ?? entries.count
                if number == entries.count { entries.append((name, NameTables.Entry(schema: -1, required: 0))) }
                entries[number].entry.required = 1 << UInt64(bit)
                rules.required |= 1 << UInt64(bit)
            }
            rules.moreRequired.end = Int32(draft.constants.count)
        }
        guard properties != nil || required != nil else { return nil }
        rules.requiredNames = entries.filter { $0.entry.required != 0 }.map { ($0.name, $0.entry.required) }
            .sorted { $0.1 < $1.1 }.map(\.0)
        return draft.names.add(entries)
    }

    private mutating func strings(_ value: JSON, _ keyword: String, _ context: Context) -> [String]? {
        guard let values = value.array, case let strings = values.compactMap(\.string), strings.count == values.count
        else {
            problem(context, [keyword], "must be an array of strings")
            return nil
        }
        guard Set(strings.map { Array($0.utf8) }).count == strings.count else {
            problem(context, [keyword], "names something twice")
            return nil
        }
        return strings
    }

    private mutating func patternRules(_ value: JSON, _ context: Context) -> Span {
        guard let members = value.object else {
            problem(context, ["patternProperties"], "must be an object of schemas")
            return Span()
        }
        var rules: [PatternRule] = []
        for member in members {
            guard let pattern = pattern(member.key, context, "patternProperties", member.key) else { continue }
            let schema = subschema(member.value, in: context, "patternProperties", member.key)
            rules.append(PatternRule(pattern: pattern, schema: schema))
        }
        let start = Int32(draft.patternRules.count)
        draft.patternRules += rules
        return Span(start: start, end: Int32(draft.patternRules.count))
    }

    mutating func array(_ context: Context, _ dialect: Dialect, _ parts: inout Parts) {
        func value(_ keyword: String) -> JSON? { dialect.knows(keyword) ? context.schema[keyword] : nil }
        var rules = ArrayRules()
        var used = false
        if let items = value("prefixItems") {
            rules.prefix = list(items, "prefixItems", context)
            used = true
        }
        if let schema = value("items") {
            items(schema, value("additionalItems"), dialect.draft, context, &rules)
            used = true
        }
        if let schema = value("contains") {
            rules.contains = subschema(schema, in: context, "contains")
            rules.containsPlace = place("contains", context)
            rules.containsEvaluates = dialect.draft.countsContained
            used = true
        }
        for (keyword, count, place) in [
            ("minContains", \ArrayRules.minContains, \ArrayRules.minContainsPlace),
            ("maxContains", \.maxContains, \.maxContainsPlace),
            ("minItems", \.minItems, \.minPlace), ("maxItems", \.maxItems, \.maxPlace),
        ] {
            guard let number = value(keyword).flatMap({ self.count(keyword, $0, context) }) else { continue }
            rules[keyPath: count] = number
            rules[keyPath: place] = self.place(keyword, context)
            used = true
        }
        if let unique = value("uniqueItems") {
            if unique.bool == nil { problem(context, ["uniqueItems"], "must be true or false") }
            rules.uniqueItems = unique.bool ?? false
            rules.uniquePlace = place("uniqueItems", context)
            used = true
        }
        guard used else { return }
        draft.arrays.append(rules)
        parts.array.insert(Instruction(operation: .array, a: Int32(draft.arrays.count - 1)), at: 0)
    }

    /// `items`; until 2019-09 a list means what `prefixItems` does, and `additionalItems` continues it.
    private mutating func items(
        _ schema: JSON, _ additional: JSON?, _ draft: SchemaDraft, _ context: Context, _ rules: inout ArrayRules
    ) {
        guard case .array = schema else {
            rules.items = subschema(schema, in: context, "items")
            return
        }
        guard draft.listsItems else {
            problem(context, ["items"], "must be one schema: since draft 2020-12 a list is 'prefixItems'")
            return
        }
        rules.prefix = list(schema, "items", context, mayBeEmpty: true)
        if let additional { rules.items = subschema(additional, in: context, "additionalItems") }
    }

    /// A list of subschemas: the value of `prefixItems`, `anyOf`, …
    mutating func list(_ value: JSON, _ keyword: String, _ context: Context, mayBeEmpty: Bool = false) -> Span {
        guard let schemas = value.array, mayBeEmpty || !schemas.isEmpty else {
            problem(context, [keyword], "must be an array of one schema or more")
            return Span()
        }
        var numbers: [Int32] = []
        for (place, schema) in schemas.enumerated() {
            numbers.append(subschema(schema, in: context, keyword, String(place)))
        }
        let start = Int32(draft.lists.count)
        draft.lists += numbers
        return Span(start: start, end: Int32(draft.lists.count))
    }

    /// Compiles a keyword that combines schemas on the same value.
    mutating func combination(_ member: JSON.Member, _ context: Context, _ parts: inout Parts) -> Bool {
        let keyword = member.key
        switch keyword {
        case "allOf":
            let place = place(keyword, context)
            for number in list(member.value, keyword, context).range {
                parts.any.append(Instruction(operation: .apply, a: draft.lists[number], place: place))
            }
        case "anyOf", "oneOf":
            let branches = list(member.value, keyword, context)
            let operation: Instruction.Operation = keyword == "anyOf" ? .anyOf : .oneOf
            let place = place(keyword, context)
            parts.any.append(Instruction(operation: operation, a: branches.start, b: branches.end, place: place))
        case "not":
            let schema = subschema(member.value, in: context, keyword)
            parts.any.append(Instruction(operation: .not, a: schema, place: place(keyword, context)))
        case "if":
            let condition = subschema(member.value, in: context, keyword)
            let then = context.schema["then"].map { subschema($0, in: context, "then") } ?? Subschema.always
            let otherwise = context.schema["else"].map { subschema($0, in: context, "else") } ?? Subschema.always
            parts.any.append(
                Instruction(operation: .conditional, a: condition, b: then, c: otherwise, place: place("if", context)))
        case "then", "else":
            // Compiled even without 'if', so that mistakes inside are found.
            _ = subschema(member.value, in: context, keyword)
        case "dependentRequired", "dependentSchemas", "dependencies": dependent(member, context, &parts)
        case "unevaluatedItems", "unevaluatedProperties":
            let operation: Instruction.Operation =
                keyword == "unevaluatedItems" ? .unevaluatedItems : .unevaluatedProperties
            let schema = subschema(member.value, in: context, keyword)
            parts.unevaluated.append(Instruction(operation: operation, a: schema, place: place(keyword, context)))
        default: return false
        }
        return true
    }

    /// What a member asks for when it is there: other members, or a schema. `dependencies` may hold both.
    private mutating func dependent(_ member: JSON.Member, _ context: Context, _ parts: inout Parts) {
        let keyword = member.key
        guard let members = member.value.object else {
            let what = keyword == "dependentRequired" ? "arrays of strings" : "schemas"
            problem(context, [keyword], "must be an object of \(what)")
            return
        }
        let place = place(keyword, context)
        for member in members {
            let asking = constant(.string(member.key))
            if keyword == "dependentRequired" || (keyword == "dependencies" && member.value.array != nil) {
                for name in strings(member.value, keyword, context) ?? [] {
                    let asked = constant(.string(name))
                    parts.object.append(Instruction(operation: .dependentRequired, a: asking, b: asked, place: place))
                }
            } else {
                let schema = subschema(member.value, in: context, keyword, member.key)
                parts.object.append(Instruction(operation: .dependentSchema, a: asking, b: schema, place: place))
            }
        }
    }
}
