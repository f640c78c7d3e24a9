/// Turns what was written into what is meant: dots become paths with steps, brackets become the steps' stages, and each
/// `%` finds the step whose input it means.
///
/// Follows the reference's post-processing, so that its corner cases stay the same.
struct Shaper {
    let source: SourceText
    private var slots: [Syntax.Slot] = []

    init(_ source: SourceText) { self.source = source }

    /// Shapes a whole mapping.
    mutating func shape(tree: Syntax) throws(MappingError) -> Syntax {
        let result = try shape(tree)
        if result.kind == .parent || !result.seekingParent.isEmpty { throw noParent(result) }
        return result
    }

    private func noParent(_ node: Syntax) -> MappingError {
        source.error("S0217", "% has no parent here: it is not behind a step of a path", at: node.offset, token: "%")
    }

    private mutating func shape(_ node: Syntax) throws(MappingError) -> Syntax {
        let result: Syntax
        switch node.kind {
        case .dot: result = try dot(node)
        case .predicate: result = try predicate(node)
        case .group: result = try group(node)
        case .orderBy: result = try orderBy(node)
        case .focus: result = try focus(node)
        case .index: result = try index(node)
        case .name: result = name(node)
        case .parent:
            node.slot = Syntax.Slot(label: slots.count)
            slots.append(node.slot!)
            result = node
        case .lambda:
            node.left = try shape(node.left!)
            result = node
        case .transform:
            node.left = try shape(node.left!)
            node.right = try shape(node.right!)
            node.third = try node.third.map { (third) throws(MappingError) in try shape(third) }
            result = node
        case .apply:
            node.left = try shape(node.left!)
            node.right = try shape(node.right!)
            if node.left!.keepsArray || node.right!.keepsArray { node.keepsArray = true }
            result = node
        case .end: throw source.error("S0207", "the mapping ends too early", at: node.offset)
        default: result = try general(node)
        }
        if node.keepsArray { result.keepsArray = true }
        return result
    }

    /// Shapes the parts, and hands on which parents they seek.
    private mutating func general(_ node: Syntax) throws(MappingError) -> Syntax {
        for place in node.children.indices {
            node.children[place] = try shape(node.children[place])
            pushAncestry(node, node.children[place])
        }
        if node.kind == .block {
            node.constructsArray = node.children.contains {
                $0.constructsArray || ($0.kind == .path && $0.children[0].constructsArray)
            }
        }
        if let left = node.left {
            node.left = try shape(left)
            // A procedure's parents are its own affair.
            if node.kind != .call, node.kind != .partial { pushAncestry(node, node.left!) }
        }
        if let right = node.right {
            node.right = try shape(right)
            pushAncestry(node, node.right!)
        }
        if let third = node.third {
            node.third = try shape(third)
            pushAncestry(node, node.third!)
        }
        if node.kind == .negate, node.left!.kind == .number {
            let number = node.left!
            number.number = number.number.negated
            return number
        }
        return node
    }

    private func path(of steps: [Syntax], at offset: Int) -> Syntax {
        let path = Syntax(.path, at: offset)
        path.children = steps
        return path
    }

    private func name(_ node: Syntax) -> Syntax {
        let result = path(of: [node], at: node.offset)
        if node.keepsArray { result.keepsSingleton = true }
        return result
    }

    private mutating func dot(_ node: Syntax) throws(MappingError) -> Syntax {
        let left = try shape(node.left!)
        let result = left.kind == .path ? left : path(of: [left], at: left.offset)
        if left.kind == .parent { result.seekingParent = [left.slot!] }
        let rest = try shape(node.right!)
        if rest.kind == .path {
            result.children += rest.children
        } else {
            if !rest.predicates.isEmpty {
                rest.stages = rest.predicates
                rest.predicates = []
            }
            result.children.append(rest)
        }
        for step in result.children {
            if step.kind == .number || step.kind == .literal {
                throw source.error(
                    "S0213", "a number, true, false or null cannot be a step of a path", at: step.offset)
            }
            if step.kind == .string { step.kind = .name }
        }
        if result.children.contains(where: \.keepsArray) { result.keepsSingleton = true }
        if result.children[0].kind == .array { result.children[0].constructsArray = true }
        if result.children.last!.kind == .array { result.children.last!.constructsArray = true }
        try resolveAncestry(result)
        return result
    }

