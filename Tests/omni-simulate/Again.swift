#if canImport(Glibc)
    import Glibc
#endif

/// Starts this program again with further arguments, in an environment where dictionaries keep their order.
enum Again {
    /// One process for each list of further arguments, at the same time; answers how they ended.
    ///
    /// - Parameter isOneEnough: whether the others needn't go on when one has ended with something else than 0.
    static func run(_ further: [[String]], isOneEnough: Bool) throws -> [Int32] {
        var running = Set(try further.map { try start(CommandLine.arguments + $0) })
        var codes: [Int32] = []
        while !running.isEmpty {
            let (child, code) = waitForAny()
            guard running.remove(child) != nil else { continue }
            codes.append(code)
            if isOneEnough, code != 0 { for other in running { kill(other, SIGKILL) } }
        }
        return codes
    }

    static func run(_ further: [String]) throws -> Int32 { wait(try start(CommandLine.arguments + further)) }

    private struct NotStarted: Error { let code: Int32 }

    private static func start(_ arguments: [String]) throws -> pid_t {
        setenv("SWIFT_DETERMINISTIC_HASHING", "1", 1)
        var words = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var child = pid_t()
        let code = posix_spawn(&child, "/proc/self/exe", nil, nil, &words, environ)
        guard code == 0 else { throw NotStarted(code: code) }
        return child
    }

    private static func wait(_ child: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        return code(status)
    }

    private static func waitForAny() -> (child: pid_t, code: Int32) {
        var status: Int32 = 0
        while true {
            let child = waitpid(-1, &status, 0)
            if child > 0 || errno != EINTR { return (child, code(status)) }
        }
    }

    private static func code(_ status: Int32) -> Int32 {
        // The status as wait(2) codes it: a signal in the lowest seven bits, else the exit's code above them.
        return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
    }
}
