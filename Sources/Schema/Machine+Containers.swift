import Document
import Patterns

/// Keywords on objects and arrays.
extension Machine {
    /// Members in one pass: each name is looked up, its subschema checked, and its bit set if it is required.
    @inline(never)
    mutating func properties(_ rules: UnsafePointer<ObjectRules>, _ node: Node, _ tracking: Tracking) -> Bool {
        var valid = true
        var found: UInt64 = 0
        var position = 0
        let names = rules.pointee.names
        let texts = node.words.fixed.bytes
        for (key, name, value) in node.fixedMembers {
            if let entry = program.names.find(.init(name), in: names) {
                found |= entry.pointee.required
                let schema = entry.pointee.schema
                if schema >= 0 {
                    if let tracking { tracking.pointee.insert(position) }
                    if Listener.isSilent, entry.pointee.glance.takes(value.word, texts) {
                        // No need to call.
                    } else if !checkMember(schema, key, value, isKnown: true) {
                        if Listener.isSilent { return false }
                        valid = false
                    }
                }
            }
            position &+= 1
        }
        if found & rules.pointee.required != rules.pointee.required || !rules.pointee.moreRequired.isEmpty {
            if !required(rules, node, found) { valid = false }
        }
        return valid
    }

    @inline(never)
    mutating func object(_ rules: UnsafePointer<ObjectRules>, _ node: Node, _ tracking: Tracking) -> Bool {
        var valid = true
        if node.count < rules.pointee.minProperties {
            if Listener.isSilent { return false }
            valid = fail(rules.pointee.minPlace, node, "must have at least \(rules.pointee.minProperties) members")
        }
        if node.count > rules.pointee.maxProperties {
            if Listener.isSilent { return false }
            valid = fail(rules.pointee.maxPlace, node, "must have at most \(rules.pointee.maxProperties) members")
        }
        guard rules.pointee.visitsMembers else { return valid }
        var found: UInt64 = 0
        var position = 0
        for (key, value) in node.members {
            var evaluated = false
            if member(rules, key, value, &found, &evaluated) == false {
                if Listener.isSilent { return false }
                valid = false
            }
            if let tracking, evaluated { tracking.pointee.insert(position) }
            position += 1
        }
        if found & rules.pointee.required != rules.pointee.required || !rules.pointee.moreRequired.isEmpty {
            if !required(rules, node, found) { valid = false }
        }
        return valid
    }

    @inline(__always)
    mutating func member(
        _ rules: UnsafePointer<ObjectRules>, _ key: Node, _ value: Node, _ found: inout UInt64, _ evaluated: inout Bool
    ) -> Bool {
        var valid = true
        evaluated = false
        var isKnown = false
        if rules.pointee.names >= 0, let entry = program.names.find(.init(key.utf8), in: rules.pointee.names) {
            found |= entry.pointee.required
            isKnown = true
            if entry.pointee.schema >= 0 {
                evaluated = true
                if entry.pointee.schema != Subschema.always,
                    !checkMember(entry.pointee.schema, key, value, isKnown: true)
                {
                    if Listener.isSilent { return false }
                    valid = false
                }
            }
        }
        if !rules.pointee.patterns.isEmpty {
            for place in rules.pointee.patterns.range {
                let rule = program.patternRules[place]
                guard program.patterns[Int(rule.pattern)].matches(key.utf8) else { continue }
                evaluated = true
                if !checkMember(rule.schema, key, value, isKnown: isKnown) {
                    if Listener.isSilent { return false }
                    valid = false
                }
            }
        }
        if !evaluated, rules.pointee.additional >= 0 {
            evaluated = true
            if !checkMember(rules.pointee.additional, key, value, isKnown: isKnown) {
                if Listener.isSilent { return false }
                valid = false
            }
        }
        if rules.pointee.propertyNames >= 0, !checkMember(rules.pointee.propertyNames, key, key, isKnown: isKnown) {
            if Listener.isSilent { return false }
            valid = false
        }
        return valid
    }

    @inline(__always)
    private mutating func checkMember(_ schema: Int32, _ key: Node, _ value: Node, isKnown: Bool) -> Bool {
        log.enter(key, isKnown: isKnown)
        let valid = check(schema, value, nil)
        log.leave()
        return valid
    }

