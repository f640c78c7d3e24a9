import CLinux
import Glibc

/// Processes known by their id alone, such as one from a pid file.
public enum Processes {
    /// Whether there is such a process. A zombie counts as one until its parent has reaped it.
    public static func isRunning(_ pid: Int32) -> Bool {
        pid > 0 && (kill(pid, 0) == 0 || errno == EPERM)
    }

    /// The process that started another, or adopted it; nil when there is no such process.
    public static func parent(of pid: Int32) -> Int32? {
        guard pid > 0, let bytes = try? AtomicFile.read("/proc/\(pid)/stat") else { return nil }
        // proc(5): the id, the name in parentheses, which may hold anything, the state, the parent's id.
        guard let name = bytes.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = bytes[(name + 1)...].split(separator: UInt8(ascii: " "))
        return fields.count > 1 ? Int32(String(decoding: fields[1], as: UTF8.self)) : nil
    }

    /// Asks a process that is not our child to end (SIGTERM), and kills it (SIGKILL) if it has not after `grace`. For
    /// our own, use `ChildProcess.terminate`, which also reaps.
    /// - Returns: Whether the process is gone.
    /// - Throws: When it belongs to somebody else (`EPERM`).
    public static func terminate(_ pid: Int32, grace: Duration) throws(SystemError) -> Bool {
        // 0 and below name whole groups.
        guard pid > 0 else { throw SystemError("kill", "process \(pid)", code: EINVAL) }
        try send(SIGTERM, to: pid)
        if isGone(pid, within: grace) { return true }
        try send(SIGKILL, to: pid)
        return isGone(pid, within: .seconds(5))
    }

    /// Makes the kernel send SIGTERM to this process when its parent's thread that started it ends: so that children
    /// of a demonstration do not outlive it, however it ends. Call it first in the child's main function.
    ///
    /// - Parameter expected: the parent's pid, where the child was told: it may have ended before the child came to ask.
    public static func endWithParent(_ expected: Int32? = nil) throws(SystemError) {
        let parent = expected ?? getppid()
        guard omni_set_parent_death_signal(SIGTERM) == 0 else { throw .last("prctl", "parent's death signal") }
        // The parent may have ended just before.
        if getppid() != parent { raise(SIGTERM) }
    }

    private static func send(_ signal: Int32, to pid: Int32) throws(SystemError) {
        guard kill(pid, signal) == 0 || errno == ESRCH else { throw .last("kill", "process \(pid)") }
    }

    /// There is nothing to block on for a process that is not a child, so this looks again and again.
    private static func isGone(_ pid: Int32, within grace: Duration) -> Bool {
        let deadline = ContinuousClock.now + grace
        while isRunning(pid) {
            if ContinuousClock.now >= deadline { return false }
            usleep(10_000)
        }
        return true
    }
}
