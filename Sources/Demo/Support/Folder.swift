import Glibc
import Transports

/// The few things the systems do with folders.
enum Folder {
    /// Makes the folder, and those above it, unless they are there.
    static func create(_ path: String) throws(SystemError) {
        if mkdir(path, 0o755) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw .last("mkdir", path)
        }
        try create(String(path[..<slash]))
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw .last("mkdir", path) }
    }

    /// Whether there is a file.
    static func holds(_ path: String) -> Bool { access(path, F_OK) == 0 }
}
