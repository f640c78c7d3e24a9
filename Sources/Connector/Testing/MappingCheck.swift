import Canonical
import Document
public import Installation
public import Mapping
import Transports

/// Reads every mapping of a connector against the schema that it must produce and the records that it gets
/// (`omni map check`).
///
/// A source's records are its fixtures; a sink's are whatever the entity's schema describes.
public struct MappingCheck {
    private let settings: ConnectorSettings
    private let kinds: KindCatalog
    private let tables: LookupTables
    private let files: [FixtureFile]

    /// What there is to say of one mapping.
    public struct Report: Sendable {
        /// The connector.
        public let connector: String
        /// The source or sink.
        public let part: String
        /// `Connectors/retailer/price.jsonata`.
        public let file: String
        /// Its text.
        public let source: [UInt8]
        /// What is to be looked at, in the order of the text.
        public let findings: [MappingFinding]
        /// Why it was read against nothing; nil when it wasn't.
        public let blindness: Blindness?
    }

    /// Why there is nothing to read a source's mapping against.
    public enum Blindness: String, Sendable {
        /// There is no fixture.
        case missing = "has no fixture"
        /// The fixtures hold no record that can be read.
        case unreadable = "has no fixture that can be read, as `omni connector test` tells"
    }

    /// Reads a connector's settings.
    ///
    /// - Throws: `ConfigurationError`, or what is wrong with a schema or a table.
    public init(_ installation: Installation, _ name: String) throws {
        settings = try installation.connector(name, surroundings: .unneeded)
        kinds = try KindCatalog(try installation.model())
        var problems: [Problem] = []
        tables = LookupTables(settings, &problems)
        problems += Mappings.strangeEntities(settings, kinds)
        if !problems.isEmpty { throw ConfigurationError(problems) }
        files = Fixtures.files(of: settings)
    }

    /// Reads the mappings, one report for each source, each sink, and each sink's `where`.
    ///
    /// - Throws: `ConfigurationError` when a mapping can't be read, `SystemError` when a fixture can't.
    public func reports() throws -> [Report] {
        var reports: [Report] = []
        for source in settings.sources { reports += try self.reports(of: source) }
        for sink in settings.sinks {
            if let filter = sink.filter {
                let file = "Connectors/\(settings.name)/connector.yaml, sink \"\(sink.name)\", where"
                reports.append(try report(of: sink, file, Array(filter.utf8)) { _, _, _ in [] })
            }
            let bytes = try text(of: sink.map, sink.place)
            reports.append(
                try report(of: sink, "Connectors/\(settings.name)/\(sink.map)", bytes) { document, sink, bytes in
                    SinkFit(sink, bytes).findings(in: document)
                })
        }
        return reports
    }

    private func text(of file: String, _ place: Place?) throws -> [UInt8] {
        do throws(SystemError) {
            return try AtomicFile.read("\(settings.folder)/\(file)")
        } catch {
            throw ConfigurationError([Mappings.unreadable(file, place, error)])
        }
    }

    // MARK: Sources

    private func reports(of source: SourceSettings) throws -> [Report] {
        let input = try Fixtures.outline(of: source, files)
        let isBlind = input.kinds.isEmpty
        let bytes = try text(of: source.map, source.place)
        let file = "Connectors/\(settings.name)/\(source.map)"
        let variables = ["system": Outline(oneOf: [.string(settings.system)])]
        let findings = inspect(bytes, file, isBlind ? .any : input, variables, fields: source.declaredColumns) {
            items(in: $0, bytes)
        }
        let report = Report(
            connector: settings.name, part: source.name, file: file, source: bytes, findings: findings,
            blindness: isBlind ? files.contains { $0.role.isSource(source.name) } ? .unreadable : .missing : nil)
        return [report] + strangePlaces(of: source, input)
    }

    /// What the configuration names of a record, and no record has.
    private func strangePlaces(of source: SourceSettings, _ input: Outline) -> [Report] {
        source.strangePlaces(in: input).map { place in
            let bytes = Array(place.name.utf8)
            return Report(
                connector: settings.name, part: source.name,
                file: "Connectors/\(settings.name)/connector.yaml, source \"\(source.name)\", \(place.setting)",
                source: bytes, findings: [MappingFinding(.error, .unknownField, place.message, at: 0, in: bytes)],
                blindness: nil)
        }
    }

