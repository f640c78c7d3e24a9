import Document
import Installation
import Mapping
import Transports

extension Fixtures {
    /// Columns that a source's mapping reads and that the header of a CSV fixture lacks: in production every row of such a file
    /// would be taken as if it said nothing there. Those that `optional` names may be lacking.
    ///
    /// - Throws: `SystemError` when a file can't be read.
    public func missingColumns() throws -> [String] {
        try settings.sources.flatMap { source in
            guard let csv = source.format?["csv"] else { return [String]() }
            let optional = Set(csv["optional"]?.array?.compactMap(\.string) ?? [])
            return try files().filter { $0.role.isSource(source.name) }.flatMap { file in
                guard let header = try columns(of: file, source) else { return [String]() }
                return try missing(header, source, optional).map { "fixture \(file.title).in.\(file.ext): \($0)" }
            }
        }
    }

    /// What the header names; nil where no row shows it.
    private func columns(of file: FixtureFile, _ source: SourceSettings) throws -> Outline? {
        var shown = source
        // An empty cell is there: only its column's name counts.
        shown.format?["csv"]?["empty"] = "null"
        var header = Outline.never
        try Self.records(of: shown, try AtomicFile.read(file.path), ext: file.ext) { tape, refusal in
            if refusal == nil { header.formUnion(Outline(sampling: JSON(tape.root))) }
        }
        return header.kinds.isEmpty ? nil : header
    }

    private func missing(_ header: Outline, _ source: SourceSettings, _ optional: Set<String>) throws -> [String] {
        try inspect(source, header).compactMap { finding in
            guard let name = finding.absent, !optional.contains(name) else { return nil }
            let meant = name.meant(among: header.members.keys.sorted()).map { "; did you mean \"\($0)\"?" } ?? ""
            return "the header has no column \"\(name)\", which \(source.map):\(finding.line) reads\(meant)"
        }
    }
}
