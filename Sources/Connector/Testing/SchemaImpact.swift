public import Canonical
import Document
public import Installation
import Mapping
import Schema
import Transports

/// What a changed schema breaks in an installation: the mappings that produce or read a field, and the fixtures that no
/// longer come out as they did.
public struct SchemaImpact {
    private let installation: Installation
    private let kinds: KindCatalog

    /// - Throws: `ConfigurationError`, or what is wrong with a schema.
    public init(_ installation: Installation) throws {
        self.installation = installation
        kinds = try KindCatalog(try installation.model())
    }

    /// A mapping that names a field.
    public struct Use: Sendable, Equatable {
        /// The connector.
        public let connector: String
        /// The source or sink.
        public let part: String
        /// Whether it produces the kind (a source) or reads it (a sink).
        public let isSource: Bool
        /// `Connectors/retailer/price.jsonata`; `Connectors/retailer/connector.yaml` of a sink's `where`.
        public let file: String
        /// The lines that name the field, counted from 1; those that name the kind, where no field is asked for.
        public let lines: [Int]
    }

    /// A fixture that the new version doesn't leave as it is.
    public struct Failure: Sendable, Equatable {
        /// `retailer/sales/refund`
        public let fixture: String
        /// Why: what differs, or what the schema says of the golden record that goes in.
        public let reasons: [String]
    }

    /// The mappings of a kind's sources and sinks, `where` among them, that name one of the fields; all of them when there
    /// are no fields.
    public func uses(of kind: Kind, fields: [String]) throws -> [Use] {
        var uses: [Use] = []
        for name in installation.connectors {
            let settings = try installation.connector(name, surroundings: .unneeded)
            let parts =
                settings.sources.map { ($0.name, $0.map, true) }
                + settings.sinks.filter { $0.of == kind.entity || $0.of == kind.name }.map { ($0.name, $0.map, false) }
            for (part, map, isSource) in parts {
                guard let bytes = try? AtomicFile.read("\(settings.folder)/\(map)") else { continue }
                let lines =
                    isSource
                    ? written(kind, fields, bytes, file: map)
                    : Set((fields.isEmpty ? [kind.name] : fields).flatMap { Words(bytes).lines(naming: $0) }).sorted()
                if lines.isEmpty, !(fields.isEmpty && !isSource) { continue }
                uses.append(
                    Use(
                        connector: name, part: part, isSource: isSource, file: "Connectors/\(name)/\(map)", lines: lines
                    ))
            }
            uses += settings.sinks.filter { $0.of == kind.entity || $0.of == kind.name }.compactMap { sink in
                guard let filter = sink.filter.map({ Words(Array($0.utf8)) }),
                    fields.contains(where: { !filter.lines(naming: $0).isEmpty })
                else { return nil }
                return Use(
                    connector: name, part: "\(sink.name), where", isSource: false,
                    file: "Connectors/\(name)/connector.yaml", lines: sink.place.map { [$0.line] } ?? [])
            }
        }
        return uses
    }

    /// The lines of a source's mapping that write a kind's fields, or the kind.
    private func written(_ kind: Kind, _ fields: [String], _ bytes: [UInt8], file: String) -> [Int] {
        let options = MappingOptions.connector(variables: Mappings.sourceVariables)
        guard let mapping = try? CompiledMapping(source: bytes, file: file, options: options) else {
            // One that can't be read without the installation's tables, or at all.
            let words = Words(bytes)
            if words.lines(naming: kind.name).isEmpty { return [] }
            return Set((fields.isEmpty ? [kind.name] : fields).flatMap { words.lines(naming: $0) }).sorted()
        }
        if fields.isEmpty { return mapping.lines(ofMember: kind.name) }
        return Set(fields.flatMap { mapping.lines(ofMember: $0, within: kind.name) }).sorted()
    }

