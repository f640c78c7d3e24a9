import Document

extension Inspector {
    // MARK: Names

    /// The member of a name, of all items of a context.
    mutating func member(_ node: Syntax, of context: Outline) -> Outline {
        let items = context.items
        var result = Outline.never
        if items.kinds.contains(.object) {
            if let known = items.members[node.text] {
                result = known.shape
            } else if items.isOpen {
                result = .any
            } else {
                result = .nothing
                reportAbsent(node.text, items, at: node.offset)
            }
        }
        if items.kinds != .object { result.formUnion(.nothing) }
        return context.kinds.contains(.array) ? result.many : result
    }

    /// A name that none of some objects has.
    mutating func reportAbsent(_ name: String, _ items: Outline, isRead: Bool = true, at offset: Int) {
        let quotes: Set<Character> = ["“", "”", "„", "‘", "’", "«", "»"]
        let meant =
            name.contains { quotes.contains($0) }
            ? "; a text stands between straight quotes, \"…\""
            : name.meant(among: items.members.keys.sorted()).map { "; did you mean \"\($0)\"?" } ?? ""
        report(
            .warning, .absent,
            items.isSampled
                ? "no fixture has \"\(name)\" here\(meant)"
                : "there is no \"\(name)\" here\(meant)",
            absent: items.isSampled && isRead ? name : nil, at: offset)
    }

    func everyMember(of context: Outline) -> Outline {
        let items = context.items
        guard items.kinds.isSubset(of: [.object, .nothing, .null, .boolean, .number, .string]), !items.isOpen else {
            return .any
        }
        return items.members.values.reduce(into: Outline.nothing) { $0.formUnion($1.shape.items) }.many
    }

    // MARK: Paths

    mutating func path(_ node: Syntax, _ context: Outline) -> Outline {
        scoped { inspector in
            var current = context
            var seen = context
            for (place, step) in node.children.enumerated() {
                let before = current
                // Where a step gives nothing, the next one isn't evaluated.
                current = inspector.maybe(place > 0 && current.kinds.contains(.nothing)) {
                    $0.step(step, before, isFirst: place == 0)
                }
                for stage in step.stages { current = inspector.stage(stage, current) }
                if let name = step.indexName { inspector.bind(name, Outline(.number)) }
                if let name = step.focusName {
                    // The step's value goes to the variable; the path goes on from where it was.
                    inspector.bind(name, current.items.something)
                    current = seen.many
                } else {
                    seen = before
                }
            }
            if let pairs = node.groupPairs { current = inspector.group(pairs, current, at: node.groupOffset) }
            return current
        }
    }

    private mutating func step(_ step: Syntax, _ context: Outline, isFirst: Bool) -> Outline {
        switch step.kind {
        case .name: return member(step, of: context)
        case .sort: return inspect(step, context)
        default: break
        }
        // A path that begins with a variable, a constructor or a call takes its input whole.
        if isFirst || !context.kinds.contains(.array) { return inspect(step, isFirst ? context : context.something) }
        let result = inspect(step, context.items.something)
        return step.kind == .array && step.constructsArray ? Outline(arrayOf: result) : result.many
    }

    /// What a filter leaves.
    mutating func stage(_ stage: Syntax.Stage, _ shape: Outline) -> Outline {
        switch stage {
        case .index(let name):
            bind(name, Outline(.number))
            return shape
        case .filter(let predicate):
            let items = shape.items
            let isPlace = predicate.kind == .number || (predicate.kind == .negate && predicate.left?.kind == .number)
            if !isPlace { _ = maybe(shape.kinds.contains(.nothing)) { $0.inspect(predicate, items.something) } }
            return isPlace ? items.orNothing : shape.many
        }
    }
}
