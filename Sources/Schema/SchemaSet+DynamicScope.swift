import Document

/// Where references lead: some depend on the way that led to them.
extension SchemaSet {
    /// For each dynamic anchor's name, the outermost place on the way that bears it.
    typealias Scope = [String: Place]

    /// The scope inside of a resource that is entered from another scope.
    func scope(entering resource: Int, from outer: Scope) -> Scope {
        guard usesDynamicReferences else { return [:] }
        return outer.merging(resources[resource].dynamicAnchors) { bound, _ in bound }
    }

    /// What a `$ref`, `$dynamicRef` or `$recursiveRef` leads to; nil when it leads nowhere.
    func target(of keyword: String, _ text: String, from base: Reference, in scope: Scope) -> Location? {
        guard let found = find(text, from: base) else { return nil }
        // Only what is an anchor of that kind itself may be replaced by one further out.
        let anchor: String? =
            switch keyword {
            case "$dynamicRef": found.dynamicAnchor
            case "$recursiveRef": found.location.schema["$recursiveAnchor"] == .bool(true) ? Self.recursiveAnchor : nil
            default: nil
            }
        return anchor.flatMap { scope[$0] }.flatMap { location(at: $0) } ?? found.location
    }
}
