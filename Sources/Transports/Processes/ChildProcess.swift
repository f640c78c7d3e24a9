import CLinux
import Glibc

/// A child process: started without inheriting anything by accident, and always reaped.
///
///     let broker = try ChildProcess("noida-db", ["start", "--data-dir", folder], output: .file("broker.log"))
///     …
///     broker.terminate(grace: .seconds(5))
///
/// The child gets the three standard streams and no other descriptor, no blocked signals, and the default action for
/// each signal. Dropping this object leaves the child running; it is reaped all the same when it ends.
public final class ChildProcess: Sendable {
    /// Where the child reads from.
    public enum Input: Sendable {
        /// Nothing: the end at once.
        case null
        /// What this process reads from.
        case inherit
        /// What is written to `input`.
        case pipe
    }

    /// Where the child writes to.
    public enum Output: Sendable {
        /// Nowhere.
        case null
        /// Where this process writes to.
        case inherit
        /// To `output` or `errors`. Read it, or the child will block when the pipe is full.
        case pipe
        /// To the end of the file at this path.
        case file(String)
    }

    /// How to start a child; all but the program have usual values.
    public struct Options: Sendable {
        /// The whole environment; nil passes on this process's own.
        public var environment: [String: String]?
        /// The folder to start in; nil stays in this process's.
        public var folder: String?
        /// Standard input.
        public var input: Input
        /// Standard output.
        public var output: Output
        /// Standard error.
        public var errors: Output
        /// Whether the child leads a process group, which is signalled as a whole. It then no longer gets the
        /// terminal's Ctrl-C.
        public var leadsGroup: Bool

        /// Options, all optional.
        public init(
            environment: [String: String]? = nil, folder: String? = nil, input: Input = .null,
            output: Output = .inherit, errors: Output = .inherit, leadsGroup: Bool = false
        ) {
            self.environment = environment
            self.folder = folder
            self.input = input
            self.output = output
            self.errors = errors
            self.leadsGroup = leadsGroup
        }
    }

    /// The child's process id. It may name another process as soon as `status` is there: signal through `send`.
    public let pid: Int32
    /// Our end of the child's standard input, with `.pipe`.
    public let input: PipeEnd?
    /// Our end of the child's standard output, with `.pipe`.
    public let output: PipeEnd?
    /// Our end of the child's standard error, with `.pipe`.
    public let errors: PipeEnd?
    private let leadsGroup: Bool
    private let end = Monitor<ExitStatus?>(nil)

    /// Starts `program`, a path, or a name to be found on the PATH, with `arguments` (without the program's name).
    public init(_ program: String, _ arguments: [String] = [], options: Options = Options()) throws(SystemError) {
        BrokenPipes.ignore()
        let started = try Spawn.start(program, arguments, options)
        pid = started.pid
        input = started.input
        output = started.output
        errors = started.errors
        leadsGroup = options.leadsGroup
        do throws(SystemError) {
            try reap()
        } catch {
            // Without its reaper the child would become a zombie.
            kill(pid, SIGKILL)
            waitpid(pid, nil, 0)
            throw error
        }
    }

    /// How the child ended; nil while it runs.
    public var status: ExitStatus? { end.withLock { $0 } }

    /// Blocks until the child has ended.
    public func wait() -> ExitStatus { end.wait { $0 } }

    /// Blocks until the child has ended, for as long as `timeout`; nil if it still runs then.
    public func wait(for timeout: Duration) -> ExitStatus? { end.wait(for: timeout) { $0 } }

    /// Sends a signal to the child (or its group), unless it has ended.
    public func send(_ signal: Int32) {
        // Under the lock that the reaper takes: so the id still names our child.
        end.withLock { status in
            if status == nil { kill(leadsGroup ? -pid : pid, signal) }
        }
    }

    /// Asks the child to end (SIGTERM), and kills it (SIGKILL) if it has not after `grace`. Blocks until it is gone.
    @discardableResult
    public func terminate(grace: Duration) -> ExitStatus {
        send(SIGTERM)
        if let status = wait(for: grace) { return status }
        send(SIGKILL)
        return wait()
    }

    /// A thread that waits for the end; so there are no zombies, and no handler for SIGCHLD to share.
    private func reap() throws(SystemError) {
        let pid = pid
        let end = end
        _ = try NamedThread("reap-\(pid)", stackSize: 65_536) {
            var ended = siginfo_t()
            // Only looks: until the lock is held, the zombie keeps the id from being given away.
            retryingInterrupts { waitid(P_PID, id_t(pid), &ended, WEXITED | WNOWAIT) }
            end.withLock { status in
                var waitStatus: Int32 = 0
                retryingInterrupts { waitpid(pid, &waitStatus, 0) }
                status = ExitStatus(waitStatus: waitStatus)
            }
        }
    }
}
