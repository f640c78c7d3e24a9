import ArgumentParser
import Installation
import Logging
import Operations
import Transports

#if canImport(Glibc)
    import Glibc
#endif

/// `omni up`: the hub and every connector, each a process, started again when it ends.
struct UpCommand: RunningOn {
    static let configuration = CommandConfiguration(
        commandName: "up", abstract: "Runs the hub and every connector as supervised processes.",
        discussion: """
            Missing topics are created first. A process that ends is started again: at once when it was asked to end, else after \
            100 ms at first, 10 s at most. SIGTERM or Ctrl-C stops all within five seconds. 'omni restart NAME' restarts one. \
            Pids lie in <data>/run.

            EXAMPLE
              omni up
              omni up --only retailer --only crm --no-hub
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var logging: LogOptions

    @Option(help: "Only this connector; may be given several times.")
    var only: [String] = []

    @Flag(inversion: .prefixedNo, help: "Run the hub too.")
    var hub = true

    func run() throws {
        try Supervised.begin()
        let installation = try global.installation(log: logging)
        let log = Logger(label: "up")
        let names = only.isEmpty ? installation.connectors : only
        for name in names { _ = try installation.connector(name) }
        let folder = RunFolder(installation.settings)
        let supervisor = Supervisor(folder: folder, environment: Supervised.environment, log: log)
        let stop = try StopFlag {
            // As long as the broker is waited for there is nothing to end but the waiting.
            LastResort.begin(log, after: supervisor.hasBegun ? .milliseconds(4_900) : .milliseconds(500))
            supervisor.stop()
        }
        let passedOn = global.passedOn + logging.passedOn
        var jobs = names.map { Supervisor.Job(name: $0, arguments: ["connect"] + passedOn + [$0]) }
        if hub { jobs.insert(contentsOf: try hubs(installation.settings, passedOn), at: 0) }
        try folder.claim(jobs.map(\.name))
        let setup = try TopicSetup(installation, log: log)
        guard let created = try StartPatience(stop, log: log)({ try setup.createMissing() }) else { return }
        if !created.isEmpty { log.info("created topics", metadata: ["count": "\(created.count)"]) }
        try supervisor.run(jobs)
        withExtendedLifetime(stop) {}
    }
}

extension UpCommand {
    /// As many hubs as are configured; each API listens one port above the one before.
    private func hubs(_ settings: OmniSettings, _ passedOn: [String]) throws -> [Supervisor.Job] {
        let parts = settings.api.listen.split(separator: ":")
        guard parts.count == 2, let port = Int(parts[1]) else {
            throw ValidationError("api.listen must be host:port, not '\(settings.api.listen)'")
        }
        return (1...settings.hub.instances).map { number in
            guard number > 1 else { return Supervisor.Job(name: "hub", arguments: ["hub"] + passedOn) }
            let listen = "\(parts[0]):\(port == 0 ? 0 : port + number - 1)"
            return Supervisor.Job(
                name: "hub-\(number)",
                arguments: ["hub", "--instance", "\(number)", "--listen", listen] + passedOn)
        }
    }
}

/// What a process does when it is a supervisor's child: it ends when the supervisor does, however that ended.
enum Supervised {
    private static let mark = "OMNI_SUPERVISED"

    /// This process's environment, with the mark for children: who their supervisor is.
    static var environment: [String: String] {
        var environment: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let line = String(cString: text)
            if let equals = line.firstIndex(of: "=") {
                environment[String(line[..<equals])] = String(line[line.index(after: equals)...])
            }
            entry += 1
        }
        environment[mark] = "\(getpid())"
        return environment
    }

    /// Call first in a command that may be a child.
    static func begin() throws {
        guard let supervisor = getenv(mark).flatMap({ Int32(String(cString: $0)) }) else { return }
        try Processes.endWithParent(supervisor)
    }
}

/// Makes a folder and those above it.
func makeFolder(_ path: String) throws {
    var made = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
        made += (made.isEmpty || made.hasSuffix("/") ? "" : "/") + part
        if mkdir(made, 0o755) != 0, errno != EEXIST { throw SystemError.last("mkdir", made) }
    }
}
