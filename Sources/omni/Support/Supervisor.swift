import Logging
import Synchronization
import Transports

#if canImport(Glibc)
    import Glibc
#endif

/// How long a process that ended rests before it is started again: doubling from 100 ms to 10 s, from the start again
/// once it has run for half a minute, or was asked to end.
struct RestartDelay: Sendable, Equatable {
    static let first = Duration.milliseconds(100)
    static let longest = Duration.seconds(10)
    static let healthyAfter = Duration.seconds(30)
    /// What ends sooner was hardly started by somebody who wanted it to run: no loop may turn without growing rests.
    static let deliberateAfter = Duration.seconds(1)

    private var next = first

    /// The rest after a run of that length.
    ///
    /// - Parameter isDeliberate: it ended well, as a process does that was asked to (SIGTERM).
    mutating func after(run: Duration, isDeliberate: Bool) -> Duration {
        if run >= (isDeliberate ? Self.deliberateAfter : Self.healthyAfter) { next = Self.first }
        defer { next = min(next * 2, Self.longest) }
        return next
    }
}

/// Runs processes and starts them again when they end, until it is told to stop.
///
/// Each child's pid lies in the run folder, for operators and for the demo.
final class Supervisor: Sendable {
    /// A process to run: this executable with these arguments.
    struct Job: Sendable {
        let name: String
        let arguments: [String]
    }

    private struct State {
        var children: [String: ChildProcess] = [:]
        var stopping = false
        var begun = false
    }

    private let state = Monitor(State())
    private let folder: RunFolder
    private let environment: [String: String]
    private let log: Logger

    /// - Parameters:
    ///   - folder: where the pid files lie; the jobs are claimed there.
    ///   - environment: the children's whole environment.
    init(folder: RunFolder, environment: [String: String], log: Logger) {
        self.folder = folder
        self.environment = environment
        self.log = log
    }

    /// Whether there are processes to end.
    var hasBegun: Bool { state.withLock { $0.begun } }

    /// Runs the jobs until ``stop()``; returns when all have ended.
    func run(_ jobs: [Job]) throws {
        state.withLock { $0.begun = true }
        let threads = try jobs.map { job in try NamedThread("up \(job.name)") { [self] in keep(job) } }
        for thread in threads { thread.join() }
    }

    /// Ends every child: SIGTERM, and SIGKILL before five seconds are over; they end by themselves before that (`LastResort`).
    func stop() {
        let children = state.withLock { state in
            state.stopping = true
            return Array(state.children.values)
        }
        let enders = children.compactMap { child in
            try? NamedThread("end \(child.pid)") { child.terminate(grace: .milliseconds(4_700)) }
        }
        for thread in enders { thread.join() }
    }

    private func keep(_ job: Job) {
        var delay = RestartDelay()
        while true {
            let began = ContinuousClock.now
            let outcome = run(job)
            if state.withLock({ $0.stopping }) { return }
            let isDeliberate = outcome == .ended(.exited(0))
            let rest = delay.after(run: ContinuousClock.now - began, isDeliberate: isDeliberate)
            log.log(
                level: isDeliberate ? .notice : .warning, "a process ended and is started again",
                metadata: ["process": "\(job.name)", "how": "\(outcome)", "in": "\(rest)"])
            let stopped: Void? = state.wait(for: rest) { $0.stopping ? () : nil }
            if stopped != nil { return }
        }
    }

    /// What became of a run.
    private enum Outcome: Equatable, CustomStringConvertible {
        case ended(ExitStatus)
        case failed(String)
        case stopped

        var description: String {
            switch self {
            case .ended(let status): status.isSuccess ? "it was asked to end" : "\(status)"
            case .failed(let why): "it could not be started: \(why)"
            case .stopped: "stopped"
            }
        }
    }

    /// Runs a job once; answers how it ended.
    private func run(_ job: Job) -> Outcome {
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
            return .failed("\(error)")
        }
        guard let child = started else { return .stopped }
        let file = folder.pidFile(of: job.name)
        let writer = note(child.pid, of: job.name, in: file)
        let status = child.wait()
        state.withLock { $0.children[job.name] = nil }
        writer?.join()
        unlink(file)
        return .ended(status)
    }

    /// Writes a child's pid. On a disk that is full it is tried again as long as the child runs: without its pid it couldn't
    /// be restarted. Answers the thread that does so; nil when it is written.
    private func note(_ pid: Int32, of name: String, in file: String) -> NamedThread? {
        let write = { try AtomicFile.replace(file, with: Array("\(pid)\n".utf8)) }
        do {
            try write()
            return nil
        } catch {
            log.warning(
                "a pid file can't be written: it is tried again", metadata: ["file": "\(file)", "error": "\(error)"])
        }
        return try? NamedThread("pid \(name)") { [state] in
            while state.wait(for: .seconds(1), until: { $0.children[name] == nil ? () : nil }) == nil {
                if (try? write()) != nil { return }
            }
        }
    }

    /// This program's own file.
    static let executable: String = {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        return count > 0
            ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : "/proc/self/exe"
    }()
}
