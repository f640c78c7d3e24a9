import Digests
import EmbeddedBroker
import Glibc
import Transports

/// One run's processes and folder: set up in order, watched, and taken down again whatever happened.
final class Stage {
    let settings: StageSettings
    let layout: Layout
    private var broker: BrokerProcess?
    private var children: [(name: String, process: ChildProcess)] = []

    /// Prepares the folder; nothing runs yet.
    init(_ settings: StageSettings) throws {
        self.settings = settings
        let folder = try settings.keep.map(Self.keptFolder) ?? Self.temporaryFolder()
        layout = try Layout.fresh(in: folder, broker: settings.broker)
        for folder in [layout.brokerFolder, layout.data, layout.logs] { try Folder.create(folder) }
    }

    // MARK: Setting up

    /// Fails when the installation isn't one, or wants what the demonstration doesn't know.
    func checkInstallation() throws {
        let main = settings.installation + "/omni.yaml"
        guard Folder.holds(main) else {
            throw StageFailure("there is no omni.yaml in \(settings.installation); name the installation with -C")
        }
        let connectors = try Folder.names(in: settings.installation + "/Connectors")
        let files = [main] + connectors.map { "\(settings.installation)/Connectors/\($0)/connector.yaml" }
        let environment = layout.environment(over: settings.environment)
        for file in files where Folder.holds(file) {
            let text = String(decoding: try AtomicFile.read(file), as: UTF8.self)
            if let name = Layout.required(by: text).subtracting(environment.keys).min() {
                throw StageFailure("\(file) needs the environment variable \(name), which the demo doesn't set")
            }
        }
    }

    func startBroker() throws {
        guard settings.broker == nil else { return }
        let port = layout.broker.split(separator: ":").last.flatMap { UInt16($0) }
        broker = try BrokerProcess(
            executable: settings.installation + "/.tools/broker/noida-db", folder: layout.brokerFolder, port: port)
    }

    /// Starts the shop or the CRM; it answers once ``WebClient/isUp``.
    func startSystem(_ name: String, port: Int, token: String) throws {
        var environment = settings.environment
        environment["DEMO_TOKEN"] = token
        try start(
            name, ["demo-system", name, "--folder", layout.folder(of: name), "--port", "\(port)"], environment)
    }

    /// Starts the hub and the connectors under `omni up`.
    func startOmni() throws {
        try start(
            "omni", ["up", "-C", settings.installation] + settings.arguments,
            layout.environment(over: settings.environment))
    }

    private func start(_ name: String, _ arguments: [String], _ environment: [String: String]) throws {
        // A group of its own: Ctrl-C is for the demonstration, which then stops everything in its time.
        let options = ChildProcess.Options(
            environment: environment, output: .file(layout.log(of: name)), errors: .file(layout.log(of: name)),
            leadsGroup: true)
        children.append((name, try ChildProcess(settings.executable, arguments, options: options)))
    }

    // MARK: While it runs

    /// Fails when one of the processes has ended.
    func check() throws {
        for (name, process) in children {
            guard let status = process.status else { continue }
            let words = lastWords(of: name)
            throw StageFailure(
                "the process '\(name)' ended: \(status)" + (words.isEmpty ? "" : "\n" + words))
        }
    }

    /// The last lines of a process's log.
    func lastWords(of process: String) -> String {
        guard let bytes = try? AtomicFile.read(layout.log(of: process)) else { return "" }
        let lines = String(decoding: bytes.suffix(4000), as: UTF8.self).split(separator: "\n")
        return lines.suffix(2).map { "    " + String($0).shortened(to: 400) }.joined(separator: "\n")
    }

    /// The process that `omni up` runs under that name; nil while there is none.
    func pid(of process: String) -> Int32? {
        guard let bytes = try? AtomicFile.read(layout.pidFile(of: process)) else { return nil }
        let digits = String(decoding: bytes, as: UTF8.self).prefix { $0.isNumber }
        guard let pid = Int32(digits), pid > 1 else { return nil }
        return pid
    }

    // MARK: Taking down

    /// Ends every process that was started here; each within a few seconds.
    func stop() {
        for (_, process) in children.reversed() { process.terminate(grace: .seconds(8)) }
        children = []
        broker?.stop()
        broker = nil
    }

    /// Removes the folder, if it was a temporary one.
    func removeFolder() {
        if settings.keep == nil { Folder.remove(layout.folder) }
    }

    private static func temporaryFolder() throws -> String {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/omni-demo-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError.last("mkdtemp", parent) }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// A run begins with nothing: what an older one left would tell another story.
    private static func keptFolder(_ path: String) throws -> String {
        try Folder.create(path)
        guard try Folder.names(in: path).isEmpty else {
            throw StageFailure("\(path) isn't empty: name a new folder to keep this run in")
        }
        guard let resolved = realpath(path, nil) else { throw SystemError.last("realpath", path) }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}

extension Layout {
    /// A layout with free ports and secrets of its own.
    /// - Parameter broker: `host:port` of a Kafka that runs already; nil takes a port for the embedded one.
    package static func fresh(in folder: String, broker: String?) throws -> Layout {
        var ports: [Int] = []
        while ports.count < 5 {
            let port = try Loopback.freePort()
            if !ports.contains(port) { ports.append(port) }
        }
        return Layout(
            folder: folder, broker: broker ?? "127.0.0.1:\(ports[4])", isEmbedded: broker == nil,
            prefix: "demo-\(Hex.encode(SecureRandom.bytes(4)))",
            ports: .init(api: ports[0], shop: ports[1], crm: ports[2], webhooks: ports[3]),
            secrets: .init(
                shop: Hex.encode(SecureRandom.bytes(16)), crm: Hex.encode(SecureRandom.bytes(16)),
                webhooks: Hex.encode(SecureRandom.bytes(16))))
    }
}