    private func inspect(
        _ bytes: [UInt8], _ file: String, _ input: Outline, _ variables: [String: Outline], fields: [String] = [],
        _ judge: (Outline) -> [MappingFinding]
    ) -> [MappingFinding] {
        var options = MappingOptions.connector(variables: Set(variables.keys))
        options.tables = tables.names
        do throws(MappingError) {
            let columns = Dictionary(uniqueKeysWithValues: tables.names.map { ($0, tables.columns(of: $0)) })
            let inspection = try MappingInspection(
                source: bytes, file: file, options: options, input: input, variables: variables, tables: columns,
                fields: fields)
            return (inspection.findings + judge(inspection.result)).sorted {
                ($0.offset, $0.message) < ($1.offset, $1.message)
            }
        } catch {
            return [MappingFinding(error)]
        }
    }

    /// A source's items: `{"<kind>": document, "self": …, "at": …, "deleted": …, "dormant": …}`.
    private func items(in result: Outline, _ bytes: [UInt8]) -> [MappingFinding] {
        let items = result.items
        var findings: [MappingFinding] = []
        func report(_ rule: MappingFinding.Rule, _ message: String, at offset: Int?) {
            findings.append(MappingFinding(.error, rule, message, at: offset ?? items.offset ?? 0, in: bytes))
        }
        guard !items.kinds.isEmpty, items.kinds != .any else { return [] }
        let strange = items.kinds.subtracting([.object, .nothing, .null])
        if items.kinds.subtracting([.nothing, .null]).isDisjoint(with: .object), !strange.isEmpty {
            report(
                .value, "a source's mapping gives items such as {\"product\": {…}}; this gives \(items.always)",
                at: items.offset)
        }
        for (name, member) in items.members.sorted(by: { ($0.value.offset ?? 0) < ($1.value.offset ?? 0) }) {
            switch name {
            case "self": expect(member, [.string, .number, .null], "self", &findings, bytes)
            case "at": expect(member, [.string, .number, .null], "at", &findings, bytes)
            case "deleted", "dormant": expect(member, .boolean, name, &findings, bytes)
            default:
                guard let entry = kinds[name] else {
                    let meant = name.meant(among: kinds.names + Item.words)
                    report(
                        .unknownField,
                        "\"\(name)\" is no kind of data\(meant.map { "; did you mean \"\($0)\"?" } ?? "; there are: \(kinds.names.joined(separator: ", "))")",
                        at: member.offset)
                    continue
                }
                var fit = SchemaFit(
                    document: entry.kind.schema, name: name, source: bytes, offset: member.offset ?? 0)
                fit.check(member.shape, entry.kind.schema)
                findings += fit.findings
            }
        }
        return findings
    }

    private func expect(
        _ member: Outline.Member, _ kinds: Outline.Kinds, _ name: String, _ findings: inout [MappingFinding],
        _ bytes: [UInt8]
    ) {
        let own = member.shape.kinds.subtracting(.nothing)
        guard !own.isEmpty, own.isDisjoint(with: kinds) else { return }
        findings.append(
            MappingFinding(
                member.shape.isSampled ? .warning : .error, .value,
                "\"\(name)\" is \(member.shape.always); it must be \(Outline(kinds).always)", at: member.offset ?? 0,
                in: bytes))
    }

    // MARK: Sinks

    private func report(
        of sink: SinkSettings, _ file: String, _ bytes: [UInt8],
        _ judge: (Outline, SinkSettings, [UInt8]) -> [MappingFinding]
    ) throws -> Report {
        let input =
            kinds[sink.of].map { Outline(schema: $0.kind.schema, in: $0.kind.schema) } ?? .any
        var records = Outline.nothing
        for file in files where file.role.isSink(sink.name) {
            guard let record = try? JSON(parsing: try AtomicFile.read(file.path))["record"] else { continue }
            records.formUnion(Outline(sampling: record))
        }
        let variables: [String: Outline] = [
            "system": Outline(oneOf: [.string(settings.system)]), "key": Outline(.string), "revision": Outline(.number),
            "self": Outline([.string, .nothing]), "deleted": Outline(.boolean),
            "record": records.kinds == .nothing ? .any : records,
        ]
        let findings = inspect(bytes, file, input, variables) { judge($0, sink, bytes) }
        return Report(
            connector: settings.name, part: sink.name, file: file, source: bytes, findings: findings, blindness: nil)
    }
}
