#if canImport(Glibc)
    import Glibc
#endif

/// Which seed is being run: said when the process traps, as nothing else would say it.
enum CurrentSeed {
    private nonisolated(unsafe) static var text: [CChar] = Array("a trap\n".utf8CString)

    static func say(_ seed: UInt64) {
        if seed == 0 || text.count < 12 { install() }
        text = Array("seed \(seed): the process is trapped\n".utf8CString)
    }

    private static func install() {
        for number in [SIGILL, SIGTRAP, SIGSEGV, SIGABRT] {
            signal(number) { number in
                CurrentSeed.text.withUnsafeBufferPointer { _ = write(1, $0.baseAddress, $0.count - 1) }
                signal(number, SIG_DFL)
                raise(number)
            }
        }
    }
}
