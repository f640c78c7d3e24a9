import Document

extension Model {
    /// What rules name that nothing else of the installation knows: a typing error most likely, which would only show in
    /// golden records. Not an error: schemas let further fields be, and others may write into the topics for a system that
    /// has no connector here. So a system is told only where one with a connector is nearly called so.
    ///
    /// - Parameter systems: those that have a connector.
    public func doubts(systems: Set<String>) -> [String] {
        entities.flatMap { entity in
            let fields = entity.fieldDoubts.map { ("fields.\($0.name)", $0.words) }
            let strangers = entity.rules.systems.filter { !systems.contains($0) }.compactMap { name in
                name.meant(among: systems.sorted()).map {
                    ("", "no connector here is the system '\(name)'; did you mean '\($0)'?")
                }
            }
            return (fields + strangers).map { place, words in
                RulesError(entity: entity.name, place: place, reason: words).description
            }
        }
    }
}

extension EntityType {
    /// The fields that rules name and the schema doesn't, unless it leaves names open on purpose.
    fileprivate var fieldDoubts: [(name: String, words: String)] {
        guard let schema = kinds.first(where: { $0.name == name })?.schema, schema["patternProperties"] == nil,
            schema["additionalProperties"]?.object == nil, let properties = schema["properties"]?.object
        else { return [] }
        let known = properties.map(\.key)
        let named = rules.fields.flatMap { field -> [(String, String)] in
            if case .with(let other) = field.strategy { return [(field.name, field.name), (field.name, other)] }
            return [(field.name, field.name)]
        }
        return named.filter { !known.contains($0.1) }.map { place, name in
            let meant = name.meant(among: known).map { "; did you mean '\($0)'?" } ?? ""
            return (place, "the schema has no field '\(name)'\(meant)")
        }
    }
}