    private mutating func required(_ rules: UnsafePointer<ObjectRules>, _ node: Node, _ found: UInt64) -> Bool {
        var valid = true
        if found & rules.pointee.required != rules.pointee.required {
            if Listener.isSilent { return false }
            for (bit, name) in rules.pointee.requiredNames.enumerated() where found & (1 << UInt64(bit)) == 0 {
                valid = fail(rules.pointee.requiredPlace, node, "must have the member '\(name)'")
            }
        }
        for place in rules.pointee.moreRequired.range {
            let name = program.constants[place]
            if node[utf8: name.utf8] != nil { continue }
            valid = fail(rules.pointee.requiredPlace, node, "must have the member '\(name.string ?? "")'")
            if Listener.isSilent { return false }
        }
        return valid
    }

    @inline(never)
    mutating func dependent(_ place: UnsafePointer<Instruction>, _ node: Node, _ tracking: Tracking) -> Bool {
        let instruction = place.pointee
        let asking = program.constants[Int(instruction.a)]
        guard node[utf8: asking.utf8] != nil else { return true }
        if instruction.operation == .dependentSchema { return check(instruction.b, node, tracking) }
        let asked = program.constants[Int(instruction.b)]
        if node[utf8: asked.utf8] != nil { return true }
        return fail(
            instruction.place, node, "must have the member '\(asked.string ?? "")' beside '\(asking.string ?? "")'")
    }

    @inline(never)
    mutating func array(_ rules: UnsafePointer<ArrayRules>, _ node: Node, _ tracking: Tracking) -> Bool {
        var valid = true
        if node.count < rules.pointee.minItems {
            if Listener.isSilent { return false }
            valid = fail(rules.pointee.minPlace, node, "must have at least \(rules.pointee.minItems) items")
        }
        if node.count > rules.pointee.maxItems {
            if Listener.isSilent { return false }
            valid = fail(rules.pointee.maxPlace, node, "must have at most \(rules.pointee.maxItems) items")
        }
        if !items(rules, node, tracking) {
            if Listener.isSilent { return false }
            valid = false
        }
        if rules.pointee.contains >= 0, !contains(rules, node, tracking) {
            if Listener.isSilent { return false }
            valid = false
        }
        if rules.pointee.uniqueItems, let twin = node.firstTwin {
            valid = fail(
                rules.pointee.uniquePlace, node, "must not hold a value twice: items \(twin.0) and \(twin.1) are equal")
        }
        return valid
    }

    private mutating func items(_ rules: UnsafePointer<ArrayRules>, _ node: Node, _ tracking: Tracking) -> Bool {
        let prefix = rules.pointee.prefix.range
        let rest = rules.pointee.items
        guard !prefix.isEmpty || rest >= 0 else { return true }
        if Listener.isSilent, prefix.isEmpty, tracking == nil { return itemsFit(rules, node) }
        var valid = true
        var position = 0
        for element in node.elements {
            let schema = position < prefix.count ? program.lists[prefix.lowerBound + position] : rest
            guard schema >= 0 else { break }
            if schema != Subschema.always {
                log.enter(position)
                let fits = check(schema, element, nil)
                log.leave()
                if !fits {
                    if Listener.isSilent { return false }
                    valid = false
                }
            }
            position += 1
        }
        if let tracking { tracking.pointee.insert(upTo: position) }
        return valid
    }

    private mutating func contains(_ rules: UnsafePointer<ArrayRules>, _ node: Node, _ tracking: Tracking) -> Bool {
        var count = 0
        var position = 0
        for element in node.elements {
            if quietly({ $0.check(rules.pointee.contains, element, nil) }, at: position) {
                count += 1
                if let tracking, rules.pointee.containsEvaluates { tracking.pointee.insert(position) }
                // Nobody needs to know how many more.
                if tracking == nil, count >= rules.pointee.minContains, rules.pointee.maxContains == .max {
                    return true
                }
            }
            position += 1
        }
        if count < rules.pointee.minContains {
            let place =
                rules.pointee.minContainsPlace >= 0 ? rules.pointee.minContainsPlace : rules.pointee.containsPlace
            return fail(
                place, node,
                "must have at least \(rules.pointee.minContains) items that fit 'contains', has \(count)")
        }
        if count > rules.pointee.maxContains {
            return fail(
                rules.pointee.maxContainsPlace, node,
                "must have at most \(rules.pointee.maxContains) items that fit 'contains', has \(count)")
        }
        return true
    }

    /// Runs something whose violations are no violations of the document.
    @inline(__always)
    mutating func quietly(_ body: (inout Machine) -> Bool, at position: Int? = nil) -> Bool {
        if Listener.isSilent { return body(&self) }
        var aside = Machine(program: program, log: log.branch(keepingFindings: false))
        if let position { aside.log.enter(position) }
        let valid = body(&aside)
        log.takeMarks(of: aside.log)
        return valid
    }
}
