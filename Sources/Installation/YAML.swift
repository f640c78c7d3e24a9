import Yams

/// Reads YAML 1.2 into ``Setting``s.
enum YAML {
    /// The document in a text; an empty one is an empty map.
    static func parse(_ text: String, file: String) throws(ConfigurationError) -> Setting {
        do {
            let top = Place(file: file, line: 1)
            guard let node = try Yams.compose(yaml: text) else { return Setting(.map([]), at: top) }
            return try setting(node, file: file, near: top)
        } catch let error as ConfigurationError {
            throw error
        } catch let error as YamlError {
            throw explained(error, file: file)
        } catch {
            throw ConfigurationError("is not YAML", at: Place(file: file, line: 1))
        }
    }

    private static func setting(_ node: Node, file: String, near: Place) throws(ConfigurationError) -> Setting {
        let place = node.mark.map { Place(file: file, line: $0.line) } ?? near
        switch node {
        case .scalar(let scalar):
            let plain = scalar.style == .plain
            if plain, ["", "~", "null"].contains(scalar.string) { return Setting(.null, at: place) }
            return Setting(.text(scalar.string, plain: plain), at: place)
        case .sequence(let sequence):
            var elements: [Setting] = []
            for element in sequence { elements.append(try setting(element, file: file, near: place)) }
            return Setting(.list(elements), at: place)
        case .mapping(let mapping):
            var entries: [Setting.Entry] = []
            for (key, value) in mapping {
                let keyPlace = key.mark.map { Place(file: file, line: $0.line) } ?? place
                guard case .scalar(let name) = key else {
                    throw ConfigurationError("a key must be a text", at: keyPlace)
                }
                let value = try setting(value, file: file, near: keyPlace)
                entries.append(Setting.Entry(key: name.string, place: keyPlace, value: value))
            }
            return Setting(.map(entries), at: place)
        case .alias:
            throw ConfigurationError("an alias without its anchor", at: place)
        }
    }

    private static func explained(_ error: YamlError, file: String) -> ConfigurationError {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            ConfigurationError(problem, at: Place(file: file, line: mark.line))
        case .duplicatedKeysInMapping(let duplicates, let context):
            ConfigurationError(
                "the key \"\(duplicates.first ?? "")\" is written twice in one map",
                at: Place(file: file, line: context.mark.line))
        default: ConfigurationError("is not YAML", at: Place(file: file, line: 1))
        }
    }
}
