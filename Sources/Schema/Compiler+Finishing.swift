import Document

/// What is done when all subschemas are compiled.
extension Compiler {
    /// Refuses schemas that apply themselves to the same value again: validation would never end.
    mutating func findEndlessReferences() {
        enum Mark { case open, closed }
        var marks: [Int32: Mark] = [:]
        for start in draft.subschemas.indices where marks[Int32(start)] == nil {
            var stack: [(schema: Int32, next: [Int32], places: [Int32])] = []
            func push(_ schema: Int32) {
                marks[schema] = .open
                let edges = applied(by: schema)
                stack.append((schema, edges.map(\.schema), edges.map(\.place)))
            }
            push(Int32(start))
            while let top = stack.last {
                guard let next = top.next.last, let place = top.places.last else {
                    marks[top.schema] = .closed
                    stack.removeLast()
                    continue
                }
                stack[stack.count - 1].next.removeLast()
                stack[stack.count - 1].places.removeLast()
                switch marks[next] {
                case .closed?: break
                case nil: push(next)
                case .open?:
                    let keyword = draft.places[Int(place)]
                    problems.append(
                        .init(
                            file: keyword.file, pointer: keyword.pointer,
                            message: "the schema applies itself to the same value without end: refer to it from a "
                                + "property or an item"))
                    marks[next] = .closed
                }
            }
        }
    }

    /// The subschemas that a subschema applies to the value it is given itself.
    private func applied(by schema: Int32) -> [(schema: Int32, place: Int32)] {
        var edges: [(schema: Int32, place: Int32)] = []
        // Those for every kind are among the object's.
        let span = draft.spans[Int(schema) * 8 + Int(Tag.object.rawValue)]
        for instruction in draft.instructions[span.range] {
            switch instruction.operation {
            case .apply, .not: edges.append((instruction.a, instruction.place))
            case .dependentSchema: edges.append((instruction.b, instruction.place))
            case .anyOf, .oneOf:
                for branch in draft.lists[Int(instruction.a)..<Int(instruction.b)] {
                    edges.append((branch, instruction.place))
                }
            case .conditional:
                edges += [instruction.a, instruction.b, instruction.c].map { ($0, instruction.place) }
            default: break
            }
        }
        return edges
    }

    /// Leaves out what does nothing: subschemas that accept everything, and those that only refer to another one.
    mutating func simplify(_ root: Int32) -> Int32 {
        let instructions = draft.instructions
        let subschemas = draft.subschemas
        let spans = draft.spans
        func target(_ number: Int32) -> Int32 {
            var number = number
            while number > 0 {
                let subschema = subschemas[Int(number)]
                if subschema.isTrivial { return Subschema.always }
                // Every kind has the same single instruction: the schema is nothing but a reference.
                let own = spans[Int(number) * 8..<Int(number) * 8 + Subschema.unevaluated].map(\.range)
                guard subschema.kinds == .all, !subschema.wholeNumbers, !subschema.isPersonal, !subschema.tracks,
                    own.allSatisfy({ $0.count == 1 }), case let only = instructions[own[0].lowerBound],
                    only.operation == .apply
                else { break }
                number = only.a
            }
            return number
        }
        for place in draft.instructions.indices {
            switch draft.instructions[place].operation {
            case .apply, .not, .unevaluatedItems, .unevaluatedProperties:
                draft.instructions[place].a = target(draft.instructions[place].a)
            case .dependentSchema: draft.instructions[place].b = target(draft.instructions[place].b)
            case .conditional:
                draft.instructions[place].a = target(draft.instructions[place].a)
                draft.instructions[place].b = target(draft.instructions[place].b)
                draft.instructions[place].c = target(draft.instructions[place].c)
            default: break
            }
        }
        for place in draft.lists.indices { draft.lists[place] = target(draft.lists[place]) }
        for place in draft.patternRules.indices {
            draft.patternRules[place].schema = target(draft.patternRules[place].schema)
        }
        for place in draft.objects.indices {
            draft.objects[place].additional = target(draft.objects[place].additional)
            draft.objects[place].propertyNames = target(draft.objects[place].propertyNames)
        }
        for place in draft.arrays.indices {
            draft.arrays[place].items = target(draft.arrays[place].items)
            draft.arrays[place].contains = target(draft.arrays[place].contains)
        }
        let simplified = draft
        draft.names.mapSchemas(target) { Glance($0, simplified) }
        for place in draft.arrays.indices where draft.arrays[place].items > 0 {
            draft.arrays[place].glance = Glance(draft.arrays[place].items, simplified)
        }
        return target(root)
    }
}
