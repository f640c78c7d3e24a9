import Glibc

/// A call to the operating system that failed: which, on what, and why.
public struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The call's name, as in its manual page.
    public let call: String
    /// What it was about: a path, an address, a program; never its bytes.
    public let subject: String
    /// The value of `errno`.
    public let code: Int32

    /// A failure that is already known by its `code`.
    public init(_ call: String, _ subject: String, code: Int32) {
        self.call = call
        self.subject = subject
        self.code = code
    }

    /// The failure that this thread's `errno` tells of: to be made before anything else changes it.
    public static func last(_ call: String, _ subject: String) -> SystemError {
        SystemError(call, subject, code: errno)
    }

    /// The manual's words for the code.
    public var reason: String { String(cString: strerror(code)) }

    /// For example: `open /var/drop: Permission denied (13)`.
    public var description: String { "\(call) \(subject): \(reason) (\(code))" }
}

/// Repeats a system call while a signal interrupts it.
@discardableResult
func retryingInterrupts<Result: FixedWidthInteger & SignedNumeric>(_ call: () -> Result) -> Result {
    while true {
        let result = call()
        if result != -1 || errno != EINTR { return result }
    }
}
