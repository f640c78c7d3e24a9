import Document
import Patterns

/// What an object's rules come to for objects of one layout: with the names known, each member has its subschema, and
/// nothing else is left to ask.
///
/// Lies in memory as its members, as many as the layout has. Where an object's rules don't come to that there is none, and
/// objects are checked name by name.
struct ObjectPlan {
    struct Member: BitwiseCopyable {
        let glance: Glance
        let schema: Int32
        /// See ``Program/Tables/objectRules(_:)``.
        let objectRules: Int32
    }
}

extension Machine {
    /// The plan for objects of this one's layout; nil when there is none.
    @inline(__always)
    func plan(_ rules: Int32, _ node: Node) -> UnsafeMutableRawPointer? {
        guard let layout = node.layout else { return nil }
        let key = program.planKeys | UInt64(UInt32(truncatingIfNeeded: rules))
        return layout.plan(key) ?? rarePlan(rules, node, layout, key)
    }

    @inline(never)
    private func rarePlan(
        _ rules: Int32, _ node: Node, _ layout: ObjectLayout, _ key: UInt64
    ) -> UnsafeMutableRawPointer? {
        layout.plan(key) { makePlan(program.objects + Int(rules), node, $0) }
    }

    /// Whether the members of an object of the plan's layout fit.
    @inline(never)
    mutating func follows(_ plan: UnsafeMutableRawPointer, _ node: Node) -> Bool {
        let tape = node.words
        let (words, texts) = tape.fixed
        var member = plan.assumingMemoryBound(to: ObjectPlan.Member.self)
        let end = member + node.count
        // Behind the object's head and its first member's name.
        var index = Int(node.position) + 2
        while member < end {
            let word = words[index]
            if !member.pointee.glance.takes(word, texts),
                !fits(member.pointee.schema, member.pointee.objectRules, tape.node(at: index, word: word))
            {
                return false
            }
            let isContainer = word >> 60 &- UInt64(Tag.array.rawValue) < 2
            index = isContainer ? Int(UInt32(truncatingIfNeeded: word)) &+ 1 : index &+ 2
            member += 1
        }
        return true
    }

    /// Whether the items of an array fit a subschema.
    @inline(never)
    mutating func itemsFit(_ rules: UnsafePointer<ArrayRules>, _ node: Node) -> Bool {
        let schema = rules.pointee.items
        if schema == Subschema.always { return true }
        let objectRules = program.objectRules(schema)
        let tape = node.words
        let (words, texts) = tape.fixed
        var index = Int(node.position) + 1
        for _ in 0..<node.count {
            let word = words[index]
            if !rules.pointee.glance.takes(word, texts),
                !fits(schema, objectRules, tape.node(at: index, word: word))
            {
                return false
            }
            let isContainer = word >> 60 &- UInt64(Tag.array.rawValue) < 2
            index = isContainer ? Int(UInt32(truncatingIfNeeded: word)) : index &+ 1
        }
        return true
    }

    /// Whether a value fits a subschema: the short way for an object of a layout that has a plan.
    @inline(__always)
    mutating func fits(_ schema: Int32, _ objectRules: Int32, _ node: Node) -> Bool {
        if objectRules >= 0, let plan = plan(objectRules, node) { return follows(plan, node) }
        return check(schema, node, nil)
    }

    private func makePlan(
        _ rules: UnsafePointer<ObjectRules>, _ node: Node, _ layout: ObjectLayout
    ) -> UnsafeMutableRawPointer? {
        guard rules.pointee.minProperties <= layout.count, layout.count <= rules.pointee.maxProperties,
            rules.pointee.moreRequired.isEmpty
        else { return nil }
        var found: UInt64 = 0
        var members: [ObjectPlan.Member] = []
        for (key, name, _) in node.fixedMembers {
            let (member, required) = planned(rules, key, name)
            guard let member else { return nil }
            members.append(member)
            found |= required
        }
        guard found & rules.pointee.required == rules.pointee.required else { return nil }
        let plan = UnsafeMutableRawPointer.allocate(
            byteCount: members.count * MemoryLayout<ObjectPlan.Member>.stride,
            alignment: MemoryLayout<ObjectPlan.Member>.alignment)
        plan.initializeMemory(as: ObjectPlan.Member.self, from: members, count: members.count)
        return plan
    }

    /// What there is to check on a member of that name; nil when it isn't one subschema. Then its bit among the required.
    private func planned(
        _ rules: UnsafePointer<ObjectRules>, _ key: Node, _ name: UnsafeBufferPointer<UInt8>
    ) -> (ObjectPlan.Member?, required: UInt64) {
        var machine = Machine<Silence>(program: program, log: Silence())
        if rules.pointee.propertyNames >= 0, !machine.check(rules.pointee.propertyNames, key, nil) { return (nil, 0) }
        var schemas: [(number: Int32, glance: Glance)] = []
        var required: UInt64 = 0
        if rules.pointee.names >= 0, let slot = program.names.find(.init(name), in: rules.pointee.names) {
            required = slot.pointee.required
            if slot.pointee.schema >= 0 { schemas.append((slot.pointee.schema, slot.pointee.glance)) }
        }
        for place in rules.pointee.patterns.range {
            let rule = program.patternRules[place]
            guard program.patterns[Int(rule.pattern)].matches(name) else { continue }
            schemas.append((rule.schema, Glance()))
        }
        if schemas.isEmpty {
            let rest = rules.pointee.additional
            return (member(max(rest, Subschema.always), rest > 0 ? Glance() : .all), required)
        }
        return (schemas.count == 1 ? member(schemas[0].number, schemas[0].glance) : nil, required)
    }

    private func member(_ schema: Int32, _ glance: Glance) -> ObjectPlan.Member {
        .init(glance: glance, schema: schema, objectRules: program.objectRules(schema))
    }
}

extension Program.Tables {
    /// The rules that say all there is to say about objects in a subschema; -1 when there is more, or they may not be there.
    func objectRules(_ schema: Int32) -> Int32 {
        guard schema > 0 else { return -1 }
        let subschema = subschemas[Int(schema)]
        let span = spans[Int(schema) * 8 + Int(Tag.object.rawValue)]
        guard subschema.kinds.contains(.object), !subschema.tracks, span.range.count == 1 else { return -1 }
        let only = instructions[Int(span.start)]
        return only.operation == .object || only.operation == .properties ? only.a : -1
    }
}
