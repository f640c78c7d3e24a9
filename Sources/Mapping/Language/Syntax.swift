import Document

/// A node of the syntax tree. The parser makes it; ``Shaper`` turns it from what was written into what is meant
/// (paths with steps, resolved parents); the compiler reads it and then it is gone.
final class Syntax {
    enum Kind {
        // As parsed, gone after shaping.
        case dot, predicate, group, orderBy, focus, index
        // Both before and after.
        case name, string, number, literal, wildcard, descendant, parent, variable, regex, placeholder, end
        case binary, negate, array, object, condition, elvis, coalesce, block, bind, call, partial, lambda, apply
        case transform
        // Shaped only.
        case path, sort
    }

    /// A filter, or the binding of a position, that follows a step.
    enum Stage {
        case filter(Syntax)
        case index(String)
    }

    /// A `%`: which step's input it means. Several of them may share a label.
    final class Slot {
        var label: Int
        var level = 1
        init(label: Int) { self.label = label }
    }

    var kind: Kind
    let offset: Int
    /// Name, string, variable, operator or regular expression.
    var text = ""
    /// Flags of a regular expression; the signature of a lambda.
    var extra = ""
    var number = Number(0)
    /// A literal's value: true, false or null.
    var truth: Bool?
    /// Arguments, elements, statements, steps, or an object's keys and values in turn.
    var children: [Syntax] = []
    /// A procedure, condition, left side or body.
    var left: Syntax?
    var right: Syntax?
    var third: Syntax?
    /// How many levels it has.
    var height = 1
    /// For each child of an order-by: whether it descends.
    var descending: [Bool] = []

    // What shaping adds.
    var predicates: [Stage] = []
    var stages: [Stage] = []
    var groupPairs: [Syntax]?
    var groupOffset = 0
    var keepsArray = false
    var constructsArray = false
    var keepsSingleton = false
    var isTuple = false
    var focusName: String?
    var indexName: String?
    var ancestor: Slot?
    var slot: Slot?
    var seekingParent: [Slot] = []

    init(_ kind: Kind, at offset: Int) {
        self.kind = kind
        self.offset = offset
    }
}

extension Syntax {
    /// The names that are bound anywhere in it: by `:=`, as a function's parameters, by `@` and `#`.
    var boundNames: Set<String> {
        var names: Set<String> = []
        var pending = [self]
        while let node = pending.popLast() {
            if node.kind == .bind { names.insert(node.left!.text) }
            if node.kind == .lambda { names.formUnion(node.children.map(\.text)) }
            names.formUnion([node.focusName, node.indexName].compactMap(\.self))
            for stage in node.stages + node.predicates {
                switch stage {
                case .index(let name): names.insert(name)
                case .filter(let predicate): pending.append(predicate)
                }
            }
            pending += node.children + (node.groupPairs ?? [])
            pending += [node.left, node.right, node.third].compactMap(\.self)
        }
        return names
    }
}
