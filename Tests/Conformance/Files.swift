import Glibc

/// Folders and files of a suite.
enum Files {
    struct Unreadable: Error { let path: String }

    static func isFolder(_ path: String) -> Bool {
        guard let directory = opendir(path) else { return false }
        closedir(directory)
        return true
    }

    /// The names in a folder, in order.
    static func names(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    /// The JSON files below a folder, as paths from there.
    static func json(below folder: String, _ path: String = "") -> [String] {
        names(in: path.isEmpty ? folder : "\(folder)/\(path)").flatMap { name in
            let below = path.isEmpty ? name : "\(path)/\(name)"
            if name.hasSuffix(".json") { return [below] }
            return isFolder("\(folder)/\(below)") ? json(below: folder, below) : []
        }
    }

    static func read(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path, "r") else { throw Unreadable(path: path) }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&chunk, 1, chunk.count, file)
            if count == 0 { return bytes }
            bytes += chunk[..<count]
        }
    }
}
