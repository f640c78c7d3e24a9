import Document
import Glibc
import Transports

/// What has the name of a file to be read, and whose bytes can't be had.
struct Unread: Equatable {
    let name: String
    /// In bytes, where it has a size.
    var size: Int64?
    /// Why, to be read behind the name: `is a folder`.
    let why: String

    /// Whether it will be so until somebody changes it: anything else is the system's trouble, and may pass.
    static func isLasting(_ code: Int32) -> Bool { [EACCES, EPERM, EISDIR, ELOOP, ENXIO].contains(code) }

    /// What tells it from a file of its name that could be read.
    var mark: String { "unread:\(size ?? -1)" }

    /// Why, with its name and what to do.
    var reason: String { "\(name) \(why); mend that, and deliver it again" }

    /// Lends the record that becomes its dead letter, with a note in place of the bytes (I2).
    func withRecord(_ take: (ReadRecord) throws -> Void) rethrows {
        var note: JSON = ["file": .string(name), "error": .string(why)]
        if let size { note["bytes"] = .number(Number(Int(size))) }
        try note.utf8.withUnsafeBytes { note in
            try take(
                ReadRecord(
                    reference: "\(name)/\(mark)", place: .words(name), content: .unread(reason), raw: note))
        }
    }
}

/// Folders, links and pipes that have the name of a file to be read: nobody's to move away, and told once.
struct Strangers {
    private let folder: String
    private let pattern: String
    private var told: Set<String> = []
    private var telling: Set<String> = []

    init(folder: String, pattern: String) {
        self.folder = folder
        self.pattern = pattern
    }

    /// Those that weren't told of, in the order of their names.
    mutating func look(besides scan: DropFolder.Scan) -> [Unread] {
        let files = Set(scan.ready.map(\.name))
        var found: [Unread] = []
        for name in Folders.names(in: folder)
        where !files.contains(name) && !told.contains(name) && Pattern.matches(pattern, name) {
            // `done` and `failed` are the folder's own; the others are somebody's who isn't ready.
            guard name != "done", name != "failed", !name.hasSuffix(".tmp"), !name.hasSuffix(".part"),
                let why = Self.kind(of: "\(folder)/\(name)")
            else { continue }
            found.append(Unread(name: name, why: why))
        }
        for name in scan.unreadableNames where !told.contains(name) {
            found.append(Unread(name: name, why: "has a name that isn't UTF-8"))
        }
        telling = Set(found.map(\.name))
        return found
    }

    /// What was found is told.
    mutating func confirm() {
        told.formUnion(telling)
        telling = []
    }

    /// What was found could not be told.
    mutating func forget() { telling = [] }

    /// Why it can't be read; nil: it is a file, or gone.
    private static func kind(of path: String) -> String? {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return nil
        case S_IFDIR: return "is a folder"
        case S_IFLNK: return "is a link, which is not followed"
        default: return "is no regular file"
        }
    }
}
