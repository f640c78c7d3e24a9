package import Canonical
import Document
package import Installation
import Mapping
import Transports

/// A connector's mappings, read, checked and compiled.
package struct Mappings: Sendable {
    /// By the source's name.
    private(set) var sources: [String: CompiledMapping] = [:]
    /// By the sink's name.
    private(set) var sinks: [String: CompiledMapping] = [:]
    /// The sinks' filters, by the sink's name.
    private(set) var filters: [String: CompiledMapping] = [:]
    /// The tables beside them.
    private(set) var tables = LookupTables.none
    /// What they may speak of.
    let kinds: KindCatalog

    /// The variables that a source's mapping may use.
    static let sourceVariables: Set<String> = ["system"]
    /// The variables that a sink's mapping and filter may use.
    static let sinkVariables: Set<String> = ["system", "key", "revision", "self", "deleted", "record"]

    /// Whether any of them mentions a function, named without its `$`.
    func mention(_ function: String) -> Bool {
        [sources, sinks, filters].contains { $0.values.contains { $0.mentions(function) } }
    }

    package init(_ settings: ConnectorSettings, _ kinds: KindCatalog) throws(ConfigurationError) {
        self.kinds = kinds
        var problems: [Problem] = []
        let tables = LookupTables(settings, &problems)
        self.tables = tables
        func compile(_ text: [UInt8], _ file: String, _ variables: Set<String>) -> CompiledMapping? {
            do throws(MappingError) {
                // No chance, no text that nothing has checked (I11), no table that isn't there.
                var options = MappingOptions.connector(variables: variables)
                options.tables = tables.names
                return try CompiledMapping(source: text, file: file, options: options)
            } catch {
                problems.append(Problem(place: nil, message: error.description))
                return nil
            }
        }
        func load(_ file: String, _ variables: Set<String>, _ place: Place?) -> CompiledMapping? {
            let path = "\(settings.folder)/\(file)"
            do throws(SystemError) {
                return compile(try AtomicFile.read(path), "Connectors/\(settings.name)/\(file)", variables)
            } catch {
                problems.append(Problem(place: place, message: "cannot read the mapping \(file): \(error.reason)"))
                return nil
            }
        }
        for source in settings.sources {
            sources[source.name] = load(source.map, Self.sourceVariables, source.place)
            if let entity = source.of, kinds[entity] == nil {
                problems.append(
                    Problem(place: source.place, message: "source \"\(source.name)\": there is no entity \"\(entity)\"")
                )
            }
        }
        for sink in settings.sinks {
            sinks[sink.name] = load(sink.map, Self.sinkVariables, sink.place)
            if let filter = sink.filter {
                filters[sink.name] = compile(
                    Array(filter.utf8), "Connectors/\(settings.name)/connector.yaml, sink \"\(sink.name)\", where",
                    Self.sinkVariables)
            }
            if kinds[sink.of] == nil {
                problems.append(
                    Problem(place: sink.place, message: "sink \"\(sink.name)\": there is no entity \"\(sink.of)\""))
            }
        }
        if !problems.isEmpty { throw ConfigurationError(problems) }
    }
}
