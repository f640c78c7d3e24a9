import Glibc

/// A file that has no name: nobody else sees it, and it is gone with the process.
public final class ScratchFile {
    private let file: Descriptor

    /// How many bytes were written.
    public private(set) var count = 0
    private var gathered: [UInt8] = []
    private static let most = 1 << 17

    /// A new file on the folder's disk.
    public init(in folder: String) throws(SystemError) {
        let path = "\(folder)/.scratch.\(getpid()).\(UInt32.random(in: 0 ... .max)).tmp"
        file = try Descriptor(opening: path, O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
        guard unlink(path) == 0 else { throw .last("unlink", path) }
    }

    /// Writes bytes behind those before. They may be read after ``flush()``.
    public func append(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        if gathered.count + bytes.count > Self.most { try flush() }
        if bytes.count > Self.most {
            try file.write(bytes.bindMemory(to: UInt8.self).span)
        } else {
            if gathered.isEmpty { gathered.reserveCapacity(Self.most) }
            gathered.append(contentsOf: bytes)
        }
        count += bytes.count
    }

    /// Everything that was written can be read now.
    public func flush() throws(SystemError) {
        var bytes: [UInt8] = []
        swap(&bytes, &gathered)
        defer {
            bytes.removeAll(keepingCapacity: true)
            swap(&bytes, &gathered)
        }
        try file.write(bytes.span)
    }

    /// The memory for what is written is no longer needed.
    public func seal() throws(SystemError) {
        try flush()
        gathered = []
    }

    /// Fills as much of the memory with the bytes from an offset on as one call gives; 0 at the end.
    public func read(from offset: Int, into memory: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        let count = retryingInterrupts { pread(file.number, memory.baseAddress, memory.count, off_t(offset)) }
        guard count >= 0 else { throw .last("read", file.subject) }
        return count
    }
}
