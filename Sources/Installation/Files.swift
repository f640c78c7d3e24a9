import Glibc

/// A file that can't be read: which, and the system's reason.
struct FileFailure: Error, CustomStringConvertible {
    let path: String
    let code: Int32
    var description: String { "cannot read \(path): \(String(cString: strerror(code)))" }
}

/// The content of a small file.
func readBytes(at path: String) throws(FileFailure) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileFailure(path: path, code: errno) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
        let count = read(descriptor, &chunk, chunk.count)
        if count < 0 && errno == EINTR { continue }
        guard count >= 0 else { throw FileFailure(path: path, code: errno) }
        if count == 0 { return bytes }
        bytes.append(contentsOf: chunk[..<count])
    }
}

/// The content of a small text file. Invalid UTF-8 is replaced.
func readText(at path: String) throws(FileFailure) -> String {
    String(decoding: try readBytes(at: path), as: UTF8.self)
}

/// Whether there is a file or folder at that path.
func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

/// The names in a folder, sorted, without those that begin with a dot; nil when it can't be read.
func names(in folder: String) -> [String]? {
    guard let directory = opendir(folder) else { return nil }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
}
