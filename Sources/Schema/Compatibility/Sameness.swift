import Document

/// Whether two schemas say the same, though they may stand in different versions.
enum Sameness {
    static func holds(_ a: Part, _ b: Part) -> Bool {
        var budget = 2_000
        var assumed: Set<String> = []
        return holds(a, b, &assumed, &budget)
    }

    private static func holds(_ a: Part, _ b: Part, _ assumed: inout Set<String>, _ budget: inout Int) -> Bool {
        if a.key == b.key { return true }
        guard a.note.isEmpty, b.note.isEmpty, a.draft == b.draft else { return false }
        budget -= 1
        guard budget > 0 else { return false }
        guard case .object(let left) = a.schema, case .object(let right) = b.schema else { return a.schema == b.schema }
        guard assumed.insert("\(a.key)=\(b.key)").inserted else { return true }
        let names = Set(left.map(\.key)).union(right.map(\.key)).filter { Keywords.any.contains($0) }
        return names.subtracting(silent).allSatisfy { same($0, a, b, &assumed, &budget) }
    }

    /// Keywords that say nothing about values.
    static let silent: Set<String> = [
        "$schema", "$id", "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$vocabulary", "$comment", "$defs",
        "definitions", "title", "description", "default", "deprecated", "readOnly", "writeOnly", "examples",
        "contentSchema",
    ]

    private static func same(
        _ keyword: String, _ a: Part, _ b: Part, _ assumed: inout Set<String>, _ budget: inout Int
    ) -> Bool {
        guard let left = a.value(keyword), let right = b.value(keyword) else { return false }
        if Keywords.references.contains(keyword) {
            guard let one = a.target(keyword), let other = b.target(keyword) else { return false }
            return holds(one, other, &assumed, &budget)
        }
        switch (Keywords.holdingSchemas[keyword], left, right) {
        case (nil, _, _): return left == right
        case (.schemas?, .array(let ones), .array(let others)),
            (.schemaOrSchemas?, .array(let ones), .array(let others)):
            return ones.count == others.count
                && ones.indices.allSatisfy { below(a, b, [keyword, String($0)], &assumed, &budget) }
        case (.namedSchemas?, .object(let ones), .object(let others)),
            (.namedSchemasOrNames?, .object(let ones), .object(let others)):
            return ones.count == others.count
                && ones.allSatisfy { member in
                    guard let other = right[member.key] else { return false }
                    // A list of names among 'dependencies'.
                    if member.value.array != nil { return member.value == other }
                    return below(a, b, [keyword, member.key], &assumed, &budget)
                }
        case (.schema?, _, _), (.schemaOrSchemas?, .object, .object), (.schemaOrSchemas?, .bool, .bool):
            return below(a, b, [keyword], &assumed, &budget)
        default: return false
        }
    }

    private static func below(
        _ a: Part, _ b: Part, _ tokens: [String], _ assumed: inout Set<String>, _ budget: inout Int
    ) -> Bool {
        guard let one = a.below(tokens), let other = b.below(tokens) else { return false }
        return holds(one, other, &assumed, &budget)
    }
}
