public import Canonical
import Document

extension Installation {
    /// Reads the entities in `Schemas/`: `<entity>.schema.json`, and beside it `<entity>.rules.yaml`.
    ///
    /// - Throws: ``ConfigurationError`` naming the file.
    public func model() throws(ConfigurationError) -> Model {
        let suffix = ".schema.json"
        let files = (names(in: "\(folder)/Schemas") ?? []).filter { $0.hasSuffix(suffix) }
        guard !files.isEmpty else {
            throw ConfigurationError("\(folder)/Schemas holds no <entity>\(suffix): an installation needs entities")
        }
        var sources: [Model.Source] = []
        for file in files {
            let entity = String(file.dropLast(suffix.utf8.count))
            sources.append(
                Model.Source(entity: entity, schema: try schema("Schemas/\(file)"), rules: try rules(entity)))
        }
        do {
            return try Model(sources)
        } catch {
            throw ConfigurationError(error.description)
        }
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
