import Glibc

/// How a process ended.
public enum ExitStatus: Hashable, Sendable, CustomStringConvertible {
    /// By itself, with this code; 0 means success.
    case exited(Int32)
    /// By this signal.
    case signalled(Int32)

    /// From what waitpid(2) tells.
    init(waitStatus: Int32) {
        let signal = waitStatus & 0x7F
        self = signal == 0 ? .exited(waitStatus >> 8 & 0xFF) : .signalled(signal)
    }

    /// Whether the process ended by itself with the code 0.
    public var isSuccess: Bool { self == .exited(0) }

    /// For example: `exit code 3`, `signal 9 (Killed)`.
    public var description: String {
        switch self {
        case .exited(let code): "exit code \(code)"
        case .signalled(let signal): "signal \(signal) (\(String(cString: strsignal(signal))))"
        }
    }
}
