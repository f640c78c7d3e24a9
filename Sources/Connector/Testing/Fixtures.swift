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
/// `{"product": {"till:4711": "06438012345675"}}`; `fixtures/reservations.json` what is decided: `{"<id>": {"state": "confirmed"}}`.
/// A golden record's `record` is what the system holds, for sinks with `read-first`.
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
            identities: IdentityTable(), tables: mappings.tables, decisions: DecisionTable(),
            limits: EvaluationLimits(settings.mapping))
        try Self.identities("\(settings.folder)/fixtures/ids.json", into: knowledge.identities)
        try Self.decisions("\(settings.folder)/fixtures/reservations.json", into: knowledge.decisions)
    }

    /// What came of one fixture.
    public struct Outcome: Sendable, Equatable {
        /// `sales/refund`.
        public let name: String
        /// Where the result differs from what was expected before, one line a place; empty: it is as expected.
        public let differences: [String]
        /// Records in it that the format or the schema refuses, or that the mapping fails on without meaning to, and that
        /// were not expected to be so.
        public let refusals: [String]
        /// What became of the expectation.
        public let update: Update

        /// What became of an expectation.
        public enum Update: Sendable, Equatable {
            /// Nothing: it stays.
            case none
            /// It was written: the file, and what it holds.
            case written(String)
            /// It was not written, for its refusals.
            case withheld
        }

        /// Whether the fixture is as expected now.
        public var isFine: Bool {
            switch update {
            case .none: differences.isEmpty
            case .written: true
            case .withheld: false
            }
        }
    }

    /// Which results become what is expected from now on.
    public enum Updating: Sendable {
        /// None.
        case nothing
        /// Those without new refusals.
        case meant
        /// All.
        case everything
    }

    /// What came of a fixture's input.
    private struct Found {
        var results: [JSON] = []
        var refusals: [String] = []

        mutating func reject(_ reason: String, isMeant: Bool) {
            results.append(["rejected": .string(reason)])
            if !isMeant { refusals.append(reason) }
        }
    }

    /// A fixture whose input can't be used.
    public struct Unusable: Error, CustomStringConvertible {
        /// Which, and why.
        public let description: String
    }

    /// Runs all fixtures, in the order of their names.
    ///
    /// - Parameter updating: what is written as what is expected from now on, to be looked over.
    /// - Throws: `SystemError` when a file can't be read or written, ``Unusable`` when an input is none.
    public func run(updating: Updating = .nothing) throws -> [Outcome] {
        var outcomes: [Outcome] = []
        let names = settings.sources.map(\.name) + settings.sinks.map(\.name).filter { settings.source($0) == nil }
        for name in names {
            let folder = "\(settings.folder)/fixtures/\(name)"
            for file in Folders.names(in: folder) {
                guard let parts = Self.parts(of: file) else { continue }
                let found: Found
                do {
                    found = try result(of: name, "\(folder)/\(file)", isJSON: parts.ext == "json")
                } catch let error as JSONError {
                    throw Unusable(description: "fixtures/\(name)/\(file): \(error)")
                }
                outcomes.append(try conclude("\(name)/\(parts.name)", found, updating))
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

    private func conclude(_ name: String, _ found: Found, _ updating: Updating) throws -> Outcome {
        let path = "\(settings.folder)/fixtures/\(name).out.json"
        let expected = (try? AtomicFile.read(path)).map { try? JSON(parsing: $0) }
        let result = JSON.array(found.results)
        let differences: [String] =
            switch expected {
            case nil: ["there is no \(name).out.json"]
            case .some(nil): ["\(name).out.json is not JSON"]
            case .some(let expected?): Difference.lines(expected: expected, found: result)
            }
        let known = Set((expected ?? nil)?.array?.compactMap { ($0["rejected"] ?? $0["refused"])?.string } ?? [])
        let refusals = found.refusals.filter { !known.contains($0) }
        var update = Outcome.Update.none
        switch updating {
        case .nothing: break
        case _ where differences.isEmpty: break
        case .meant where !refusals.isEmpty: update = .withheld
        case .meant, .everything:
            try AtomicFile.replace(path, with: Array((result.pretty + "\n").utf8))
            update = .written("\(name).out.json, \(Self.summary(found.results))")
        }
        return Outcome(name: name, differences: differences, refusals: refusals, update: update)
    }

    /// `2 events, 1 rejected`.
    private static func summary(_ results: [JSON]) -> String {
        var counts: [(name: String, count: Int)] = []
        for result in results {
            let name = result["type"] == nil ? result.object?.first?.key ?? "" : "event"
            if let place = counts.firstIndex(where: { $0.name == name }) {
                counts[place].count += 1
            } else {
                counts.append((name, 1))
            }
        }
        guard !counts.isEmpty else { return "nothing" }
        return counts.map { "\($0.count) \($0.name)\($0.name == "event" && $0.count > 1 ? "s" : "")" }
            .joined(separator: ", ")
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

    private static func decisions(_ path: String, into table: DecisionTable) throws {
        guard let bytes = try? AtomicFile.read(path) else { return }
        for entry in try JSON(parsing: bytes).object ?? [] {
            table.set(
                entry.key,
                to: entry.value["state"]?.string.map {
                    DecisionTable.Decision(state: $0, reason: entry.value["reason"]?.string)
                })
        }
    }

    // MARK: Results

    private func result(of name: String, _ path: String, isJSON: Bool) throws -> Found {
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

    private func source(_ source: SourceSettings, _ bytes: [UInt8], isJSON: Bool) throws -> Found {
        var translator = RecordTranslator(mappings.sources[source.name]!, knowledge, source: source.name)
        var found = Found()
        var delivery = Delivery()
        delivery.enter("fixture")
        func take(_ tape: inout Tape) {
            let input = tape.root
            if let repeated = delivery.repeats(source.unique, in: input) {
                return found.reject("\(repeated) stands in this delivery already", isMeant: true)
            }
            switch translator.translate(input, &tape, "fixture", .never, nil) {
            case .failure(let dead): found.reject(dead.reason, isMeant: dead.isMeant)
            case .success(let translation) where !translation.missing.isEmpty:
                found.results.append(["waits": .array(translation.missing.map(JSON.string))])
            case .success(let translation): found.results += translation.events.map(Self.shown)
            }
        }
        var tape = Tape()
        if isJSON {
            do throws(JSONError) {
                try tape.parse(bytes)
                take(&tape)
            } catch {
                found.reject("line \(error.line): \(error.reason)", isMeant: false)
            }
            return found
        }
        try bytes.withUnsafeBytes { bytes in
            var reader = try FormatCatalog.format(source.format ?? .string("json-lines")).reader(over: bytes)
            while true {
                do throws(FormatError) {
                    guard try reader.next(into: &tape) != nil else { break }
                    take(&tape)
                } catch {
                    found.reject(error.description, isMeant: false)
                    if error.scope == .file { break }
                }
            }
        }
        return found
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

    private func sink(_ settings: SinkSettings, _ bytes: [UInt8]) throws -> Found {
        let json = try JSON(parsing: bytes)
        let golden = Golden(
            entity: settings.of, key: json["key"]?.string ?? "",
            verb: json["verb"]?.string.flatMap(Golden.Verb.init) ?? .golden,
            revision: Int64(json["revision"]?.integer ?? 1), data: (json["data"] ?? .object([])).utf8, time: .never,
            place: "fixture")
        let sink = Sink(
            settings, knowledge.kinds[settings.of]!, knowledge, filter: mappings.filters[settings.name],
            mapping: mappings.sinks[settings.name]!, seenBy: nil, writer: nil)
        if let record = json["record"] { sink.look = { _ in record } }
        switch try sink.plan(golden) {
        case .absent: return Found(results: [["absent": true]])
        case .absentUntilKnown(let reason): return Found(results: [["absentUntil": .string(reason)]])
        case .wait(let reason): return Found(results: [["waits": .string(reason)]])
        case .refuse(let reason, let isMeant):
            return Found(results: [["refused": .string(reason)]], refusals: isMeant ? [] : [reason])
        case .write(let writes):
            return Found(
                results: writes.map { write in
                    var json: JSON = [write.action == .put ? "put" : "delete": write.document]
                    if let own = write.own { json["self"] = .string(own) }
                    return json
                })
        }
    }
}
