import Demo
import Digests
import EmbeddedBroker
import Glibc
import Transports

/// Every process of a run: the broker, the shop and the CRM, `omni up` with the hub and the connectors, and further hubs
/// that come and go. Any of them may be killed; what must come back does.
final class Cast: Sendable {
    let layout: Layout
    let installation: String
    let omni: String
    private let own: [String: String]
    /// What `omni`'s processes get over the run's variables.
    let variables: [String: String]
    private let children = Monitor<[String: ChildProcess]>([:])
    private let broker = Monitor<BrokerProcess?>(nil)

    /// - Parameters:
    ///   - omni: the program.
    ///   - variables: over those of the layout, such as the addresses of faulty doors.
    init(_ layout: Layout, installation: String, omni: String, variables: [String: String]) {
        self.layout = layout
        self.installation = installation
        self.omni = omni
        self.variables = variables
        own = Self.environment()
    }

    // MARK: Coming

    func startBroker() throws {
        guard layout.isEmbedded else { return }
        let started = try BrokerProcess(
            executable: installation + "/.tools/broker/noida-db", folder: layout.brokerFolder,
            port: layout.broker.split(separator: ":").last.flatMap { UInt16($0) })
        broker.withLock { $0 = started }
    }

    /// Starts the shop or the CRM.
    func startSystem(_ name: String) throws {
        var environment = own
        environment["DEMO_TOKEN"] = name == "shop" ? layout.secrets.shop : layout.secrets.crm
        let port = name == "shop" ? layout.ports.shop : layout.ports.crm
        try start(
            name, ["demo-system", name, "--folder", layout.folder(of: name), "--port", "\(port)"], environment)
    }

    /// Starts the hub and the connectors under their supervisor.
    func startOmni() throws { try start("omni", ["up", "-C", installation], environment) }

    /// Starts a further hub.
    ///
    /// - Parameter name: of the process here; `instance` is its name in the group.
    func startHub(_ name: String, instance: String, api: Int) throws {
        var environment = environment
        environment["OMNI_API"] = "127.0.0.1:\(api)"
        environment["OMNI_DATA"] = "\(layout.folder)/data-\(name)"
        mkdir("\(layout.folder)/data-\(name)", 0o755)
        try start(name, ["hub", "-C", installation, "--instance", instance], environment)
    }

    /// Starts a connector beside the one that `omni up` runs: whoever comes later takes the earlier one's place.
    func startConnector(_ name: String, _ connector: String) throws {
        try start(name, ["connect", "-C", installation, connector], environment)
    }

    private var environment: [String: String] { layout.environment(over: own).merging(variables) { $1 } }

    private func start(_ name: String, _ arguments: [String], _ environment: [String: String]) throws {
        let log = layout.log(of: name)
        let child = try ChildProcess(
            omni, arguments,
            options: .init(environment: environment, output: .file(log), errors: .file(log), leadsGroup: true))
        children.withLock { $0[name] = child }
    }

    /// What `omni` says to a command of an operator's, with its exit status; nil when it takes longer than `limit`.
    func ask(_ arguments: [String], within limit: Duration = .seconds(30)) throws -> (status: Int32, text: String)? {
        let answer = "\(layout.folder)/answer-\(Hex.encode(SecureRandom.bytes(4)))"
        defer { unlink(answer) }
        let child = try ChildProcess(
            omni, arguments + ["-C", installation],
            options: .init(environment: environment, output: .file(answer), errors: .null))
        guard let status = child.wait(for: limit) else {
            child.terminate(grace: .seconds(1))
            return nil
        }
        let text = String(decoding: (try? AtomicFile.read(answer)) ?? [], as: UTF8.self)
        return (status == .exited(0) ? 0 : 1, text)
    }

    // MARK: Going

    /// A process that was started here; nil when it has ended.
    func child(_ name: String) -> ChildProcess? {
        children.withLock { $0[name] }.flatMap { $0.status == nil ? $0 : nil }
    }

    /// The id of a process that `omni up` runs; nil while there is none.
    func pid(_ name: String) -> Int32? {
        guard let bytes = try? AtomicFile.read(layout.pidFile(of: name)) else { return nil }
        let pid = Int32(String(decoding: bytes, as: UTF8.self).prefix { $0.isNumber }) ?? 0
        // Only what still is one of ours: ids are given away again.
        guard pid > 1, let line = try? AtomicFile.read("/proc/\(pid)/cmdline"),
            String(decoding: line, as: UTF8.self).hasPrefix(omni)
        else { return nil }
        return pid
    }

    /// Ends everything.
    func stop() {
        let running = children.withLock { children in
            defer { children = [:] }
            return Array(children.values)
        }
        for child in running { child.send(SIGCONT) }
        for child in running { child.terminate(grace: .seconds(10)) }
        broker.withLock { broker in
            broker?.stop()
            broker = nil
        }
    }

    private static func environment() -> [String: String] {
        var environment: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let line = String(cString: text)
            if let equals = line.firstIndex(of: "=") {
                environment[String(line[..<equals])] = String(line[line.index(after: equals)...])
            }
            entry += 1
        }
        return environment
    }
}
