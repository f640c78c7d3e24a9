import Canonical
public import Document
import Formats
public import Installation
import Mapping
import Transports

/// Where a mapping is tried out: a file, an input, and what comes of it (`omni map run`, `omni map try`).
///
/// A mapping in a connector's folder runs as its source or sink does: with its variables, tables, known numbers
/// (`fixtures/ids.json`) and the schema's verdict; one in `Schemas/` as it lifts a document of an earlier version. Any other
/// file is a plain JSONata expression over a JSON document.
public struct Workbench {
    private enum Role {
        case plain(CompiledMapping)
        case source(Fixtures, SourceSettings)
        case sink(Fixtures, SinkSettings)
        /// Lifts documents of the version of that name.
        case lift(LiftFixtures, String)
    }

    private let role: Role
    /// The connector and its source or sink, `retailer/prices`, or `Schemas/product.v1`; nil for a plain expression.
    public let place: String?

    /// What came of one input.
    public struct Trial: Sendable, Equatable {
        /// What the mapping gives: events, writes, or for a plain expression its one value; empty: nothing.
        public let results: [JSON]
        /// What the schema or the mapping refuses, with the reason.
        public let refusals: [String]
        /// What the results don't tell by themselves.
        public var notes: [String] = []
        /// The file that a sink writes of them, from its first byte to its last; nil where it writes none.
        public var file: [UInt8]?
    }

