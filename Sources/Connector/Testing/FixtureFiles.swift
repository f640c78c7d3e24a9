import Document
import Formats
import Installation
import Transports

/// One input among a connector's fixtures.
struct FixtureFile {
    /// The source or sink whose folder it lies in.
    let part: String
    /// The case: `refund` for `refund.in.json`.
    let name: String
    /// What its name ends in: `json`, `jsonl`, `edi`.
    let ext: String
    let path: String
    /// Whose it is.
    let role: FixtureRole

    /// `sales/refund`.
    var title: String { "\(part)/\(name)" }
}

/// What an input is one of.
enum FixtureRole {
    case source(SourceSettings)
    case sink(SinkSettings)

    func isSource(_ name: String) -> Bool { if case .source(let source) = self { source.name == name } else { false } }

    func isSink(_ name: String) -> Bool { if case .sink(let sink) = self { sink.name == name } else { false } }
}

extension Fixtures {
    /// The inputs, in the order of their names.
    func files() -> [FixtureFile] { Self.files(of: settings) }

    /// A connector's inputs, in the order of their names.
    static func files(of settings: ConnectorSettings) -> [FixtureFile] {
        let names = settings.sources.map(\.name) + settings.sinks.map(\.name).filter { settings.source($0) == nil }
        return names.flatMap { part -> [FixtureFile] in
            let folder = "\(settings.folder)/fixtures/\(part)"
            return Folders.names(in: folder).compactMap { file in
                guard let mark = file.firstRange(of: ".in.") else { return nil }
                let (ext, path) = (String(file[mark.upperBound...]), "\(folder)/\(file)")
                return FixtureFile(
                    part: part, name: String(file[..<mark.lowerBound]), ext: ext, path: path,
                    role: role(of: path, ext, in: part, settings))
            }
        }
    }

    /// A source and a sink may share a name: a golden record has `key` and `data`.
    private static func role(
        of path: String, _ ext: String, in part: String, _ settings: ConnectorSettings
    ) -> FixtureRole {
        let sink = settings.sinks.first { $0.name == part }
        guard let source = settings.source(part) else { return .sink(sink!) }
        if let sink, ext == "json", let json = (try? AtomicFile.read(path)).flatMap({ try? JSON(parsing: $0) }),
            json["key"]?.string != nil, json["data"] != nil
        {
            return .sink(sink)
        }
        return .source(source)
    }

    /// Reads what a source reads: a record as JSON, or a file in the source's format.
    ///
    /// - Parameter each: is given each record as the mapping gets it, on a tape; or, with the reason, what can't be read.
    static func records(
        of source: SourceSettings, _ bytes: [UInt8], ext: String, each: (inout Tape, _ refusal: String?) -> Void
    ) throws {
        var tape = Tape()
        if ext == "json", source.format == nil {
            do throws(JSONError) {
                try tape.parse(bytes)
                each(&tape, nil)
            } catch {
                each(&tape, "line \(error.line): \(error.reason)")
            }
            return
        }
        try bytes.withUnsafeBytes { bytes in
            var reader = try FormatCatalog.format(source.format ?? .string("json-lines")).reader(over: bytes)
            while true {
                do throws(FormatError) {
                    guard try reader.next(into: &tape) != nil else { break }
                    each(&tape, nil)
                } catch {
                    each(&tape, error.description)
                    if error.scope == .file { break }
                }
            }
        }
    }
}
