import CLinux
import Glibc

/// Our end of a pipe to a child process.
public final class PipeEnd: Sendable {
    private let descriptor: Monitor<Int32>
    private let subject: String

    init(_ descriptor: Int32, subject: String) {
        self.descriptor = Monitor(descriptor)
        self.subject = subject
    }

    deinit { close() }

    /// Blocks until the child has written something; empty at the end, when all who could write have closed.
    public func read(atMost count: Int = 1 << 16) throws(SystemError) -> [UInt8] {
        let descriptor = descriptor.withLock { $0 }
        var failure: SystemError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            let count = retryingInterrupts { Glibc.read(descriptor, buffer.baseAddress, buffer.count) }
            if count < 0 { failure = .last("read", subject) }
            initialized = max(0, count)
        }
        if let failure { throw failure }
        return bytes
    }

    /// Everything the child writes until its end.
    public func readToEnd() throws(SystemError) -> [UInt8] {
        var all: [UInt8] = []
        while true {
            let bytes = try read()
            if bytes.isEmpty { return all }
            all += bytes
        }
    }

    /// Writes all bytes, blocking while the child does not read. Fails with `EPIPE` when it never will.
    public func write(_ bytes: [UInt8]) throws(SystemError) {
        let descriptor = descriptor.withLock { $0 }
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { bytes in
                retryingInterrupts {
                    Glibc.write(descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written)
                }
            }
            guard count >= 0 else { throw .last("write", subject) }
            written += count
        }
    }

    /// Closes this end: for a child that reads, that is the end of its input. Not while another thread uses it.
    public func close() {
        descriptor.withLock { descriptor in
            if descriptor >= 0 { Glibc.close(descriptor) }
            descriptor = -1
        }
    }
}

/// Both ends of a new pipe, closed in every child that does not get one on purpose.
struct Pipe {
    let readEnd: Int32
    let writeEnd: Int32

    init(_ subject: String) throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        guard pipe2(&ends, O_CLOEXEC) == 0 else { throw .last("pipe2", subject) }
        readEnd = ends[0]
        writeEnd = ends[1]
    }
}
