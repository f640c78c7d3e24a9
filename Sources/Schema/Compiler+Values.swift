import Document

/// Keywords on a value as a whole, on strings and on numbers.
extension Compiler {
    /// Compiles the keyword if it is one of these.
    mutating func value(_ member: JSON.Member, _ context: Context, _ parts: inout Parts) -> Bool {
        switch member.key {
        case "type": type(member.value, context, &parts)
        case "const":
            parts.any.append(
                Instruction(operation: .constant, a: constant(member.value), place: place("const", context)))
        case "enum": enumeration(member.value, context, &parts)
        case "minLength": length(.minLength, member, context, &parts)
        case "maxLength": length(.maxLength, member, context, &parts)
        case "pattern":
            guard let source = member.value.string else {
                problem(context, ["pattern"], "must be a regular expression, a string")
                break
            }
            if let number = pattern(source, context, "pattern") {
                parts.string.append(Instruction(operation: .pattern, a: number, place: place("pattern", context)))
            }
        case "format": format(member.value, context, &parts)
        case "contentEncoding", "contentMediaType": content(member, context, &parts)
        case "minimum": bound(.minimum, member, context, &parts)
        case "maximum": bound(.maximum, member, context, &parts)
        case "exclusiveMinimum": bound(.exclusiveMinimum, member, context, &parts)
        case "exclusiveMaximum": bound(.exclusiveMaximum, member, context, &parts)
        case "multipleOf":
            guard let divisor = member.value.number, divisor > 0 else {
                problem(context, ["multipleOf"], "must be a number above 0")
                break
            }
            bound(.multipleOf, member, context, &parts)
        default: return false
        }
        return true
    }

    mutating func constant(_ value: JSON) -> Int32 {
        draft.constants.append(value)
        return Int32(draft.constants.count - 1)
    }

    /// A keyword's value as a count; nil, and a problem, when it is none.
    mutating func count(_ keyword: String, _ value: JSON, _ context: Context) -> Int? {
        guard let number = value.number, !(number < 0), number.isMultiple(of: 1) else {
            problem(context, [keyword], "must be a whole number, 0 or more")
            return nil
        }
        // What is too large for an Int is larger than any document.
        return number.integer ?? Int.max
    }

    private mutating func type(_ value: JSON, _ context: Context, _ parts: inout Parts) {
        let names = value.array?.map(\.string) ?? [value.string]
        var kinds: Kinds = []
        for name in names {
            if let known = Kinds.named.first(where: { $0.name == name }) {
                kinds.formUnion(known.kinds)
            } else if name == "integer" {
                kinds.formUnion(.number)
            } else {
                let all = (Kinds.named.map(\.name) + ["integer"]).joined(separator: ", ")
                problem(context, ["type"], "must be one or several of \(all)")
                return
            }
        }
        if names.isEmpty { problem(context, ["type"], "names no type: nothing could be valid") }
        parts.kinds = kinds
        parts.wholeNumbers = names.contains("integer") && !names.contains("number")
        parts.kindsPlace = place("type", context)
    }

    private mutating func enumeration(_ value: JSON, _ context: Context, _ parts: inout Parts) {
        guard let values = value.array else {
            problem(context, ["enum"], "must be an array")
            return
        }
        let strings = values.compactMap(\.string)
        let distinct = Set(strings.map { Array($0.utf8) })
        // Text is looked up; other values are compared one by one. The constants are kept for the report.
        let start = Int32(draft.constants.count)
        for value in values { _ = constant(value) }
        let all = Span(start: start, end: Int32(draft.constants.count))
        let place = place("enum", context)
        if strings.count == values.count, distinct.count == strings.count, strings.count > 1 {
            let table = draft.names.add(strings.map { ($0, NameTables.Entry(schema: -1, required: 0)) })
            parts.any.append(Instruction(operation: .names, a: all.start, b: all.end, c: table, place: place))
        } else {
            parts.any.append(Instruction(operation: .enumeration, a: all.start, b: all.end, place: place))
        }
    }

    private mutating func length(
        _ operation: Instruction.Operation, _ member: JSON.Member, _ context: Context, _ parts: inout Parts
    ) {
        guard let count = count(member.key, member.value, context) else { return }
        let operand = Int32(clamping: count)
        parts.string.append(Instruction(operation: operation, a: operand, place: place(member.key, context)))
    }

    private mutating func bound(
        _ operation: Instruction.Operation, _ member: JSON.Member, _ context: Context, _ parts: inout Parts
    ) {
        guard let number = member.value.number else {
            problem(context, [member.key], "must be a number")
            return
        }
        draft.numbers.append(number)
        let index = Int32(draft.numbers.count - 1)
        var instruction = Instruction(operation: operation, a: index, place: place(member.key, context))
        if let limit = number.integer.flatMap({ Int32(exactly: $0) }) { (instruction.b, instruction.c) = (limit, 1) }
        parts.number.append(instruction)
    }

    private mutating func format(_ value: JSON, _ context: Context, _ parts: inout Parts) {
        guard let name = value.string else {
            problem(context, ["format"], "must be a string")
            return
        }
        let isAskedFor = dialect(of: context).assertsFormats
        guard set.options.assertsFormats || isAskedFor else { return }
        guard let format = Format(named: name) else {
            // A vocabulary that asserts formats asks for this (2020-12, validation, 7.2.3); else it is an annotation.
            guard isAskedFor || set.options.refusesUnknownKeywords else { return }
            let known = Format.named.keys.sorted()
            let advice = name.nearest(of: known).map { "did you mean '\($0)'?" }
            problem(
                context, ["format"],
                "no support for the format '\(name)': "
                    + (advice ?? "use 'pattern', or one of \(known.joined(separator: ", "))"))
            return
        }
        append(format, "format", context, &parts)
    }

    private mutating func append(_ format: Format, _ keyword: String, _ context: Context, _ parts: inout Parts) {
        draft.formats.append(format)
        let index = Int32(draft.formats.count - 1)
        parts.string.append(Instruction(operation: .format, a: index, place: place(keyword, context)))
    }

    /// What draft 7 lets be checked of a string that holds another document; later it is an annotation.
    private mutating func content(_ member: JSON.Member, _ context: Context, _ parts: inout Parts) {
        guard let text = member.value.string else {
            problem(context, [member.key], "must be a string")
            return
        }
        guard set.options.assertsContent, dialect(of: context).draft.mayAssertContent else { return }
        let isEncoded = context.schema["contentEncoding"]?.string?.lowercased() == "base64"
        if member.key == "contentEncoding" {
            if isEncoded { append(.base64, member.key, context, &parts) }
        } else if Self.isJSON(mediaType: text), isEncoded || context.schema["contentEncoding"] == nil {
            append(isEncoded ? .base64JSON : .json, member.key, context, &parts)
        }
    }

    /// `application/json`, `application/geo+json; charset=utf-8`
    private static func isJSON(mediaType: String) -> Bool {
        let essence = mediaType.lowercased().prefix { $0 != ";" && $0 != " " }
        return essence == "application/json" || essence.hasSuffix("+json")
    }
}
