import Glibc

/// The one owner of a file descriptor, which it closes at its end. What it opens is closed in child processes.
struct Descriptor: ~Copyable {
    let number: Int32
    let subject: String

    init(_ number: Int32, subject: String) {
        self.number = number
        self.subject = subject
    }

    init(opening path: String, _ flags: Int32, mode: mode_t = 0) throws(SystemError) {
        let number = retryingInterrupts { open(path, flags | O_CLOEXEC, mode) }
        guard number >= 0 else { throw .last("open", path) }
        self.init(number, subject: path)
    }

    deinit { close(number) }

    var status: stat {
        get throws(SystemError) {
            var status = stat()
            guard fstat(number, &status) == 0 else { throw .last("fstat", subject) }
            return status
        }
    }

    /// Fills as much of `buffer` as one call gives; 0 at the end of the file.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        let count = retryingInterrupts { Glibc.read(number, buffer.baseAddress, buffer.count) }
        guard count >= 0 else { throw .last("read", subject) }
        return count
    }

    func write(_ bytes: Span<UInt8>) throws(SystemError) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { bytes in
                let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
                return retryingInterrupts { Glibc.write(number, rest.baseAddress, rest.count) }
            }
            guard count >= 0 else { throw .last("write", subject) }
            written += count
        }
    }

    func sync() throws(SystemError) {
        guard retryingInterrupts({ fsync(number) }) == 0 else { throw .last("fsync", subject) }
    }
}
