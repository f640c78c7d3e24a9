import Document
import Installation
import Mapping
import Transports

extension Fixtures {
    /// Subtractions in sources' mappings that were meant as names of fields: `EAN-koodi`, where the fixtures have such a field.
    ///
    /// - Throws: `SystemError` when a file can't be read.
    public func subtractedNames() throws -> [String] {
        try settings.sources.flatMap { source in
            try inspect(source, try Self.outline(of: source, files())).filter { $0.rule == .name }.map {
                "\(source.map):\($0.line):\($0.column): \($0.message)"
            }
        }
    }

    /// What is to be looked at in a source's mapping.
    ///
    /// - Parameter input: what its records look like.
    func inspect(_ source: SourceSettings, _ input: Outline) throws -> [MappingFinding] {
        let bytes = try AtomicFile.read("\(settings.folder)/\(source.map)")
        let columns = Dictionary(
            uniqueKeysWithValues: mappings.tables.names.map { ($0, mappings.tables.columns(of: $0)) })
        var options = MappingOptions.connector(variables: Mappings.sourceVariables)
        options.tables = mappings.tables.names
        return try MappingInspection(
            source: bytes, file: source.map, options: options, input: input,
            variables: ["system": Outline(oneOf: [.string(settings.system)])], tables: columns,
            fields: source.declaredColumns
        ).findings
    }
}
