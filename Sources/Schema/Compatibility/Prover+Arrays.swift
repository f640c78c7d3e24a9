import Document

/// Keywords on arrays.
extension Prover {
    mutating func arrays(
        _ written: Conjunction, _ types: Types, _ asked: Part, _ around: Surroundings
    ) -> [Suspicion] {
        guard types.kinds.contains(.array) else { return [] }
        let written = written.with(asked.only(type: "array"))
        return counts(written, asked, around) + items(written, asked, around) + contained(written, asked, around)
            + unevaluatedItems(written, asked, around)
    }

    private mutating func counts(_ written: Conjunction, _ asked: Part, _ around: Surroundings) -> [Suspicion] {
        var found: [Suspicion] = []
        if let wanted = asked.value("minItems")?.integer, written.least("minItems") < wanted {
            let cause = "\(theReader) wants \(wanted) items or more; \(theWriter) may hold fewer"
            found.append(suspicion(asked, "minItems", cause, written, around))
        }
        if let wanted = asked.value("maxItems")?.integer, written.most("maxItems") > wanted {
            let cause = "\(theReader) wants \(wanted) items or fewer; \(theWriter) may hold more"
            let samples = [sampler.array(written, count: min(wanted + 1, 200))]
            found.append(suspicion(asked, "maxItems", cause, written, around, values: samples))
        }
        if asked.value("uniqueItems") == .bool(true), !written.values("uniqueItems").contains(.bool(true)),
            written.most("maxItems") > 1
        {
            let cause = "\(theReader) wants items that differ; \(theWriter) may hold one twice"
            let item = sampler.value(Self.item(written, at: 0), .minimal)
            let samples = [
                JSON.array([item, item]), .array(Array(repeating: item, count: max(written.least("minItems"), 2))),
            ]
            found.append(suspicion(asked, "uniqueItems", cause, written, around, values: samples))
        }
        return found
    }

    /// What the writer says of the item at a position.
    private static func item(_ written: Conjunction, at position: Int) -> Conjunction {
        var conjunction = Conjunction()
        for part in written.parts {
            let items = part.items
            if let own = position < items.prefix.count ? items.prefix[position] : items.rest { conjunction.add(own) }
        }
        return conjunction
    }

    private static func prefixCount(_ written: Conjunction) -> Int {
        written.parts.map(\.items.prefix.count).max() ?? 0
    }

    private mutating func items(_ written: Conjunction, _ asked: Part, _ around: Surroundings) -> [Suspicion] {
        let wanted = asked.items
        guard !wanted.prefix.isEmpty || wanted.rest != nil else { return [] }
        var found: [Suspicion] = []
        let most = written.most("maxItems")
        let listed = max(Self.prefixCount(written), wanted.prefix.count)
        for position in 0..<min(listed, most) {
            guard let target = position < wanted.prefix.count ? wanted.prefix[position] : wanted.rest else { break }
            let token = wanted.prefix.isEmpty ? "*" : String(position)
            found += prove(Self.item(written, at: position), target, around.item(token, position, written, &sampler))
        }
        if most > listed, let target = wanted.rest {
            found += prove(Self.item(written, at: listed), target, around.item("*", listed, written, &sampler))
        }
        return found
    }

    private mutating func contained(_ written: Conjunction, _ asked: Part, _ around: Surroundings) -> [Suspicion] {
        guard asked.value("contains") != nil, let target = asked.below("contains") else { return [] }
        let least = asked.value("minContains")?.integer ?? 1
        let most = asked.value("maxContains")?.integer ?? Int.max
        var given = 0
        var bounded = written.most("maxItems")
        for part in written.parts where part.value("contains") != nil {
            guard let own = part.below("contains"), Sameness.holds(own, target) else { continue }
            given = max(given, part.value("minContains")?.integer ?? 1)
            bounded = min(bounded, part.value("maxContains")?.integer ?? .max)
        }
        // Where every item fits, there are as many as there are items.
        if given < least, Self.prefixCount(written) == 0, isProved(Self.item(written, at: 0), target) {
            given = max(given, written.least("minItems"))
        }
        var found: [Suspicion] = []
        if given < least {
            let cause = "\(theReader) wants \(least) or more items that fit 'contains'; \(theWriter) may hold fewer"
            let keyword = asked.value("minContains") == nil ? "contains" : "minContains"
            found.append(suspicion(asked, keyword, cause, written, around, values: [[]]))
        }
        if bounded > most {
            let cause = "\(theReader) wants \(most) or fewer items that fit 'contains'; \(theWriter) may hold more"
            let item = sampler.value(Conjunction([target]), .minimal)
            let samples = [JSON.array(Array(repeating: item, count: most + 1))]
            found.append(suspicion(asked, "maxContains", cause, written, around, values: samples))
        }
        return found
    }

    /// `unevaluatedItems`: what `items` and `prefixItems` of the schema and those it refers to say is evaluated.
    private mutating func unevaluatedItems(
        _ written: Conjunction, _ asked: Part, _ around: Surroundings
    ) -> [Suspicion] {
        guard let rest = asked.value("unevaluatedItems"), rest != .bool(true),
            let target = asked.below("unevaluatedItems")
        else { return [] }
        let evaluating = Conjunction([asked]).parts.map(\.items)
        if evaluating.contains(where: { $0.rest != nil }) { return [] }
        let evaluated = evaluating.map(\.prefix.count).max() ?? 0
        guard written.most("maxItems") > evaluated else { return [] }
        var found: [Suspicion] = []
        for position in evaluated...max(Self.prefixCount(written), evaluated) where written.most("maxItems") > position
        {
            let inside = around.item("*", position, written, &sampler)
            found += prove(Self.item(written, at: position), target, inside)
        }
        return found
    }
}

extension Surroundings {
    /// What is around the item at a position: an array long enough.
    func item(_ token: String, _ position: Int, _ written: Conjunction, _ sampler: inout Sampler) -> Surroundings {
        let array = sampler.array(written, count: position + 1).array ?? []
        return below(token) { value in
            guard position < array.count else { return [] }
            var array = array
            array[position] = value
            return [.array(array)]
        }
    }
}