    /// Finds out what a mapping belongs to, and compiles it.
    ///
    /// - Parameters:
    ///   - file: the mapping's path.
    ///   - installation: where it may belong; nil: nowhere.
    ///   - part: the source or sink, where several use the mapping.
    /// - Throws: `SystemError` when it can't be read, ``MappingError`` or `ConfigurationError` when it doesn't compile.
    public init(_ file: String, in installation: Installation?, as part: String? = nil) throws {
        if let installation, let name = Self.lift(file, in: installation) {
            role = .lift(try LiftFixtures(installation), name)
            place = "Schemas/\(name)"
            return
        }
        let folders = (installation?.folder).map { "\($0)/Connectors/" }
        guard let installation, let folders, file.hasPrefix(folders), let owner = Owner(file.dropFirst(folders.count))
        else {
            let text = try AtomicFile.read(file)
            role = .plain(try CompiledMapping(source: text, file: Path.name(of: file), options: .init()))
            place = nil
            return
        }
        let fixtures = try Fixtures(installation, owner.connector)
        let settings = fixtures.settings
        let sources = settings.sources.filter { $0.map == owner.file && (part == nil || part == $0.name) }
        let sinks = settings.sinks.filter { $0.map == owner.file && (part == nil || part == $0.name) }
        let names = sources.map(\.name) + sinks.map(\.name)
        guard let name = names.first else {
            throw ConfigurationError(
                "no source or sink\(part.map { " \"\($0)\"" } ?? "") of \(owner.connector) has the mapping \(owner.file)"
            )
        }
        guard names.count == 1 || part != nil else {
            throw ConfigurationError(
                "several have the mapping \(owner.file): say with --as which is meant: \(names.joined(separator: ", "))"
            )
        }
        place = "\(owner.connector)/\(name)"
        role = sources.first.map { .source(fixtures, $0) } ?? .sink(fixtures, sinks[0])
    }

    /// `product.v1`: the version whose documents a mapping lifts; nil when it is none of these.
    private static func lift(_ file: String, in installation: Installation) -> String? {
        let (folder, suffix) = ("\(installation.folder)/Schemas/", ".jsonata")
        guard file.hasPrefix(folder), file.hasSuffix(suffix) else { return nil }
        return String(file.dropFirst(folder.utf8.count).dropLast(suffix.utf8.count))
    }

    /// `retailer/prices/main.jsonata`: the connector's name, and the file in its folder.
    private struct Owner {
        let connector: String
        let file: String

        init?(_ path: Substring) {
            guard let slash = path.firstIndex(of: "/") else { return nil }
            connector = String(path[..<slash])
            file = String(path[path.index(after: slash)...])
        }
    }

    /// Maps an input.
    ///
    /// - Parameters:
    ///   - bytes: what a source reads; for a sink a golden record, `{"key": …, "revision": …, "data": {…}}`, as `omni get --json` prints it,
    ///     or its data alone.
    ///   - ext: what the input's name ends in: `json` is one record, anything else is in the source's format.
    /// - Throws: `JSONError` when a plain expression's or a sink's input is no JSON.
    public func run(_ bytes: [UInt8], ext: String = "json") throws -> Trial {
        switch role {
        case .plain(let mapping): return try run(mapping, bytes)
        case .source(let fixtures, let source):
            let found = try fixtures.found(in: source, bytes, ext: ext)
            return Trial(results: found.results, refusals: found.refusals)
        case .sink(let fixtures, let sink):
            return try run(fixtures, sink, try JSON(parsing: bytes))
        case .lift(let fixtures, let name):
            let found = try fixtures.found(bytes, name)
            return Trial(results: found.refusals.isEmpty ? found.results : [], refusals: found.refusals)
        }
    }

    private func run(_ fixtures: Fixtures, _ sink: SinkSettings, _ input: JSON) throws -> Trial {
        var golden = input
        var notes: [String] = []
        if input["data"] == nil, input["verb"] == nil {
            let isPrinted = input["entity"]?.string == sink.of && input["key"] != nil
            let data = isPrinted ? input["document"] ?? input : input
            golden = ["key": "", "revision": input["revision"] ?? 1, "data": data]
            if let key = isPrinted ? input["key"]?.string : fixtures.key(of: data, entity: sink.of) {
                golden["key"] = .string(key)
            } else {
                notes.append(
                    "this has no key: $key is empty, and no number is known of it; give {\"key\": …, \"data\": {…}}")
            }
        }
        let found = try fixtures.found(in: sink, golden)
        if golden["verb"] == nil, found.results.contains(where: { $0["delete"] != nil || $0["absent"] != nil }) {
            notes.append(
                "\(sink.filter == nil ? "the mapping gives nothing" : "'where' doesn't hold, or the mapping gives nothing"): the system isn't meant to have it"
            )
        }
        return Trial(
            results: found.results, refusals: found.refusals, notes: notes, file: try file(of: found.results, by: sink))
    }

    /// The file with what is put into it; nil for what is no file.
    private func file(of results: [JSON], by sink: SinkSettings) throws -> [UInt8]? {
        guard case .file(let settings) = sink.to.transport else { return nil }
        var writer = try FormatCatalog.format(settings.format).writer()
        var tape = Tape()
        for document in results.compactMap({ $0["put"] }) {
            try tape.parse(document.utf8)
            try writer.write(tape.root)
        }
        try writer.finish()
        return writer.take()
    }

    private func run(_ mapping: CompiledMapping, _ bytes: [UInt8]) throws -> Trial {
        var tape = Tape()
        try tape.parse(bytes)
        let context = EvaluationContext(milliseconds: 0, hash: NameSHA1())
        do throws(MappingFailure) {
            let result = try mapping.evaluate(input: tape.root, tape: &tape, context: context)
            return Trial(results: result.map { [JSON($0)] } ?? [], refusals: [])
        } catch {
            guard case .rejected(let rejection) = error else { return Trial(results: [], refusals: ["\(error)"]) }
            return Trial(results: [], refusals: ["\(rejection.reason) (\(error))"])
        }
    }

    // MARK: Fixtures

    /// A fixture of its source or sink.
    public struct Case: Sendable, Equatable {
        /// `sales/refund`.
        public let name: String
        /// The input's path.
        public let path: String
        /// What the path ends in.
        public let ext: String
        /// What is expected; nil when nothing is written down.
        public let expected: JSON?

        /// Where a result differs from what is expected, one line a place.
        public func differences(_ trial: Trial) -> [String] {
            expected.map { Difference.lines(expected: $0, found: .array(trial.results)) } ?? []
        }
    }

    /// The fixtures of its source or sink.
    public var cases: [Case] {
        let (fixtures, files): (Fixtures, [FixtureFile])
        switch role {
        case .plain: return []
        case .lift(let fixtures, let name): return fixtures.cases(of: name)
        case .source(let all, let source):
            (fixtures, files) = (all, all.files().filter { $0.role.isSource(source.name) })
        case .sink(let all, let sink): (fixtures, files) = (all, all.files().filter { $0.role.isSink(sink.name) })
        }
        return files.map { file in
            let expected = "\(fixtures.settings.folder)/fixtures/\(file.title).out.json"
            return Case(
                name: file.title, path: file.path, ext: file.ext,
                expected: (try? AtomicFile.read(expected)).flatMap { try? JSON(parsing: $0) })
        }
    }
}
