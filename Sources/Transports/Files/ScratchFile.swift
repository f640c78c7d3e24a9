import Glibc

/// A file that is written and read again, and gone with its owner unless it is given a name to stay under.
///
/// A process that is killed leaves it behind, hidden, with `.tmp` at the end of its name.
public final class ScratchFile {
    private let file: Descriptor
    /// Nil: it has the name that it stays under.
    private var temporary: String?

    /// How many bytes there are.
    public private(set) var count = 0
    private var gathered: [UInt8] = []
    private static let most = 1 << 17

    /// A new file in the folder.
    /// - Parameter isNameless: Whether it has no name from the beginning: it goes with the process, however that ends, and
    ///   can't be kept.
    public init(in folder: String, isNameless: Bool = false) throws(SystemError) {
        let path = "\(folder)/.scratch.\(getpid()).\(UInt32.random(in: 0 ... .max)).tmp"
        file = try Descriptor(opening: path, O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
        if isNameless { unlink(path) } else { temporary = path }
    }

    /// A file that was given a name, to be read.
    public init(kept path: String) throws(SystemError) {
        file = try Descriptor(opening: path, O_RDONLY)
        count = Int(try file.status.st_size)
    }

    deinit { if let temporary { unlink(temporary) } }

    /// Gives it a name in its folder's file system, in place of the file that had it. Readers find the old file or this one,
    /// whole; after a power failure it may be neither.
    public func keep(as path: String) throws(SystemError) {
        guard let temporary else { return }
        guard rename(temporary, path) == 0 else { throw .last("rename", path) }
        self.temporary = nil
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
