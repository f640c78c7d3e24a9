import CLinux
import Glibc

/// A program that is measured from outside: what it takes of processor and memory.
///
/// It is stopped by ``stop()``; what it prints goes to a file.
final class Child {
    let name: String
    let log: String
    private let pid: pid_t
    private var hasEnded = false
    /// The largest memory of its own that was seen so far, in bytes: without files that are mapped, LMDB's above all.
    private(set) var memory = 0

    /// - Parameters:
    ///   - program: the executable's path.
    ///   - environment: what it has beside ours.
    ///   - log: the file for what it prints.
    init(_ program: String, _ arguments: [String], environment: [String: String] = [:], log: String) throws {
        name = program.split(separator: "/").last.map(String.init) ?? program
        self.log = log
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        var variables = Self.environment(adding: environment).map { strdup($0) } + [nil]
        defer { for word in words + variables { free(word) } }
        var child: pid_t = 0
        let code = posix_spawn(&child, program, &actions, nil, &words, &variables)
        guard code == 0 else { throw BenchError("\(program) can't be started: errno \(code)") }
        pid = child
    }

    deinit { if !hasEnded { kill(pid, SIGKILL) } }

    private static func environment(adding more: [String: String]) -> [String] {
        var all: [String] = []
        var at = omni_environment()
        while let entry = at?.pointee {
            let text = String(cString: entry)
            if !more.keys.contains(where: { text.hasPrefix($0 + "=") }) { all.append(text) }
            at = at?.successor()
        }
        return all + more.map { "\($0.key)=\($0.value)" }
    }

    /// The processor time that it has taken so far, in seconds, all threads together.
    func cpu() throws -> Double {
        let text = try read("stat")
        // Behind the name, which may hold anything, come the state and, as fields 12 and 13 after it, the times.
        let fields = text[text.index(after: text.lastIndex(of: ")")!)...].split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else {
            throw BenchError("/proc says nothing of \(name)")
        }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Looks at its memory; ``memory`` keeps the largest.
    func look() throws {
        for line in try read("status").split(separator: "\n") where line.hasPrefix("RssAnon:") {
            let kilobytes = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first
            memory = max(memory, (kilobytes.flatMap { Int($0) } ?? 0) << 10)
        }
    }

    /// The largest memory that it had so far, in bytes: its own and what it shares with others, such as libraries.
    func resident() throws -> Int {
        for line in try read("status").split(separator: "\n") where line.hasPrefix("VmHWM:") {
            let kilobytes = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first
            return (kilobytes.flatMap { Int($0) } ?? 0) << 10
        }
        throw BenchError("/proc says nothing of \(name)")
    }

    private func read(_ file: String) throws -> String {
        guard let stream = fopen("/proc/\(pid)/\(file)", "re") else {
            throw BenchError("\(name) has ended; its last words are in \(log)")
        }
        defer { fclose(stream) }
        var bytes = [UInt8](repeating: 0, count: 8192)
        let count = fread(&bytes, 1, bytes.count, stream)
        guard count > 0, !Self.isDead(pid) else { throw BenchError("\(name) has ended; its last words are in \(log)") }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    private static func isDead(_ pid: pid_t) -> Bool {
        var information = siginfo_t()
        waitid(P_PID, id_t(pid), &information, WEXITED | WNOHANG | WNOWAIT)
        return information.si_signo == SIGCHLD
    }

    /// Asks it to end, and waits until it has.
    func stop() throws {
        kill(pid, SIGTERM)
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        hasEnded = true
        guard status == 0 else { throw BenchError("\(name) ended with status \(status); its last words are in \(log)") }
    }
}