    private mutating func predicate(_ node: Syntax) throws(MappingError) -> Syntax {
        let result = try shape(node.left!)
        let step = result.kind == .path ? result.children.last! : result
        guard step.groupPairs == nil else {
            throw source.error("S0209", "a predicate cannot follow a grouping in a step", at: node.offset)
        }
        let predicate = try shape(node.right!)
        if !predicate.seekingParent.isEmpty {
            for slot in predicate.seekingParent {
                if slot.level == 1 { _ = try seekParent(step, slot) } else { slot.level -= 1 }
            }
            pushAncestry(step, predicate)
        }
        if result.kind == .path {
            step.stages.append(.filter(predicate))
        } else {
            step.predicates.append(.filter(predicate))
        }
        return result
    }

    private mutating func group(_ node: Syntax) throws(MappingError) -> Syntax {
        let result = try shape(node.left!)
        guard result.groupPairs == nil else {
            throw source.error("S0210", "a step can have one grouping only", at: node.offset)
        }
        var pairs: [Syntax] = []
        for part in node.children { pairs.append(try shape(part)) }
        result.groupPairs = pairs
        result.groupOffset = node.offset
        return result
    }

    private mutating func orderBy(_ node: Syntax) throws(MappingError) -> Syntax {
        let left = try shape(node.left!)
        let result = left.kind == .path ? left : path(of: [left], at: left.offset)
        let sort = Syntax(.sort, at: node.offset)
        sort.descending = node.descending
        for term in node.children {
            let expression = try shape(term)
            pushAncestry(sort, expression)
            sort.children.append(expression)
        }
        result.children.append(sort)
        try resolveAncestry(result)
        return result
    }

    private mutating func focus(_ node: Syntax) throws(MappingError) -> Syntax {
        let result = try shape(node.left!)
        let step = result.kind == .path ? result.children.last! : result
        guard step.stages.isEmpty, step.predicates.isEmpty else {
            throw source.error("S0215", "@ must come before the predicates of its step", at: node.offset)
        }
        guard step.kind != .sort else {
            throw source.error("S0216", "@ must come before the order-by of its step", at: node.offset)
        }
        if node.keepsArray { step.keepsArray = true }
        step.focusName = node.right!.text
        step.isTuple = true
        return result
    }

    private mutating func index(_ node: Syntax) throws(MappingError) -> Syntax {
        var result = try shape(node.left!)
        let step: Syntax
        if result.kind == .path {
            step = result.children.last!
        } else {
            step = result
            result = path(of: [step], at: step.offset)
            step.stages = step.predicates
            step.predicates = []
        }
        if step.stages.isEmpty {
            step.indexName = node.right!.text
        } else {
            step.stages.append(.index(node.right!.text))
        }
        step.isTuple = true
        return result
    }

    // MARK: Parents

    private func pushAncestry(_ result: Syntax, _ value: Syntax) {
        var slots = value.seekingParent
        if value.kind == .parent { slots.append(value.slot!) }
        result.seekingParent += slots
    }

    /// Finds in a step the input that a slot means; what is left to climb is the slot's level.
    private func seekParent(_ node: Syntax, _ slot: Syntax.Slot) throws(MappingError) -> Syntax.Slot {
        var slot = slot
        switch node.kind {
        case .name, .wildcard:
            slot.level -= 1
            if slot.level == 0 {
                if let known = node.ancestor { slot.label = known.label }
                node.ancestor = slot
                node.isTuple = true
            }
        case .parent: slot.level += 1
        case .block:
            if let last = node.children.last {
                node.isTuple = true
                slot = try seekParent(last, slot)
            }
        case .path:
            node.isTuple = true
            var index = node.children.count - 1
            slot = try seekParent(node.children[index], slot)
            index -= 1
            while slot.level > 0, index >= 0 {
                slot = try seekParent(node.children[index], slot)
                index -= 1
            }
        default: throw noParent(node)
        }
        return slot
    }

    private func resolveAncestry(_ path: Syntax) throws(MappingError) {
        let last = path.children.last!
        var slots = last.seekingParent
        if last.kind == .parent { slots.append(last.slot!) }
        for first in slots {
            var slot = first
            var index = path.children.count - 2
            while slot.level > 0 {
                if index < 0 {
                    path.seekingParent.append(slot)
                    break
                }
                var step = path.children[index]
                index -= 1
                // Neighbouring steps that bind a focus have the same input: they count as one.
                while index >= 0, step.focusName != nil, path.children[index].focusName != nil {
                    step = path.children[index]
                    index -= 1
                }
                slot = try seekParent(step, slot)
            }
        }
    }
}
