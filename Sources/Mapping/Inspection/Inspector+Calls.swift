import Document

extension Inspector {
    // MARK: Calls

    mutating func call(_ node: Syntax, _ context: Outline, first: Outline? = nil) -> Outline {
        let procedure = node.left!
        let isNamed = procedure.kind == .variable && procedure.predicates.isEmpty
        if isNamed, let number = libraryFunction(procedure.text) {
            return callLibrary(number, node, context, first)
        }
        let arguments = (first.map { [$0] } ?? []) + node.children.map { inspect($0, context) }
        if procedure.kind == .lambda { return lambda(procedure, context, with: arguments) }
        let name = procedure.kind == .path && procedure.children.count == 1 ? procedure.children[0] : procedure
        // A record holds no functions; what a mapping makes may.
        let items = context.items
        let isNoFunction = items.isSampled || !items.isOpen && items.members[name.text] == nil
        if name.kind == .name, isNoFunction, bound.contains(name.text) || Library.standard.number(of: name.text) != nil
        {
            report(
                .error, .language,
                "this is a path, not a function: the function's name begins with $, $\(name.text)", at: name)
            return .never
        }
        _ = inspect(procedure, context)
        return .any
    }

    /// A function's body, with what its parameters are given.
    mutating func lambda(_ node: Syntax, _ context: Outline, with arguments: [Outline]) -> Outline {
        let result = scoped { inspector in
            for (place, parameter) in node.children.enumerated() {
                // A signature may take the context for an argument, or make a list of it.
                let isKnown = !arguments.isEmpty && node.extra.isEmpty
                inspector.bind(
                    parameter.text, isKnown ? place < arguments.count ? arguments[place] : .nothing : .any)
            }
            // It may never be called, or with nothing.
            return inspector.maybe { $0.inspect(node.left!, context) }
        }
        return arguments.isEmpty ? Outline(.function) : result
    }

    mutating func apply(_ node: Syntax, _ context: Outline) -> Outline {
        let left = inspect(node.left!, context)
        let right = node.right!
        if left.kinds.contains(.function) {
            // Two functions are chained into one.
            _ = inspect(right, context)
            return left.kinds == .function ? Outline(.function) : .any
        }
        if right.kind == .call, right.predicates.isEmpty, right.groupPairs == nil {
            return call(right, context, first: left)
        }
        if right.kind == .lambda { return lambda(right, context, with: [left]) }
        if right.kind == .transform, right.predicates.isEmpty, right.groupPairs == nil {
            return transform(right, of: left)
        }
        if right.kind == .variable, let number = libraryFunction(right.text) {
            return callLibrary(number, right, context, left)
        }
        _ = inspect(right, context)
        return .any
    }

    private mutating func callLibrary(
        _ number: Int, _ node: Syntax, _ context: Outline, _ first: Outline?
    ) -> Outline {
        let function = Library.standard.functions[number]
        let nodes = node.kind == .call ? node.children : []
        // A function that is given to another one sees what that one hands to it.
        if let handed = Self.handing[function.name] {
            return callWithFunction(function.name, handed, nodes, context, first)
        }
        let arguments = (first.map { [$0] } ?? []) + nodes.map { inspect($0, context) }
        check(arguments, of: Library.standard.signatures[number], function.name, node)
        checkPicture(
            of: function.name, (first == nil ? [] : [nil]) + nodes,
            mayBeSkipped: arguments.count < 2 || arguments[0].kinds.contains(.nothing))
        return result(of: function, arguments, node)
    }

    // MARK: Results

    private mutating func result(of function: Function, _ arguments: [Outline], _ node: Syntax) -> Outline {
        let list = arguments.first ?? .any
        switch function.name {
        case "reject", "error": return .never
        case "exists": return Outline(.boolean)
        case "count", "millis": return Outline(.number)
        case "reverse", "shuffle":
            let listed = list.kinds.contains(.array) ? list : Outline(arrayOf: list.items.something)
            return list.kinds.contains(.nothing) ? listed.orNothing : listed
        case "distinct": return list.many
        case "append": return arguments.dropFirst().reduce(into: list.many) { $0.formUnion($1.many) }
        case "sort": return Outline(arrayOf: list.items.something).orNothing
        case "clone": return list
        case "lookup": return lookedUp(arguments, node)
        case "omni_table": return row(node.kind == .call ? node.children : [])
        case "omni_decision":
            return Outline(members: [("state", Outline(.string)), ("reason", Outline([.string, .nothing]))]).orNothing
        default: return Self.plain(function.signature, arguments)
        }
    }

    /// What the signature says: `<s-:s>` gives a string.
    private static func plain(_ signature: String, _ arguments: [Outline]) -> Outline {
        guard let colon = signature.lastIndex(of: ":") else { return .any }
        let letter = signature[signature.index(after: colon)...].first
        let kinds: Outline.Kinds =
            switch letter {
            case "s": .string
            case "n": .number
            case "b": .boolean
            default: .any
            }
        if kinds == .any { return .any }
        // Nothing in, nothing out; and many functions give nothing for what isn't one of theirs.
        return Outline(kinds.union(.nothing))
    }

    private func row(_ nodes: [Syntax]) -> Outline {
        guard let name = nodes.first, name.kind == .string, let columns = tables[name.text] else { return .any }
        return Outline(members: columns.map { ($0, Outline([.string, .nothing])) }).orNothing
    }

    // MARK: Functions of functions

    /// How a function hands a list to the function that it is given.
    private enum Handing { case elements, members, fold }

    private static let handing: [String: Handing] = [
        "map": .elements, "filter": .elements, "single": .elements, "sift": .members, "each": .members,
        "reduce": .fold,
    ]

    private mutating func callWithFunction(
        _ name: String, _ handing: Handing, _ nodes: [Syntax], _ context: Outline, _ first: Outline?
    ) -> Outline {
        var arguments = first.map { [$0] } ?? []
        var body: Syntax?
        for node in nodes {
            if node.kind == .lambda, body == nil {
                body = node
            } else {
                arguments.append(inspect(node, context))
            }
        }
        let list = arguments.first ?? context
        // Lists in lists are handed over as they are.
        var element = list.something.without(.array)
        if list.kinds.contains(.array) { element.formUnion(list.element) }
        let handed: [Outline] =
            switch handing {
            case .elements: [element, Outline(.number), list]
            case .members: [everyMember(of: list).items.something, Outline(.string), list]
            case .fold: [.any, element, Outline(.number), list]
            }
        let given = body.map { lambda($0, context, with: handed) } ?? .any
        switch name {
        case "map", "each": return given.many
        case "filter": return list.many
        case "single": return element
        case "sift": return Outline([.object, .nothing])
        default: return .any
        }
    }
}
