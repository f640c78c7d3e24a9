import Canonical
import Document
import Formats
public import Installation
import Mapping
import Transports

/// Runs a connector's fixtures, without a broker and without the system (`omni connector test NAME`).
///
/// `fixtures/<source>/<case>.in.<ext>` is what the source reads: a record as JSON, or a file in the source's format.
/// `fixtures/<sink>/<case>.in.json` is a golden record, `{"key": …, "revision": …, "data": {…}}`. `<case>.out.json` beside
/// it is the expected list of what becomes of it. `fixtures/ids.json` says which numbers are known:
/// `{"product": {"till:4711": "06438012345675"}}`.
public struct Fixtures {
    private let settings: ConnectorSettings
    private let mappings: Mappings
    private let knowledge: Knowledge

    /// Reads the connector. Its placeholders needn't have values: nothing is connected.
    ///
    /// - Throws: `ConfigurationError`, or what is wrong with a schema.
    public init(_ installation: Installation, _ name: String) throws {
        settings = try installation.connector(name, surroundings: .unneeded)
        let kinds = try KindCatalog(try installation.model())
        mappings = try Mappings(settings, kinds)
        knowledge = Knowledge(
            system: settings.system, names: TopicNames(prefix: installation.settings.prefix), kinds: kinds,
            identities: IdentityTable(), tables: mappings.tables)
        try Self.identities("\(settings.folder)/fixtures/ids.json", into: knowledge.identities)
    }

    /// What came of one fixture.
    public struct Outcome: Sendable, Equatable {
        /// `sales/refund`.
        public let name: String
        /// Where the result differs from what was expected, one line a place; empty: it is as expected.
        public let differences: [String]
    }

    /// Runs all fixtures, in the order of their names.
    ///
    /// - Parameter updating: writes what was found as what is expected from now on, to be looked over.
    /// - Throws: `SystemError` when the folder can't be read.
    public func run(updating: Bool = false) throws -> [Outcome] {
        var outcomes: [Outcome] = []
        let names = settings.sources.map(\.name) + settings.sinks.map(\.name).filter { settings.source($0) == nil }
        for name in names {
            let folder = "\(settings.folder)/fixtures/\(name)"
            for file in Folders.names(in: folder) {
                guard let parts = Self.parts(of: file) else { continue }
                let found = try result(of: name, "\(folder)/\(file)", isJSON: parts.ext == "json")
                let expected = "\(folder)/\(parts.name).out.json"
                if updating { try AtomicFile.replace(expected, with: Array((found.pretty + "\n").utf8)) }
                outcomes.append(Outcome(name: "\(name)/\(parts.name)", differences: compare(found, expected)))
            }
        }
        return outcomes
    }

    /// The sources and sinks that no fixture shows.
    public var unshown: [String] {
        Set(settings.sources.map(\.name) + settings.sinks.map(\.name)).filter { name in
            !Folders.names(in: "\(settings.folder)/fixtures/\(name)").contains { Self.parts(of: $0) != nil }
        }.sorted()
    }

    private func compare(_ found: JSON, _ path: String) -> [String] {
        guard let bytes = try? AtomicFile.read(path) else { return ["there is no \(path.split(separator: "/").last!)"] }
        guard let expected = try? JSON(parsing: bytes) else {
            return ["\(path.split(separator: "/").last!) is not JSON"]
        }
        return Difference.lines(expected: expected, found: found)
    }

    private static func parts(of file: String) -> (name: String, ext: String)? {
        guard let mark = file.firstRange(of: ".in.") else { return nil }
        return (String(file[..<mark.lowerBound]), String(file[mark.upperBound...]))
    }

    private static func identities(_ path: String, into table: IdentityTable) throws {
        guard let bytes = try? AtomicFile.read(path) else { return }
        for entity in try JSON(parsing: bytes).object ?? [] {
            for number in entity.value.object ?? [] {
                guard let reference = Reference(key: number.key) else { continue }
                table.set(reference, of: entity.key, to: number.value.string)
            }
        }
    }

