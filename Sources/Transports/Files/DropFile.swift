import Digests
import Glibc

/// A file that was found in a drop folder, as it was then.
public struct DropFile: Equatable, Sendable {
    /// The name within the folder.
    public let name: String
    /// The whole path.
    public let path: String
    /// In bytes.
    public let size: Int64
    private let inode: UInt64
    private let modified: Nanoseconds
    private let changed: Nanoseconds

    /// What tells this file from all others, and from another delivery under its name; the same after a restart.
    public struct Identity: Hashable, Sendable {
        /// The name within the folder.
        public let name: String
        /// SHA-256 of the bytes.
        public let digest: [UInt8]
    }

    /// All bytes, and the identity that follows from them.
    /// - Throws: `DropFileError.changed` when somebody wrote to the file since it was found.
    public func read() throws -> (bytes: [UInt8], identity: Identity) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(size))
        try forEachPiece { bytes.append(contentsOf: $0) }
        return (bytes, Identity(name: name, digest: SHA256.digest(bytes)))
    }

    /// Opens the file, to be read in pieces.
    /// - Throws: `DropFileError.changed` when somebody wrote to the file since it was found.
    public func open() throws -> DropFileContent { try DropFileContent(self) }

    /// Whether the file's times and size are still those that it was found with.
    func isSame(as status: stat) -> Bool { DropFile(name: name, path: path, status: status) == self }

    /// Whether it is the other file under a new name: moving changes the name, and the time of the change.
    func hasContent(of other: DropFile) -> Bool {
        (inode, size, modified) == (other.inode, other.size, other.modified)
    }

    /// The identity of a file of any size, which is read piece by piece.
    /// - Throws: `DropFileError.changed` when somebody wrote to the file since it was found.
    public func identity() throws -> Identity {
        var sha = SHA256()
        try forEachPiece { piece in sha.update(piece.bindMemory(to: UInt8.self).span) }
        return Identity(name: name, digest: sha.finish())
    }

    /// Nil when the file has gone meanwhile, or is no regular file.
    init?(name: String, in folder: String) throws(SystemError) {
        let path = "\(folder)/\(name)"
        var status = stat()
        guard lstat(path, &status) == 0 else {
            guard errno == ENOENT else { throw .last("lstat", path) }
            return nil
        }
        guard status.isRegularFile else { return nil }
        self.init(name: name, path: path, status: status)
    }

    private init(name: String, path: String, status: stat) {
        self.name = name
        self.path = path
        size = Int64(status.st_size)
        inode = UInt64(status.st_ino)
        modified = Nanoseconds(status.st_mtim)
        changed = Nanoseconds(status.st_ctim)
    }

    private func forEachPiece(_ body: (UnsafeRawBufferPointer) -> Void) throws {
        let file = try Descriptor(opening: path, O_RDONLY | O_NOFOLLOW)
        try file.forEachPiece { piece throws(SystemError) in body(piece) }
        // Asked after reading: what was appended meanwhile shows too.
        guard isSame(as: try file.status) else {
            throw DropFileError.changed(path)
        }
    }
}

/// Why a file that was ready could not be read.
public enum DropFileError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Somebody wrote to it: leave it, the next scan judges it anew.
    case changed(String)

    /// For the log.
    public var description: String {
        switch self {
        case .changed(let path):
            "\(path) was written to after it was taken for complete: raise the folder's stable time, "
                + "or let the writer rename files into place."
        }
    }
}

/// A file's time as the kernel keeps it.
private struct Nanoseconds: Equatable, Sendable {
    let seconds: Int
    let nanoseconds: Int

    init(_ time: timespec) {
        seconds = time.tv_sec
        nanoseconds = time.tv_nsec
    }
}

extension stat {
    var isRegularFile: Bool { st_mode & S_IFMT == S_IFREG }
    var isFolder: Bool { st_mode & S_IFMT == S_IFDIR }
}
