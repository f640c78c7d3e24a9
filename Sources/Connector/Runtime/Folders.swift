import Glibc
import Transports

/// Folders of our own.
package enum Folders {
    /// Makes a folder and what is missing above it.
    static func create(_ path: String, mode: UInt32 = 0o755) throws(SystemError) {
        guard access(path, F_OK) != 0, !path.isEmpty else { return }
        if let slash = path.lastIndex(of: "/"), slash > path.startIndex {
            try create(String(path[..<slash]), mode: mode)
        }
        guard mkdir(path, mode) == 0 || errno == EEXIST else { throw .last("mkdir", path) }
    }

    /// The names in a folder, sorted; none when it can't be read.
    package static func names(in path: String, hidden: Bool = false) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != "..", hidden || !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }
}
