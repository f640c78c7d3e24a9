import Digests
import Glibc

/// A dropped file's bytes, read in pieces of any size, as long as nobody writes to the file.
public final class DropFileContent {
    /// What tells this file from all others.
    public let identity: DropFile.Identity
    /// How many bytes there are.
    public let count: Int
    private let found: DropFile
    private let file: Descriptor

    /// Opens the file, and reads it once for its identity.
    init(_ found: DropFile) throws {
        self.found = found
        file = try Descriptor(opening: found.path, O_RDONLY | O_NOFOLLOW)
        count = Int(found.size)
        var sha = SHA256()
        try file.forEachPiece { piece throws(SystemError) in sha.update(piece.bindMemory(to: UInt8.self).span) }
        identity = DropFile.Identity(name: found.name, digest: sha.finish())
        try check()
    }

    /// Fills the memory with the bytes from an offset on, as far as they go.
    ///
    /// - Returns: how many there were.
    /// - Throws: `DropFileError.changed` when somebody wrote to the file since it was found.
    public func read(from offset: Int, into memory: UnsafeMutableRawBufferPointer) throws -> Int {
        var filled = 0
        while filled < memory.count {
            let count = retryingInterrupts {
                pread(file.number, memory.baseAddress! + filled, memory.count - filled, off_t(offset + filled))
            }
            guard count >= 0 else { throw SystemError.last("read", found.path) }
            if count == 0 { break }
            filled += count
        }
        try check()
        return filled
    }

    /// Asked after reading: what was appended meanwhile shows too.
    private func check() throws {
        guard found.isSame(as: try file.status) else { throw DropFileError.changed(found.path) }
    }
}
