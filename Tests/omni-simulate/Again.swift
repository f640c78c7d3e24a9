#if canImport(Glibc)
    import Glibc
#endif

/// Starts this program again with further arguments, in an environment where dictionaries keep their order.
enum Again {
    /// One process for each list of further arguments, at the same time; answers how they ended.
    static func run(_ further: [[String]]) throws -> [Int32] {
        let children = try further.map { try start(CommandLine.arguments + $0) }
        return children.map { wait($0) }
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
        // The status as wait(2) codes it: a signal in the lowest seven bits, else the exit's code above them.
        return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
    }
}
