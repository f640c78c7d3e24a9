import Glibc
import Transports

/// Folders of our own.
enum Folders {
    /// Makes a folder and what is missing above it.
    static func create(_ path: String) throws(SystemError) {
        guard access(path, F_OK) != 0, !path.isEmpty else { return }
        if let slash = path.lastIndex(of: "/"), slash > path.startIndex { try create(String(path[..<slash])) }
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw .last("mkdir", path) }
    }
}
