import EmbeddedBroker
import Glibc
import Synchronization

/// One broker for all tests of a process, on a free port of 127.0.0.1, with its data in a temporary folder. It starts
/// when first asked for and ends with the process. Tests keep apart by names: ``unique(_:)``.
public final class TestBroker: Sendable {
    /// For `bootstrap.servers`.
    public let bootstrapServers: String
    private let process: BrokerProcess
    private let names = Atomic(0)

    private static let only = Result { try TestBroker() }

    /// The broker.
    public static var shared: TestBroker {
        get throws { try only.get() }
    }

    /// Starts a broker of one's own, for tests that stop it.
    public init() throws {
        var template = Array("/tmp/omni-broker-XXXXXX".utf8CString)
        guard let folder = mkdtemp(&template).map({ String(cString: $0) }) else {
            throw BrokerProcess.Failure(description: "no temporary folder: errno \(errno)")
        }
        process = try BrokerProcess(executable: Self.executable, folder: folder, removesFolder: true)
        bootstrapServers = "127.0.0.1:\(process.port)"
    }

    /// A name nobody else uses: of a topic, a group, a transactional id.
    public func unique(_ name: String) -> String {
        "\(name)-\(names.wrappingAdd(1, ordering: .relaxed).newValue)"
    }

    /// Stops the broker. Not for the shared one.
    public func stop() { process.stop() }

    /// What `make setup` has put there.
    private static var executable: String {
        let package = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        return package.joined(separator: "/") + "/.tools/broker/noida-db"
    }
}
