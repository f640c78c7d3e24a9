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
    let settings: ConnectorSettings
    let mappings: Mappings
    let knowledge: Knowledge

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
        /// The sink whose golden record it is; nil: a source reads it.
        public let sink: String?
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

        /// Whether nobody has said yet what is expected.
        public let isNew: Bool

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
        try files().map { file in
            let bytes = try AtomicFile.read(file.path)
            return try Self.conclude(
                file.title, sink: file.role.isSink(file.part) ? file.part : nil, in: "\(settings.folder)/fixtures",
                try found(in: file, bytes), updating)
        }
    }

    /// The sources and sinks that no fixture shows.
    public var unshown: [String] {
        let shown = Set(files().map(\.part))
        return Set(settings.sources.map(\.name) + settings.sinks.map(\.name)).subtracting(shown).sorted()
    }

    /// Compares what came of a fixture with what is expected, and writes that where it is to be written.
    static func conclude(
        _ name: String, sink: String? = nil, in folder: String, _ found: Found, _ updating: Updating,
        summary: ([JSON]) -> String = summary
    ) throws -> Outcome {
        let path = "\(folder)/\(name).out.json"
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
            update = .written("\(name).out.json, \(summary(found.results))")
        }
        return Outcome(
            name: name, sink: sink, differences: differences, refusals: refusals, update: update, isNew: expected == nil
        )
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
}
