import ArgumentParser
import Connector
import Installation
import Logging
import Operations
import Synchronization

/// `omni connect NAME`: one connector's process.
struct ConnectCommand: RunningOn {
    static let configuration = CommandConfiguration(
        commandName: "connect", abstract: "Runs one connector: its sources and its sinks.",
        discussion: """
            A connector is a folder in Connectors/. Missing topics are created first.

            EXAMPLE
              omni connect retailer
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var logging: LogOptions

    @Argument(help: "The connector's folder in Connectors/.")
    var name: String

    func run() throws {
        try Supervised.begin()
        let installation = try global.installation(log: logging)
        let log = Logger(label: "connector.\(name)")
        let running = Running()
        let stop = try StopFlag { [log] in
            LastResort.begin(log)
            running.stop()
        }
        let connector = try ConnectorProcess(installation, name, log: log)
        running.set(connector)
        let setup = try TopicSetup(installation, try connector.admin)
        guard try StartPatience(stop, log: log)({ try setup.createMissing() }) != nil else { return }
        try connector.run()
        log.info("the connector has stopped")
    }
}

/// The connector that a signal stops, once there is one.
private final class Running: Sendable {
    private let connector = Mutex<ConnectorProcess?>(nil)

    func set(_ value: ConnectorProcess) { connector.withLock { $0 = value } }
    func stop() { connector.withLock { $0 }?.stop() }
}
