import CLinux
import Glibc

/// A broker as a child process: spawned, waited for, stopped.
///
/// The child ends with its parent, however the parent ends: a shell between them reads from a socket whose other end
/// only the parent has, and stops the broker when that closes. (PR_SET_PDEATHSIG would not do: it tells of the death of
/// the thread that spawned.)
public final class BrokerProcess: Sendable {
    /// The port it listens on, on 127.0.0.1.
    public let port: UInt16
    private let shell: pid_t
    private let leash: Int32

    /// What went wrong.
    public struct Failure: Error, CustomStringConvertible {
        /// What, and with what.
        public let description: String

        /// A failure, in words.
        public init(description: String) { self.description = description }
    }

    private static let script = """
        exec 3<&0
        "$@" </dev/null >"$0/broker.log" 2>&1 3<&- &
        broker=$!
        (read -r _ <&3; kill "$broker" 2>/dev/null) &
        wait "$broker"
        """

    /// Starts `executable` with its data in `folder`, and waits until it answers Kafka requests.
    ///
    /// - Parameters:
    ///   - port: Where to listen; nil takes a free port.
    ///   - removesFolder: True removes the folder once the broker has ended.
    public init(
        executable: String, folder: String, port: UInt16? = nil, removesFolder: Bool = false, patienceSeconds: Int = 20
    ) throws {
        guard access(executable, X_OK) == 0 else {
            throw Failure(description: "there is no broker at \(executable): run `make setup`")
        }
        self.port = try port ?? Self.freePort()
        var ends: [Int32] = [-1, -1]
        // A pair of sockets, as a pipe can't be kept from other children of this process in one step.
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw Failure(description: "socketpair: errno \(errno)")
        }
        leash = ends[1]
        defer { close(ends[0]) }
        let script = Self.script + (removesFolder ? "\nrm -rf \"$0\"" : "")
        let arguments = [
            "/bin/sh", "-c", script, folder, executable, "start", "--only", "kafka", "--data-dir", folder, "--host",
            "127.0.0.1", "--kafka-port", "\(self.port)",
        ]
        do { shell = try Self.spawn(arguments, input: ends[0]) } catch {
            close(leash)
            throw error
        }
        guard waitUntilReady(seconds: patienceSeconds) else {
            stop()
            throw Failure(description: "the broker at \(executable) did not answer on port \(self.port)")
        }
    }

    /// Stops the broker, and waits until it has ended.
    public func stop() {
        close(leash)
        var status: Int32 = 0
        for _ in 0..<500 {
            if waitpid(shell, &status, WNOHANG) != 0 { return }
            usleep(10_000)
        }
        kill(-shell, SIGKILL)
        waitpid(shell, &status, 0)
    }

    /// Lets it fall silent, or go on: its connections stand, and nothing is answered. It must go on before it is stopped.
    public func suspend(_ suspends: Bool) { kill(-shell, suspends ? SIGSTOP : SIGCONT) }

    /// A port that nobody listens on at the moment.
    public static func freePort() throws -> UInt16 {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard listener >= 0 else { throw Failure(description: "socket: errno \(errno)") }
        defer { close(listener) }
        var address = loopback(port: 0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let failed = withUnsafeMutableBytes(of: &address) { bytes in
            let address = bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self)
            return bind(listener, address, size) != 0 || getsockname(listener, address, &size) != 0
        }
        guard !failed else { throw Failure(description: "no free port: errno \(errno)") }
        return UInt16(bigEndian: address.sin_port)
    }

    private static func spawn(_ arguments: [String], input: Int32) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // Nothing of this process is handed on: whoever waits for its output must not wait for the broker.
        posix_spawn_file_actions_adddup2(&actions, input, 0)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        for descriptor in 3..<Int32(min(limit.rlim_cur, 1_024)) {
            posix_spawn_file_actions_addclose(&actions, descriptor)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A group of its own: Ctrl-C is for the parent, which then stops the broker in its time. Signals as by default:
        // this thread may have blocked them all.
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        for signal in [SIGINT, SIGTERM, SIGPIPE, SIGHUP, SIGCHLD] { sigaddset(&signals, signal) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var pid: pid_t = 0
        let result = posix_spawn(&pid, arguments[0], &actions, &attributes, &words, omni_environment())
        guard result == 0 else { throw Failure(description: "\(arguments[0]): errno \(result)") }
        return pid
    }

    private func waitUntilReady(seconds: Int) -> Bool {
        for _ in 0..<(seconds * 50) {
            if answers() { return true }
            if ended() { return false }
            usleep(20_000)
        }
        return false
    }

    /// True if the child has ended; it stays to be waited for.
    private func ended() -> Bool {
        var information = siginfo_t()
        waitid(P_PID, id_t(shell), &information, WEXITED | WNOHANG | WNOWAIT)
        return information.si_signo == SIGCHLD
    }

    /// True if an ApiVersions request (version 0) is answered.
    private func answers() -> Bool {
        let connection = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard connection >= 0 else { return false }
        defer { close(connection) }
        var patience = timeval(tv_sec: 1, tv_usec: 0)
        setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var address = Self.loopback(port: port)
        let connected = withUnsafeBytes(of: &address) {
            connect(connection, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count)) == 0
        }
        guard connected else { return false }
        // Size 10; key 18, version 0, correlation 1, client id null.
        let request: [UInt8] = [0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff]
        guard send(connection, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
            return false
        }
        var size: [UInt8] = [0, 0, 0, 0]
        return recv(connection, &size, 4, Int32(MSG_WAITALL)) == 4
    }

    private static func loopback(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }
}