    /// The places in the rules of a kind's entity that name one of the fields.
    public func rules(of kind: Kind, naming fields: [String]) throws -> [String] {
        guard let entity = try installation.model().entity(kind.entity) else { return [] }
        let rules = entity.rules
        var places: [String] = []
        if let key = rules.key, fields.contains(key) { places.append("key: \(key)") }
        for field in rules.fields {
            if fields.contains(field.name) { places.append("fields.\(field.name)") }
            if case .with(let other) = field.strategy, fields.contains(other) {
                places.append("fields.\(field.name).with: \(other)")
            }
        }
        places += rules.match.map(\.field).filter(fields.contains).map { "match: \($0)" }
        return places.map { "Schemas/\(kind.entity).rules.yaml: \($0)" }
    }

    /// Runs the fixtures of every connector that has to do with the kinds, against the schemas as they lie there.
    public func failures(of changed: Set<String>) throws -> [Failure] {
        var failures: [Failure] = []
        let entities = Set(changed.compactMap { kinds[$0]?.kind.entity })
        for name in installation.connectors {
            let settings = try installation.connector(name, surroundings: .unneeded)
            let fixtures = try Fixtures(installation, name)
            for outcome in try fixtures.run() where !outcome.isFine {
                // What nobody has said to be right yet can't be changed; what is refused can be.
                let reasons = outcome.isNew ? outcome.refusals : outcome.differences
                if reasons.isEmpty { continue }
                let sink = settings.sinks.first { $0.name == outcome.sink }
                // Only what has to do with the change: another connector's trouble is its own.
                let isConcerned =
                    sink.map { entities.contains($0.of) }
                    ?? produces(changed, settings, source: String(outcome.name.prefix { $0 != "/" }))
                if isConcerned {
                    failures.append(Failure(fixture: "\(name)/\(outcome.name)", reasons: reasons))
                }
            }
            for sink in settings.sinks where entities.contains(sink.of) {
                failures += goldenRecords(of: sink, settings)
            }
        }
        for outcome in try LiftFixtures(installation).run() where !outcome.isFine {
            failures.append(Failure(fixture: "Schemas/\(outcome.name)", reasons: outcome.differences))
        }
        return failures
    }

    private func produces(_ changed: Set<String>, _ settings: ConnectorSettings, source: String) -> Bool {
        guard let map = settings.source(source)?.map, let bytes = try? AtomicFile.read("\(settings.folder)/\(map)")
        else { return false }
        let words = Words(bytes)
        return changed.contains { !words.lines(naming: $0).isEmpty }
    }

    /// The golden records among a sink's fixtures that the schema doesn't accept; erased ones hold nothing.
    private func goldenRecords(of sink: SinkSettings, _ settings: ConnectorSettings) -> [Failure] {
        guard let entry = kinds[sink.of] else { return [] }
        return Fixtures.files(of: settings).filter { $0.role.isSink(sink.name) }.compactMap { file in
            var tape = Tape()
            guard let bytes = try? AtomicFile.read(file.path), (try? tape.parse(bytes)) != nil,
                let data = tape.root["data"], data.kind == .object, data.count > 0
            else { return nil }
            let violations = entry.schema.violations(of: data)
            guard !violations.isEmpty else { return nil }
            return Failure(fixture: "\(settings.name)/\(file.title)", reasons: violations.map(\.description))
        }
    }
}

/// The names in a mapping's text, comments left out.
struct Words {
    private var places: [String: Set<Int>] = [:]

    init(_ text: [UInt8]) {
        var line = 1
        var at = 0
        while at < text.count {
            if text[at] == UInt8(ascii: "/"), at + 1 < text.count, text[at + 1] == UInt8(ascii: "*") {
                at += 2
                while at < text.count, !(text[at] == UInt8(ascii: "/") && text[at - 1] == UInt8(ascii: "*")) {
                    if text[at] == UInt8(ascii: "\n") { line += 1 }
                    at += 1
                }
            }
            let start = at
            while at < text.count, Self.isPart(text[at]) { at += 1 }
            if at > start {
                places[String(decoding: text[start..<at], as: UTF8.self), default: []].insert(line)
                continue
            }
            if at < text.count, text[at] == UInt8(ascii: "\n") { line += 1 }
            at += 1
        }
    }

    func lines(naming word: String) -> Set<Int> { places[word] ?? [] }

    private static func isPart(_ byte: UInt8) -> Bool {
        (byte | 32) &- 97 < 26 || byte &- 48 < 10 || byte == UInt8(ascii: "_") || byte >= 0x80
    }
}
