import Document
import Installation

extension Fixtures {
    /// What lies among the fixtures and is read by nobody: folders of no source or sink, and files that are neither an input nor
    /// what comes of one. Notes (`*.md`) may lie anywhere.
    public var strays: [String] {
        let folder = "\(settings.folder)/fixtures"
        let parts = Set(settings.sources.map(\.name) + settings.sinks.map(\.name))
        return Self.names(in: folder).flatMap { name -> [String] in
            if parts.contains(name) { return Self.strays(among: Self.names(in: "\(folder)/\(name)"), of: name) }
            if Self.known.contains(name) { return [] }
            let meant = name.meant(among: parts.sorted() + Self.known)
            let help =
                meant.map { "did you mean \"\($0)\"?" }
                ?? "there are: \((parts.sorted() + Self.known).joined(separator: ", "))"
            return ["fixtures/\(name): no source or sink is called so; \(help)"]
        }
    }

    /// What all fixtures know of: see ``Fixtures``.
    private static let known = ["ids.json", "reservations.json"]

    private static func names(in folder: String) -> [String] {
        Folders.names(in: folder).filter { !$0.hasSuffix(".md") }
    }

    private static func strays(among files: [String], of part: String) -> [String] {
        let cases = Set(files.compactMap { file in file.firstRange(of: ".in.").map { String(file[..<$0.lowerBound]) } })
        return files.compactMap { file in
            if file.contains(".in.") { return nil }
            guard file.hasSuffix(".out.json") else {
                return "fixtures/\(part)/\(file): an input is called <case>.in.<ext>, what comes of it <case>.out.json"
            }
            let name = String(file.dropLast(".out.json".utf8.count))
            return cases.contains(name) ? nil : "fixtures/\(part)/\(file): there is no input \(name).in.…"
        }
    }
}
