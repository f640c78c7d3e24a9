import Logging
import Synchronization
import Transports

#if canImport(Glibc)
    import Glibc
#endif

/// How long a process that ended rests before it is started again: doubling from 100 ms to 10 s, from the start again
/// once it has run for half a minute.
struct RestartDelay: Sendable, Equatable {
    static let first = Duration.milliseconds(100)
    static let longest = Duration.seconds(10)
    static let healthyAfter = Duration.seconds(30)

    private var next = first

    /// The rest after a run of that length.
    mutating func after(run: Duration) -> Duration {
        if run >= Self.healthyAfter { next = Self.first }
        defer { next = min(next * 2, Self.longest) }
        return next
    }
}

/// Runs processes and starts them again when they end, until it is told to stop.
///
/// Each child's pid lies in `<folder>/<name>.pid`, for operators and for the demo.
final class Supervisor: Sendable {
    /// A process to run: this executable with these arguments.
    struct Job: Sendable {
        let name: String
        let arguments: [String]
    }

    private struct State {
        var children: [String: ChildProcess] = [:]
        var stopping = false
    }

    private let state = Monitor(State())
    private let folder: String
    private let environment: [String: String]
    private let log: Logger

    /// - Parameters:
    ///   - folder: where the pid files lie.
    ///   - environment: the children's whole environment.
    init(folder: String, environment: [String: String], log: Logger) {
        self.folder = folder
        self.environment = environment
        self.log = log
    }

    /// Runs the jobs until ``stop()``; returns when all have ended.
    func run(_ jobs: [Job]) throws {
        let threads = try jobs.map { job in try NamedThread("up \(job.name)") { [self] in keep(job) } }
        for thread in threads { thread.join() }
    }

    /// Ends every child: SIGTERM, and SIGKILL after five seconds.
    func stop() {
        let children = state.withLock { state in
            state.stopping = true
            return Array(state.children.values)
        }
        let enders = children.compactMap { child in
            try? NamedThread("end \(child.pid)") { child.terminate(grace: .seconds(5)) }
        }
        for thread in enders { thread.join() }
    }

    private func keep(_ job: Job) {
        var delay = RestartDelay()
        while true {
            let began = ContinuousClock.now
            let outcome = run(job)
            if state.withLock({ $0.stopping }) { return }
            let rest = delay.after(run: ContinuousClock.now - began)
            log.warning(
                "a process ended and is started again",
                metadata: ["process": "\(job.name)", "how": "\(outcome)", "in": "\(rest)"])
            let stopped: Void? = state.wait(for: rest) { $0.stopping ? () : nil }
            if stopped != nil { return }
        }
    }

    /// Runs a job once; answers how it ended.
    private func run(_ job: Job) -> String {
        let started: ChildProcess?
        do {
            started = try state.withLock { state in
                // Under the lock: a child is never started behind the back of `stop()`.
                guard !state.stopping else { return nil }
                let child = try ChildProcess(
                    Self.executable, job.arguments, options: .init(environment: environment, leadsGroup: true))
                state.children[job.name] = child
                return child
            }
        } catch {
            return "it could not be started: \(error)"
        }
        guard let child = started else { return "stopped" }
        let file = "\(folder)/\(job.name).pid"
        do {
            try AtomicFile.replace(file, with: Array("\(child.pid)\n".utf8))
        } catch {
            log.warning("a pid file can't be written", metadata: ["file": "\(file)", "error": "\(error)"])
        }
        let status = child.wait()
        state.withLock { $0.children[job.name] = nil }
        unlink(file)
        return "\(status)"
    }

    /// This program's own file.
    static let executable: String = {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        return count > 0
            ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : "/proc/self/exe"
    }()
}
