import ArgumentParser
import Document
import Installation
import Logging

#if canImport(Glibc)
    import Glibc
#endif

/// How the commands that run on write their log, which is all that they have to say.
struct LogOptions: ParsableArguments {
    @Flag(name: .customLong("json"), help: "Write the log as JSON objects, a line each, also on a terminal.")
    var json = false

    /// The arguments that have a child do the same.
    var passedOn: [String] { json ? ["--json"] : [] }
}

/// A command that runs on.
protocol RunningOn: ParsableCommand {
    var logging: LogOptions { get }
}

/// What every command understands.
struct GlobalOptions: ParsableArguments {
    @Option(name: [.customShort("C"), .customLong("directory")], help: "The installation: the folder with omni.yaml.")
    var folder = "."

    @Option(name: .customLong("env"), help: "Lays omni.<env>.yaml over omni.yaml.")
    var environment: String?

    @Option(name: .customLong("log-level"), help: "trace, debug, info, notice, warning, error or critical.")
    var logLevel: String?

    /// Reads the installation and sets the process's log up.
    ///
    /// - Parameter isShort: the command answers and ends: what it can't do it says itself, so the log keeps quiet.
    /// - Parameter log: what a command that runs on was told about its log.
    func installation(isShort: Bool = false, log: LogOptions? = nil) throws -> Installation {
        let installation: Installation
        do { installation = try load() } catch {
            // Whoever reads its log as JSON reads this, too.
            if let log { StructuredLog.install(level: .info, style: log.json ? .json : nil) }
            throw error
        }
        let level = logLevel ?? (isShort ? "critical" : installation.settings.log.level.rawValue)
        guard let level = Logger.Level(rawValue: level) else {
            throw ValidationError("--log-level: there is no level '\(level)'")
        }
        let isJSON = log?.json == true || installation.settings.log.form == .json
        StructuredLog.install(level: level, style: isJSON ? .json : nil)
        return installation
    }

    /// Reads the installation as it lies there now; the log stays as it is.
    func load() throws -> Installation {
        let folder = String(validatingCString: realpath(folder, nil) ?? strdup(folder)) ?? folder
        return try Installation.load(folder: folder, environment: environment)
    }

    /// The arguments with those of these options that stand before the command moved to the end: `omni -C DIR lag`.
    static func behindTheCommand(_ arguments: [String]) -> [String] {
        let names: Set<String> = ["-C", "--directory", "--env", "--log-level"]
        var first = 0
        while first < arguments.count {
            let name = arguments[first].split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard names.contains(String(name.first ?? "")) else { break }
            first += name.count == 2 ? 1 : 2
        }
        guard first > 0, first < arguments.count else { return arguments }
        let rest = arguments[first...]
        let end = rest.firstIndex(of: "--") ?? rest.endIndex
        return Array(rest[..<end]) + arguments[..<first] + rest[end...]
    }

    /// The arguments that give a child the same installation.
    var passedOn: [String] {
        ["-C", folder] + (environment.map { ["--env", $0] } ?? []) + (logLevel.map { ["--log-level", $0] } ?? [])
    }
}
