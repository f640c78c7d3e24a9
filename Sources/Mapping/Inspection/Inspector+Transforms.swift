import Document

extension Inspector {
    // MARK: Transforms

    /// `input ~> |pattern|update, delete|`: the input, with what the pattern finds in it changed.
    mutating func transform(_ node: Syntax, of input: Outline) -> Outline {
        let pattern = node.left!
        let found = inspect(pattern, input).items.something
        let update = inspect(node.right!, found)
        if update.kinds.isDisjoint(with: [.object, .nothing]), !update.kinds.isEmpty {
            report(
                update.isSampled ? .warning : .error, .type,
                "a transform's update must be an object; this is \(update.always): it fails the record",
                at: node.right!)
        }
        let deleted = node.third.map { deletions($0, found) } ?? .none
        // What else a pattern finds may be anywhere in it.
        guard let path = Self.names(pattern) else { return Outline(input.kinds) }
        return changed(input, at: path[...]) { Self.merged($0, update, deleted) }
    }

    /// What a transform takes away.
    private enum Deletions {
        case none
        /// These; `always`: from every object.
        case names(Set<String>, always: Bool)
        /// Whatever a record says.
        case unknown
    }

    private mutating func deletions(_ node: Syntax, _ found: Outline) -> Deletions {
        let names = inspect(node, found)
        let own = names.items.without([.nothing])
        if !own.kinds.isEmpty, own.kinds.isDisjoint(with: .string) {
            report(
                own.isSampled ? .warning : .error, .type,
                "what a transform deletes is named by texts; this is \(own.always): it fails the record", at: node)
        }
        guard own.kinds == .string, !own.isSampled, let values = own.values else {
            return own.kinds.isEmpty ? .none : .unknown
        }
        if found.kinds == .object, !found.isOpen {
            for case .string(let name) in values where found.members[name] == nil {
                reportAbsent(name, found, isRead: false, at: own.constants[.string(name)] ?? node.offset)
            }
        }
        let isFixed = node.kind == .string || node.kind == .array && node.children.allSatisfy { $0.kind == .string }
        return .names(Set(values.compactMap(\.string)), always: isFixed)
    }

    /// The names of a pattern that finds all that is at one place: `$`, `lines`, `a.lines`; nil for any other.
    private static func names(_ pattern: Syntax) -> [String]? {
        guard pattern.predicates.isEmpty, pattern.stages.isEmpty, pattern.groupPairs == nil else { return nil }
        switch pattern.kind {
        case .variable: return pattern.text.isEmpty ? [] : nil
        case .name: return [pattern.text]
        case .path:
            var names: [String] = []
            for step in pattern.children {
                guard step.focusName == nil, step.indexName == nil, let own = Self.names(step) else { return nil }
                names += own
            }
            return names
        default: return nil
        }
    }

    /// A shape with something done to the objects at a place.
    private func changed(_ shape: Outline, at path: ArraySlice<String>, _ change: (Outline) -> Outline) -> Outline {
        var result = shape
        // What may be anything may be a list of anything, and so on.
        if shape.kinds.contains(.array), shape.element.kinds != .any {
            result.element = changed(shape.element, at: path, change)
        }
        guard shape.kinds.contains(.object) else { return result }
        guard let name = path.first else { return change(result) }
        guard let member = shape.members[name] else { return result }
        result.members[name]!.shape = changed(member.shape, at: path.dropFirst(), change)
        return result
    }

    /// An object with the members of another one, and without what is deleted.
    private static func merged(_ shape: Outline, _ update: Outline, _ deleted: Deletions) -> Outline {
        var result = shape
        if update.kinds.contains(.object) {
            let isSure = update.kinds == .object
            for (name, member) in update.members {
                var member = member
                // What the update says nothing of stays as it was.
                if !isSure || member.shape.kinds.contains(.nothing) {
                    let before = shape.members[name]?.shape ?? (shape.isOpen ? .any : .nothing)
                    member.shape = member.shape.something.union(before)
                }
                result.members[name] = member
            }
            result.isOpen = shape.isOpen || update.isOpen
        }
        switch deleted {
        case .none: break
        case .unknown: result.members = result.members.mapValues { .init(shape: $0.shape.orNothing, offset: $0.offset) }
        case .names(let names, let always):
            for name in names {
                guard let member = result.members[name] else { continue }
                if always { result.members[name] = nil } else { result.members[name]!.shape = member.shape.orNothing }
            }
        }
        return result
    }

    // MARK: Looking up

    /// `$lookup(object, name)`: the member of that name, or of any where the name isn't known before.
    mutating func lookedUp(_ arguments: [Outline], _ node: Syntax) -> Outline {
        guard arguments.count == 2 else { return .any }
        let (list, key) = (arguments[0], arguments[1])
        let items = list.items.something
        guard items.kinds == .object, !items.isOpen else { return .any }
        var result = Outline.nothing
        if let names = key.values, key.kinds.isSubset(of: [.string, .nothing]) {
            for case .string(let name) in names {
                if let member = items.members[name] {
                    result.formUnion(member.shape)
                } else if let place = key.constants[.string(name)] {
                    reportAbsent(name, items, at: place)
                }
            }
        } else {
            for member in items.members.values { result.formUnion(member.shape) }
        }
        return list.kinds.contains(.array) ? result.many : result
    }
}
