import Document

/// Keywords that combine schemas. References and `allOf` are followed before.
extension Prover {
    mutating func combinations(_ written: Conjunction, _ asked: Part, _ around: Surroundings) -> [Suspicion] {
        anyOf(written, asked, around) + oneOf(written, asked, around) + not(written, asked, around)
            + conditional(written, asked, around) + dependentSchemas(written, asked, around)
    }

    /// Whether one of the writer's schemas has the keyword too, with the same schemas below it.
    private func isShared(_ keyword: String, _ asked: Part, _ written: Conjunction) -> Bool {
        let own = asked.list(keyword)
        return written.parts.contains { part in
            let others = part.list(keyword)
            return !own.isEmpty && others.count == own.count
                && zip(own, others).allSatisfy { Sameness.holds($0, $1) }
        }
    }

    private mutating func anyOf(_ written: Conjunction, _ asked: Part, _ around: Surroundings) -> [Suspicion] {
        let list = asked.list("anyOf")
        guard !list.isEmpty, !isShared("anyOf", asked, written) else { return [] }
        if list.contains(where: { isProved(written, $0) }) { return [] }
        let cause = "\(theReader) has alternatives (anyOf); \(theWriter) may fit none of them"
        return [suspicion(asked, "anyOf", cause, written, around, values: strays(written, list))]
    }

    private mutating func oneOf(_ written: Conjunction, _ asked: Part, _ around: Surroundings) -> [Suspicion] {
        let list = asked.list("oneOf")
        guard !list.isEmpty, !isShared("oneOf", asked, written) else { return [] }
        for (place, branch) in list.enumerated() where isProved(written, branch) {
            let others = list.indices.filter { $0 != place }.map { list[$0] }
            if others.allSatisfy({ areDisjoint(written.with(branch), Conjunction([$0])) }) { return [] }
        }
        let cause = "\(theReader) has alternatives (oneOf); \(theWriter) may fit none of them, or several"
        return [suspicion(asked, "oneOf", cause, written, around, values: strays(written, list))]
    }

    private mutating func not(_ written: Conjunction, _ asked: Part, _ around: Surroundings) -> [Suspicion] {
        guard asked.value("not") != nil, let refused = asked.below("not") else { return [] }
        let isShared = written.parts.contains { part in
            part.value("not") != nil && part.below("not").map { Sameness.holds($0, refused) } ?? false
        }
        if isShared || areDisjoint(written, Conjunction([refused])) { return [] }
        let cause = "\(theReader) refuses what fits 'not'; \(theWriter) may fit it"
        let samples = [Sampler.Form.minimal, .full].map { sampler.value(written.with(refused), $0) }
        return [suspicion(asked, "not", cause, written, around, values: samples)]
    }

    private mutating func conditional(_ written: Conjunction, _ asked: Part, _ around: Surroundings) -> [Suspicion] {
        guard asked.value("if") != nil, let condition = asked.below("if") else { return [] }
        let never = areDisjoint(written, Conjunction([condition]))
        let always = isProved(written, condition)
        var found: [Suspicion] = []
        if !never, asked.value("then") != nil, let then = asked.below("then") {
            found += prove(written.with(condition), then, around)
        }
        if !always, asked.value("else") != nil, let otherwise = asked.below("else") {
            found += prove(written, otherwise, around)
        }
        return found
    }

    private mutating func dependentSchemas(
        _ written: Conjunction, _ asked: Part, _ around: Surroundings
    ) -> [Suspicion] {
        guard Types(written).kinds.contains(.object) else { return [] }
        let members = Members(written)
        var found: [Suspicion] = []
        for keyword in ["dependentSchemas", "dependencies"] {
            for (name, schema) in asked.named(keyword) where schema.schema.array == nil && members.mayHold(name) {
                let isShared = written.parts.contains { part in
                    part.value(keyword) != nil && part.below(keyword, name).map { Sameness.holds($0, schema) } ?? false
                }
                if isShared { continue }
                let holding = asked.saying(
                    ["required": [.string(name)], "type": "object"], note: "with \(name)")
                found += prove(written.with(holding), schema, around)
            }
        }
        return found
    }

    /// Values of the writer that may fit none of the alternatives.
    private mutating func strays(_ written: Conjunction, _ list: [Part]) -> [JSON] {
        var samples: [JSON] = []
        for _ in 0..<8 {
            let value = sampler.value(written, .random)
            if list.filter({ accepts($0, value) }).count != 1 { samples.append(value) }
        }
        return samples
    }

    // MARK: Nothing in common

    /// Whether it is certain that no value fits both: different types, or a field that must be there with other values.
    func areDisjoint(_ a: Conjunction, _ b: Conjunction) -> Bool {
        // Schemas that hold themselves are looked into so far; what isn't certain by then isn't certain.
        var steps = 64
        return areDisjoint(a, b, steps: &steps)
    }

    private func areDisjoint(_ a: Conjunction, _ b: Conjunction, steps: inout Int) -> Bool {
        steps -= 1
        guard steps >= 0 else { return false }
        if a.isNever || b.isNever { return true }
        let one = Types(a)
        let other = Types(b)
        let common = one.kinds.intersection(other.kinds)
        if common.isEmpty { return true }
        var copy = self
        if let values = copy.finite(a) ?? copy.finite(b) {
            return !values.contains { value in
                a.parts.allSatisfy { copy.accepts($0, value) } && b.parts.allSatisfy { copy.accepts($0, value) }
            }
        }
        guard common == .object else { return false }
        let left = Members(a)
        let right = Members(b)
        // A field that one requires and the other refuses, or has other values for. Unnamed fields count as possible
        // here: they might be written for another reason.
        for name in left.required.union(right.required).sorted() {
            let isRequiredByBoth = left.required.contains(name) && right.required.contains(name)
            let here = left.schema(of: name)
            let there = right.schema(of: name)
            if here.isNever || there.isNever { return true }
            // Of one that only one side requires, the other one's words count all the same: it is there.
            guard isRequiredByBoth || !here.parts.isEmpty && !there.parts.isEmpty else { continue }
            if areDisjoint(here, there, steps: &steps) { return true }
        }
        return false
    }
}
