public import Canonical
import Document

extension Installation {
    /// Reads the entities in `Schemas/`: `<entity>.schema.json`, and beside it `<entity>.rules.yaml` and what is kept of earlier
    /// versions, `<entity>.v<major>.schema.json` and `<kind>.v<major>.jsonata`.
    ///
    /// - Throws: ``ConfigurationError`` naming the file.
    public func model() throws(ConfigurationError) -> Model {
        let suffix = ".schema.json"
        let files = names(in: "\(folder)/Schemas") ?? []
        let stems = files.filter { $0.hasSuffix(suffix) }.map { String($0.dropLast(suffix.utf8.count)) }
        let entities = stems.filter { EarlierName($0) == nil }
        guard !entities.isEmpty else {
            throw ConfigurationError("\(folder)/Schemas holds no <entity>\(suffix): an installation needs entities")
        }
        let earlier = try earlier(stems.compactMap { EarlierName($0) }, files, of: entities)
        var sources: [Model.Source] = []
        for entity in entities {
            sources.append(
                Model.Source(
                    entity: entity, schema: try schema("Schemas/\(entity)\(suffix)"), rules: try rules(entity),
                    earlier: earlier[entity] ?? []))
        }
        do {
            return try Model(sources)
        } catch {
            throw ConfigurationError(error.description)
        }
    }

    /// What is kept of earlier versions, by entity. A file that belongs to none is a mistake in its name.
    private func earlier(
        _ kept: [EarlierName], _ files: [String], of entities: [String]
    ) throws(ConfigurationError) -> [String: [Model.Source.Earlier]] {
        let suffix = ".jsonata"
        var strays = Set(files.filter { $0.hasSuffix(suffix) })
        var earlier: [String: [Model.Source.Earlier]] = [:]
        for version in kept {
            let file = "Schemas/\(version.name).v\(version.major).schema.json"
            guard entities.contains(version.name) else {
                throw ConfigurationError(
                    "\(file): keeps a version of '\(version.name)', of which there is no Schemas/\(version.name).schema.json"
                )
            }
            let schema = try schema(file)
            var lifts: [String: [UInt8]] = [:]
            for kind in [version.name] + (schema["$defs"]?.object ?? []).map(\.key) {
                guard let name = strays.remove("\(kind).v\(version.major)\(suffix)") else { continue }
                do throws(FileFailure) { lifts[kind] = try readBytes(at: "\(folder)/Schemas/\(name)") } catch {
                    throw ConfigurationError(error.description)
                }
            }
            earlier[version.name, default: []].append(.init(major: version.major, schema: schema, lifts: lifts))
        }
        if let stray = strays.min() {
            let stem = String(stray.dropLast(suffix.utf8.count))
            guard let version = EarlierName(stem) else {
                throw ConfigurationError(
                    "Schemas/\(stray): a mapping here lifts an earlier version, and is called <kind>.v<major>\(suffix)")
            }
            throw ConfigurationError(
                "Schemas/\(stray): lifts documents of version \(version.major) of '\(version.name)', which isn't kept: "
                    + "put its schema beside it, Schemas/\(stem).schema.json (docs/schemas.md, Raising the version)")
        }
        return earlier
    }

    /// What the rules name that no schema and no connector knows; each with its place, to be told before it surprises.
    ///
    /// - Throws: ``ConfigurationError`` when a connector's settings can't be read.
    public func ruleDoubts(_ model: Model) throws(ConfigurationError) -> [String] {
        var systems: Set<String> = []
        for name in connectors { systems.insert(try connector(name, surroundings: .unneeded).system) }
        return model.doubts(systems: systems)
    }

    private func schema(_ path: String) throws(ConfigurationError) -> JSON {
        let bytes: [UInt8]
        do throws(FileFailure) { bytes = try readBytes(at: "\(folder)/\(path)") } catch {
            throw ConfigurationError(error.description)
        }
        do { return try JSON(parsing: bytes) } catch {
            throw ConfigurationError("column \(error.column): \(error.reason)", at: Place(file: path, line: error.line))
        }
    }

    private func rules(_ entity: String) throws(ConfigurationError) -> JSON? {
        let path = "Schemas/\(entity).rules.yaml"
        guard exists("\(folder)/\(path)") else { return nil }
        let text: String
        do throws(FileFailure) { text = try readText(at: "\(folder)/\(path)") } catch {
            throw ConfigurationError(error.description)
        }
        return try YAML.parse(text, file: path).json
    }
}
