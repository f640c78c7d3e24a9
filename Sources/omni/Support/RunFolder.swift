import Connector
import Installation
import Transports

#if canImport(Glibc)
    import Glibc
#endif

/// `<data>/run`: which processes `omni up` runs here, and which `omni up` runs them.
///
/// Beside a process's `<name>.pid` lies `<name>.lock`, locked by its supervisor as long as that lives (fcntl(2)). A lock ends
/// with its process, however that ended: a file that was left behind means nothing.
struct RunFolder: Sendable {
    private let path: String

    init(_ settings: OmniSettings) { path = settings.data + "/run" }

    /// The file with a process's pid.
    func pidFile(of name: String) -> String { "\(path)/\(name).pid" }

    /// A process's pid; nil while it doesn't run.
    func pid(of name: String) -> Int32? {
        guard let bytes = try? AtomicFile.read(pidFile(of: name)) else { return nil }
        return Int32(String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }

    /// The pid of the `omni up` that keeps a process running; nil when there is none.
    func supervisor(of name: String) -> Int32? {
        let file = open(lockFile(of: name), O_RDWR | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        return Self.holder(of: file)
    }

    /// The names of all processes that are kept running.
    func kept() -> [String] {
        Folders.names(in: path).filter { $0.hasSuffix(".lock") }.map { String($0.dropLast(5)) }
            .filter { supervisor(of: $0) != nil }
    }

    /// Makes this process the supervisor of these, until it ends. Call once.
    ///
    /// - Throws: `CommandFailure` when another process is the supervisor of one of them.
    func claim(_ names: [String]) throws {
        try makeFolder(path)
        for name in names {
            // Never closed: closing would give the lock up.
            let file = open(lockFile(of: name), O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
            guard file >= 0 else { throw SystemError.last("open", lockFile(of: name)) }
            var lock = Self.wholeFile
            if fcntl(file, F_SETLK, &lock) != 0 {
                let holder = Self.holder(of: file).map { "\($0)" } ?? "another"
                close(file)
                throw CommandFailure(
                    "process \(holder) runs this installation's \(name) already: 'omni restart \(name)' restarts it; to begin "
                        + "anew, end that one first")
            }
            // Left behind by a supervisor that was killed: its children end with it.
            unlink(pidFile(of: name))
        }
    }

    private func lockFile(of name: String) -> String { "\(path)/\(name).lock" }

    private static var wholeFile: flock {
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        return lock
    }

    /// The other process that holds the lock.
    private static func holder(of file: Int32) -> Int32? {
        var lock = wholeFile
        guard fcntl(file, F_GETLK, &lock) == 0, lock.l_type != Int16(F_UNLCK) else { return nil }
        return lock.l_pid
    }
}