    // MARK: Results

    private func result(of name: String, _ path: String, isJSON: Bool) throws -> JSON {
        let bytes = try AtomicFile.read(path)
        if let source = settings.source(name), !isSink(name, bytes, isJSON) {
            return try self.source(source, bytes, isJSON: isJSON && source.format == nil)
        }
        return try sink(settings.sinks.first { $0.name == name }!, bytes)
    }

    /// A source and a sink may share a name: a golden record has `key` and `data`.
    private func isSink(_ name: String, _ bytes: [UInt8], _ isJSON: Bool) -> Bool {
        guard isJSON, settings.sinks.contains(where: { $0.name == name }), let json = try? JSON(parsing: bytes)
        else { return false }
        return json["key"]?.string != nil && json["data"] != nil
    }

    private func source(_ source: SourceSettings, _ bytes: [UInt8], isJSON: Bool) throws -> JSON {
        var translator = RecordTranslator(mappings.sources[source.name]!, knowledge, source: source.name)
        var results: [JSON] = []
        var delivery = Delivery()
        delivery.enter("fixture")
        func take(_ tape: inout Tape) {
            let input = tape.root
            if let repeated = delivery.repeats(source.unique, in: input) {
                results.append(["rejected": .string("\(repeated) stands in this delivery already")])
                return
            }
            switch translator.translate(input, &tape, "fixture", .never, nil) {
            case .failure(let dead): results.append(["rejected": .string(dead.reason)])
            case .success(let translation) where !translation.missing.isEmpty:
                results.append(["waits": .array(translation.missing.map(JSON.string))])
            case .success(let translation): results += translation.events.map(Self.shown)
            }
        }
        var tape = Tape()
        if isJSON {
            try tape.parse(bytes)
            take(&tape)
            return .array(results)
        }
        try bytes.withUnsafeBytes { bytes in
            var reader = try FormatCatalog.format(source.format ?? .string("json-lines")).reader(over: bytes)
            while true {
                do throws(FormatError) {
                    guard try reader.next(into: &tape) != nil else { break }
                    take(&tape)
                } catch {
                    results.append(["rejected": .string(error.description)])
                    if error.scope == .file { break }
                }
            }
        }
        return .array(results)
    }

    private static func shown(_ event: OutgoingEvent) -> JSON {
        var json: JSON = [
            "type": .string(event.envelope.type.description), "key": .string(event.key),
            "data": (try? JSON(parsing: event.data)) ?? .null,
        ]
        if let own = event.envelope.selfID { json["self"] = .string(own) }
        if event.envelope.time.isKnown { json["time"] = .string(event.envelope.time.rfc3339) }
        return json
    }

    private func sink(_ settings: SinkSettings, _ bytes: [UInt8]) throws -> JSON {
        let json = try JSON(parsing: bytes)
        let golden = Golden(
            entity: settings.of, key: json["key"]?.string ?? "",
            verb: json["verb"]?.string.flatMap(Golden.Verb.init) ?? .golden,
            revision: Int64(json["revision"]?.integer ?? 1), data: (json["data"] ?? .object([])).utf8, time: .never,
            place: "fixture")
        let sink = Sink(
            settings, knowledge.kinds[settings.of]!, knowledge, filter: mappings.filters[settings.name],
            mapping: mappings.sinks[settings.name]!, seenBy: nil, writer: nil)
        switch sink.plan(golden) {
        case .absent: return [["absent": true]]
        case .absentUntilKnown(let reason): return [["absentUntil": .string(reason)]]
        case .wait(let reason): return [["waits": .string(reason)]]
        case .refuse(let reason): return [["refused": .string(reason)]]
        case .write(let writes):
            return .array(
                writes.map { write in
                    var json: JSON = [write.action == .put ? "put" : "delete": write.document]
                    if let own = write.own { json["self"] = .string(own) }
                    return json
                })
        }
    }
}
