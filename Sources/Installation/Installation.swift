import Document

/// An installation: a folder with `omni.yaml`, `Connectors/` and `Schemas/`.
///
/// ```swift
/// let installation = try Installation.load(folder: "/etc/omni", environment: "production")
/// let till = try installation.connector("retailer")
/// ```
public struct Installation: Sendable {
    /// The folder. Absolute.
    public let folder: String
    /// What `omni.yaml` and its override say.
    public var settings: OmniSettings
    /// The names of the folders in `Connectors/`, sorted.
    public let connectors: [String]

    private let surroundings: Surroundings

    /// Reads an installation's `omni.yaml`, with `omni.<environment>.yaml` laid over it.
    ///
    /// - Throws: ``ConfigurationError`` with every problem found, each with its file and line.
    public static func load(
        folder: String, environment: String? = nil, surroundings: Surroundings? = nil
    ) throws(ConfigurationError) -> Installation {
        let surroundings = surroundings ?? .process(folder: folder)
        var setting = try parse(folder, "omni.yaml")
        if let environment { setting = setting.overridden(by: try parse(folder, "omni.\(environment).yaml")) }
        let settings = try decode(setting, title: "omni.yaml", surroundings) { OmniSettings(&$0, folder: folder) }
        let connectors = (names(in: folder + "/Connectors") ?? []).filter {
            exists("\(folder)/Connectors/\($0)/connector.yaml")
        }
        return Installation(folder: folder, settings: settings, connectors: connectors, surroundings: surroundings)
    }

    /// Reads one connector's `connector.yaml`.
    ///
    /// - Parameter surroundings: where placeholders take their values from; nil: from where `omni.yaml` took them.
    /// - Throws: ``ConfigurationError`` with every problem found.
    public func connector(
        _ name: String, surroundings: Surroundings? = nil
    ) throws(ConfigurationError) -> ConnectorSettings {
        guard connectors.contains(name) else {
            let help =
                name.meant(among: connectors).map { "; did you mean \"\($0)\"?" }
                ?? "; there are: \(connectors.joined(separator: ", "))"
            throw ConfigurationError("no connector is called \"\(name)\"\(help)")
        }
        let path = "Connectors/\(name)/connector.yaml"
        let setting = try Self.parse(folder, path)
        let own = "\(folder)/Connectors/\(name)"
        return try Self.decode(setting, title: "connector.yaml", surroundings ?? self.surroundings) {
            ConnectorSettings(&$0, name: name, folder: own)
        }
    }

    private static func parse(_ folder: String, _ path: String) throws(ConfigurationError) -> Setting {
        let text: String
        do throws(FileFailure) {
            text = try readText(at: "\(folder)/\(path)")
        } catch {
            throw ConfigurationError("\(error); an installation is a folder with omni.yaml, Connectors/ and Schemas/")
        }
        return try YAML.parse(text, file: path)
    }

    private static func decode<Value>(
        _ setting: Setting, title: String, _ surroundings: Surroundings, _ read: (inout Reader) -> Value
    ) throws(ConfigurationError) -> Value {
        let journal = Journal(isLenient: surroundings.isLenient)
        var problems: [Problem] = []
        let resolved = setting.resolved(surroundings, problems: &problems)
        if !problems.isEmpty { throw ConfigurationError(problems) }
        var reader = Reader(resolved, title: title, path: "", place: setting.place, journal: journal)
        let value = read(&reader)
        reader.finish()
        try journal.check()
        return value
    }
}
