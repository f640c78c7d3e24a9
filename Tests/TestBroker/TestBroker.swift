import EmbeddedBroker
import Glibc
import Synchronization

/// One broker for all tests of a process: the embedded one, on a free port of 127.0.0.1, with its data in a temporary
/// folder; it starts when first asked for and ends with the process. With `BROKER=host:port` in the environment it is
/// the Kafka that runs there. Tests keep apart by names: ``unique(_:)``.
public final class TestBroker: Sendable {
    /// For `bootstrap.servers`.
    public let bootstrapServers: String
    private let process: BrokerProcess?
    private let run: String
    private let names = Atomic(0)

    /// The broker.
    public static var shared: TestBroker {
        get throws { try only.get() }
    }

    private static let only = Result {
        if let given = getenv("BROKER") { TestBroker(at: String(cString: given)) } else { try TestBroker() }
    }

    private init(at servers: String) {
        process = nil
        bootstrapServers = servers
        // It outlives this run, and others may use it.
        run = "t\(getpid())x\(time(nil) % 1_000_000)-"
    }

    /// Starts an embedded broker of one's own, for tests that stop it.
    ///
    /// - Parameter port: where it listens; nil takes a free one.
    public init(port: UInt16? = nil) throws {
        run = ""
        var template = Array("/tmp/omni-broker-XXXXXX".utf8CString)
        guard let folder = mkdtemp(&template).map({ String(cString: $0) }) else {
            throw BrokerProcess.Failure(description: "no temporary folder: errno \(errno)")
        }
        let process = try BrokerProcess(executable: Self.executable, folder: folder, port: port, removesFolder: true)
        self.process = process
        bootstrapServers = "127.0.0.1:\(process.port)"
    }

    /// Stops an embedded broker. Not for the shared one.
    public func stop() { process?.stop() }

    /// Lets an embedded broker fall silent, or go on. Not for the shared one.
    public func suspend(_ suspends: Bool) { process?.suspend(suspends) }

    /// Whether it is the embedded one, which lacks some of what Apache Kafka does (docs/decisions/0003, CONTRIBUTING.md).
    public var isEmbedded: Bool { process != nil }

    /// A name nobody else uses: of a topic, a group, a transactional id.
    public func unique(_ name: String) -> String {
        "\(run)\(name)-\(names.wrappingAdd(1, ordering: .relaxed).newValue)"
    }

    /// What `make setup` has put there.
    private static var executable: String {
        let package = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        return package.joined(separator: "/") + "/.tools/broker/noida-db"
    }
}
