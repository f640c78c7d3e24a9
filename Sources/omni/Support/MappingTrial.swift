import Connector
import Document
import Installation
import Mapping
import Transports

#if canImport(Glibc)
    import Glibc
#endif

/// One look at a mapping that is being worked on: the check's findings, what comes of its inputs, what the schema says.
struct MappingTrial {
    let file: String
    let input: String?
    let part: String?
    let global: GlobalOptions

    /// The files whose change is worth another look.
    func watched() -> [String: FileMark] {
        var paths = [file]
        if let input, FileMark(input) != nil { paths.append(input) }
        let folder = Path.folder(of: Workbench.absolute(file))
        paths += Folders.names(in: folder).map { "\(folder)/\($0)" }
        for inner in Folders.names(in: folder + "/fixtures") {
            paths += Folders.names(in: "\(folder)/fixtures/\(inner)").map { "\(folder)/fixtures/\(inner)/\($0)" }
        }
        if let installation = try? global.load() {
            paths += Folders.names(in: installation.folder + "/Schemas").map { "\(installation.folder)/Schemas/\($0)" }
        }
        return paths.reduce(into: [:]) { $0[$1] = FileMark($1) }
    }

    /// What is shown.
    func lines() -> [String] {
        do {
            let bench = try Workbench.open(file, global, as: part)
            return findings(bench) + (try results(bench))
        } catch {
            return ExcerptText.lines(of: "\(error)", in: file)
        }
    }

    private func findings(_ bench: Workbench) -> [String] {
        guard let place = bench.place, let installation = try? global.load(),
            let connector = place.split(separator: "/").first,
            let reports = connector == "Schemas"
                ? (try? installation.model()).map(LiftCheck.reports)
                : try? MappingCheck(installation, String(connector)).reports()
        else { return [] }
        return reports.filter { "\($0.connector)/\($0.part)" == place }.flatMap { FindingText.lines(of: $0) }
    }

    private func results(_ bench: Workbench) throws -> [String] {
        if let input, FileMark(input) != nil {
            let trial = try bench.run(try AtomicFile.read(input), ext: StandardInput.ext(of: input))
            return shown(trial, whole: true)
        }
        let cases = bench.cases.filter { input == nil || $0.name == input || $0.name.hasSuffix("/\(input!)") }
        guard !cases.isEmpty else {
            guard let input else { return ["give it an input: a file, or a fixture beside the mapping"] }
            return ["there is no file and no fixture \"\(input)\""]
        }
        return try cases.flatMap { fixture in
            let trial = try bench.run(try AtomicFile.read(fixture.path), ext: fixture.ext)
            let differences = fixture.differences(trial)
            let mark = fixture.expected == nil ? "–" : differences.isEmpty ? "✓" : "✗"
            // One fixture is shown whole; of many, those that ask for a look.
            let whole = cases.count == 1 || fixture.expected == nil
            return ["\(mark) \(fixture.name)"] + differences.map { "    \($0)" } + shown(trial, whole: whole)
        }
    }

    private func shown(_ trial: Workbench.Trial, whole: Bool) -> [String] {
        var lines: [String] = []
        if whole {
            lines =
                trial.results.isEmpty
                ? ["nothing"] : trial.results.flatMap { $0.pretty.split(separator: "\n").map(String.init) }
        }
        return lines + trial.notes.map { "note: \($0)" }
            + trial.refusals.flatMap { ExcerptText.lines(of: "✗ \($0)", in: file) }
    }
}

extension Workbench {
    static func absolute(_ file: String) -> String {
        guard let path = realpath(file, nil) else { return file }
        defer { free(path) }
        return String(cString: path)
    }

    /// Opens a mapping's file, in the installation if it lies in one.
    static func open(_ file: String, _ global: GlobalOptions, as part: String?) throws -> Workbench {
        let path = absolute(file)
        // A file of its own needs no installation; one in a connector's folder is told what is wrong with it.
        let belongs = path.contains("/Connectors/") || path.contains("/Schemas/")
        let installation = belongs ? try global.load() : nil
        return try Workbench(path, in: installation, as: part)
    }

    /// What standard input is: one record of JSON when it parses as such, else in the source's format.
    func extensionOfInput(_ bytes: [UInt8]) -> String { (try? JSON(parsing: bytes)) == nil ? "in" : "json" }
}

/// What a command is given on standard input.
enum StandardInput {
    /// All of it.
    static func read() throws -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(STDIN_FILENO, &piece, piece.count)
            guard count >= 0 else {
                throw CommandFailure("cannot read standard input: \(String(cString: strerror(errno)))")
            }
            if count == 0 { return bytes }
            bytes += piece[..<count]
        }
    }

    /// What a path ends in.
    static func ext(of path: String) -> String {
        path.split(separator: "/").last?.split(separator: ".").dropFirst().last.map(String.init) ?? "in"
    }
}
