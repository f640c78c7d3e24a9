import CLinux
import Glibc

/// The few operations on paths and folders that the transports need.
package enum Path {
    package static func folder(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    package static func name(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
        return String(path[path.utf8.index(after: slash)...])
    }

    /// The path again, if it leads to a folder.
    static func checkedFolder(_ path: String) throws(SystemError) -> String {
        var status = stat()
        guard stat(path, &status) == 0 else { throw .last("stat", path) }
        guard status.isFolder else { throw SystemError("stat", path, code: ENOTDIR) }
        return path
    }

    /// Makes a folder unless it is there.
    static func createFolder(_ path: String) throws(SystemError) {
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw .last("mkdir", path) }
    }

    /// A call that renames a file unless something has the new name: 0, or -1 and `errno`.
    typealias Rename = (_ path: String, _ new: String) -> Int32

    /// Renames a file unless something has the new name.
    /// - Parameter unlessThere: The kernel's call for it.
    /// - Returns: False when something has the name.
    static func rename(
        _ path: String, to new: String,
        unlessThere: Rename = { renameat2(AT_FDCWD, $0, AT_FDCWD, $1, omni_rename_noreplace) }
    ) throws(SystemError) -> Bool {
        if unlessThere(path, new) == 0 { return true }
        // NFS, sshfs and others refuse the call. Between the look and the renaming only somebody who takes our names can come.
        if errno == EINVAL {
            if access(new, F_OK) == 0 { return false }
            if Glibc.rename(path, new) == 0 { return true }
        }
        guard errno == EEXIST else { throw .last("rename", path) }
        return false
    }

    /// Makes renames and new names within the folder survive a power failure.
    static func syncFolder(_ path: String) throws(SystemError) {
        try Descriptor(opening: path, O_RDONLY | O_DIRECTORY).sync()
    }

    /// The names in a folder, without `.` and `..`, in the order of their bytes. Linux takes any bytes for a name: one
    /// that is not UTF-8 comes repaired, so that it can be shown, but leads to no file.
    static func names(in folder: String) throws(SystemError) -> [(name: String, isValid: Bool)] {
        guard let stream = opendir(folder) else { throw .last("opendir", folder) }
        defer { closedir(stream) }
        var names: [(name: String, isValid: Bool)] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else { break }
            let (name, isValid) = withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: CChar.self, capacity: 256) {
                    (String(cString: $0), String(validatingCString: $0) != nil)
                }
            }
            if name != "." && name != ".." { names.append((name, isValid)) }
        }
        guard errno == 0 else { throw .last("readdir", folder) }
        return names.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }
}
