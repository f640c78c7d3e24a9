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

    /// `sales/refund`.
    var title: String { "\(part)/\(name)" }
}

/// What an input is one of.
enum FixtureRole {
    case source(SourceSettings)
    case sink(SinkSettings)
}

extension Fixtures {
    /// The inputs, in the order of their names.
    func files() -> [FixtureFile] { Self.files(of: settings) }

    func role(of file: FixtureFile, _ bytes: [UInt8]) -> FixtureRole { Self.role(of: file, bytes, settings) }

    /// A connector's inputs, in the order of their names.
    static func files(of settings: ConnectorSettings) -> [FixtureFile] {
        let names = settings.sources.map(\.name) + settings.sinks.map(\.name).filter { settings.source($0) == nil }
        return names.flatMap { part -> [FixtureFile] in
            let folder = "\(settings.folder)/fixtures/\(part)"
            return Folders.names(in: folder).compactMap { file in
                guard let mark = file.firstRange(of: ".in.") else { return nil }
                return FixtureFile(
                    part: part, name: String(file[..<mark.lowerBound]), ext: String(file[mark.upperBound...]),
                    path: "\(folder)/\(file)")
            }
        }
    }

    /// A source and a sink may share a name: a golden record has `key` and `data`.
    static func role(of file: FixtureFile, _ bytes: [UInt8], _ settings: ConnectorSettings) -> FixtureRole {
        let sink = settings.sinks.first { $0.name == file.part }
        guard let source = settings.source(file.part) else { return .sink(sink!) }
        if let sink, file.ext == "json", let json = try? JSON(parsing: bytes), json["key"]?.string != nil,
            json["data"] != nil
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
