import Glibc

/// What tells one content of a path from another without reading it: which file lies there, how large it is, and when it was
/// written.
public struct FileMark: Equatable, Sendable {
    private let device: UInt
    private let inode: UInt
    /// In bytes.
    public let size: Int
    private let seconds: Int
    private let nanoseconds: Int

    /// The mark of what lies at `path` now; nil when nothing does.
    public init?(_ path: String) {
        var found = stat()
        guard stat(path, &found) == 0 else { return nil }
        device = UInt(found.st_dev)
        inode = UInt(found.st_ino)
        size = Int(found.st_size)
        (seconds, nanoseconds) = (found.st_mtim.tv_sec, found.st_mtim.tv_nsec)
    }
}
