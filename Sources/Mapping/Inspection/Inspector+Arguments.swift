import Document

extension Inspector {
    /// Says what of a call's arguments never fits the function's signature, and what doesn't whenever it is there.
    mutating func check(_ arguments: [Outline], of signature: Signature, _ name: String, _ node: Syntax) {
        let parameters = signature.parameters
        if arguments.count > parameters.count, parameters.last?.repeats != true {
            return count(
                "\(parameters.count) \(parameters.count == 1 ? "argument" : "arguments") at most", arguments, signature,
                name, node)
        }
        let needed = parameters.count { !$0.isOptional && !$0.usesContext }
        if arguments.count < needed {
            return count(
                "\(needed) \(needed == 1 ? "argument" : "arguments") or more", arguments, signature, name, node)
        }
        // What comes of an error is nothing that could be checked.
        guard !arguments.contains(where: \.kinds.isEmpty) else { return }
        let whenThere = arguments.map { $0.kinds == .nothing ? $0.kinds : $0.kinds.subtracting(.nothing) }
        for kinds in [arguments.map(\.kinds), whenThere] {
            let types = kinds.map(Signature.Types.init)
            if signature.match(types[...]) == nil {
                return misfit(signature.mismatch(types), arguments, signature, name, node)
            }
        }
        checkElements(arguments, whenThere, signature, name, node)
    }

    private mutating func count(
        _ allowed: String, _ arguments: [Outline], _ signature: Signature, _ name: String, _ node: Syntax
    ) {
        report(
            .error, .type,
            "$\(name) takes \(allowed) (\(signature.text)), and this gives \(arguments.count): it fails the record",
            at: node)
    }

    private mutating func misfit(
        _ place: Int, _ arguments: [Outline], _ signature: Signature, _ name: String, _ node: Syntax
    ) {
        let parameters = signature.parameters
        guard !arguments.isEmpty, !parameters.isEmpty else { return }
        func fits(_ argument: Outline, _ place: Int) -> Bool {
            !argument.kinds.subtracting(.nothing).isDisjoint(with: Outline.Kinds(parameters[place].types))
        }
        // The first may have been left out, as the context stands for it.
        let isShifted =
            parameters.count > 1 && parameters[0].usesContext && !fits(arguments[0], 0) && fits(arguments[0], 1)
        let culprit = arguments.indices.first { place in
            let parameter = place + (isShifted ? 1 : 0)
            if parameters.last?.repeats == true { return !fits(arguments[place], min(parameter, parameters.count - 1)) }
            return parameter >= parameters.count || !fits(arguments[place], parameter)
        }
        let argument = arguments[culprit ?? min(place, arguments.count - 1)]
        let wanted = culprit.map { $0 + (isShifted ? 1 : 0) }.flatMap { place in
            place < parameters.count ? Outline(Outline.Kinds(parameters[place].types)).always : nil
        }
        report(
            argument.isSampled || argument.kinds.contains(.nothing) ? .warning : .error, .type,
            "$\(name) takes \(wanted ?? signature.text) here, but this is \(argument.always): it fails the record",
            at: node)
    }

    /// Lists of which no element is what the function wants.
    private mutating func checkElements(
        _ arguments: [Outline], _ kinds: [Outline.Kinds], _ signature: Signature, _ name: String, _ node: Syntax
    ) {
        guard let counts = signature.match(kinds.map(Signature.Types.init)[...]) else { return }
        var place = 0
        for (parameter, taken) in zip(signature.parameters, counts) where taken > 0 {
            defer { place += taken }
            guard let wanted = parameter.elements.map(Outline.Kinds.init), taken == 1 else { continue }
            let items = arguments[place].items.something
            guard !items.kinds.isEmpty, items.kinds.isDisjoint(with: wanted) else { continue }
            report(
                .warning, .type,
                "$\(name) takes a list of which each is \(Outline(wanted).always) here, but each is \(items.always): it fails the record",
                at: node)
        }
    }

    // MARK: Pictures

    /// Reads a picture that stands in the mapping.
    ///
    /// - Parameter mayBeSkipped: whether there may be no value: then nobody reads the picture.
    mutating func checkPicture(of name: String, _ nodes: [Syntax?], mayBeSkipped: Bool) {
        guard
            let place = [
                "fromMillis": 1, "toMillis": 1, "now": 0, "formatNumber": 1, "formatInteger": 1, "parseInteger": 1,
            ][name]
        else { return }
        // A picture behind a value that is left out stands at the value's place.
        guard let text = nodes.last(where: { $0?.kind == .string }) ?? nil, nodes.indices.contains(place),
            nodes[place] === text, text.predicates.isEmpty
        else { return }
        let picture = text.text
        do throws(PictureError) {
            switch name {
            case "toMillis": _ = try DateReader(try DatePicture(picture))
            case "fromMillis", "now": _ = try DatePicture(picture)
            case "formatNumber":
                // Options change what signs mean.
                if nodes.count == 2 { _ = try NumberPicture(picture, NumberPicture.Symbols()) }
            default: _ = try IntegerPicture(picture)
            }
        } catch {
            return report(
                mayBeSkipped ? .warning : .error, .type, "\(error.code): \(error.message): it fails the record",
                at: text)
        }
        if ["toMillis", "fromMillis", "now"].contains(name), !picture.contains("[") {
            report(
                .warning, .value,
                "this picture has no component in brackets, so nothing of the time is in it: write [Y0001]-[M01]-[D01], [D01].[M01].[Y0001] or what is meant",
                at: text)
        }
    }
}

extension Outline.Kinds {
    fileprivate static let pairs: [(Signature.Types, Outline.Kinds)] = [
        (.array, .array), (.string, .string), (.number, .number), (.boolean, .boolean), (.null, .null),
        (.function, .function), (.object, .object),
    ]

    /// The kinds of a signature's types.
    init(_ types: Signature.Types) {
        self = []
        for (type, kind) in Self.pairs where types.contains(type) { insert(kind) }
    }
}

extension Signature.Types {
    /// The types of values of some kinds.
    init(_ kinds: Outline.Kinds) {
        self = kinds.contains(.nothing) ? .missing : []
        for (type, kind) in Outline.Kinds.pairs where kinds.contains(kind) { insert(type) }
    }
}
