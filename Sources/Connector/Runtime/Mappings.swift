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

    /// The entities that sources and sinks name (`of`) and that there aren't.
    static func strangeEntities(_ settings: ConnectorSettings, _ kinds: KindCatalog) -> [Problem] {
        let named =
            settings.sources.compactMap { source in source.of.map { ("source \"\(source.name)\"", $0, source.place) } }
            + settings.sinks.map { ("sink \"\($0.name)\"", $0.of, $0.place) }
        return named.filter { kinds[$0.1] == nil }.map { part, entity, place in
            let meant = entity.meant(among: kinds.names).map { "; did you mean \"\($0)\"?" } ?? ""
            return Problem(place: place, message: "\(part): of: there is no entity \"\(entity)\"\(meant)")
        }
    }

    /// A mapping's file that can't be read, and where it is named.
    static func unreadable(_ file: String, _ place: Place?, _ error: SystemError) -> Problem {
        Problem(place: place, message: "map: cannot read the mapping \(file): \(error.reason)")
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
                problems.append(Self.unreadable(file, place, error))
                return nil
            }
        }
        for source in settings.sources {
            sources[source.name] = load(source.map, Self.sourceVariables, source.place)
        }
        for sink in settings.sinks {
            sinks[sink.name] = load(sink.map, Self.sinkVariables, sink.place)
            if let filter = sink.filter {
                filters[sink.name] = compile(
                    Array(filter.utf8), "Connectors/\(settings.name)/connector.yaml, sink \"\(sink.name)\", where",
                    Self.sinkVariables)
            }
        }
        problems += Self.strangeEntities(settings, kinds)
        if !problems.isEmpty { throw ConfigurationError(problems) }
    }
}
