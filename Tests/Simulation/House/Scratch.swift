#if canImport(Glibc)
    import Glibc
#endif

/// A folder in memory for the files of one house.
final class Scratch {
    /// There is no folder that could be used.
    struct Unavailable: Error { let code: Int32 }

    private var folders: [String: String] = [:]

    /// The folder of a system; the first time it is made.
    func folder(of system: String) throws -> String {
        if let folder = folders[system] { return folder }
        var path = Array("/dev/shm/omni-simulated-XXXXXX".utf8CString)
        guard mkdtemp(&path) != nil else { throw Unavailable(code: errno) }
        let folder = String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        folders[system] = folder
        return folder
    }

    /// The text of a file; nil where there is none.
    func text(of file: String, in system: String) -> String? {
        guard let folder = folders[system], let file = fopen("\(folder)/\(file)", "r") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    deinit {
        for folder in folders.values {
            guard let listing = opendir(folder) else { continue }
            while let entry = readdir(listing) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name != ".", name != ".." { unlink("\(folder)/\(name)") }
            }
            closedir(listing)
            rmdir(folder)
        }
    }
}
