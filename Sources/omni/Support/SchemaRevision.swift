import Canonical
import Connector
import Document
import Installation
import Transports

#if canImport(Glibc)
    import Glibc
#endif

/// Where the other version of an installation's schemas lies: in git, or in files.
enum SchemaRevision {
    case git(String)
    case file(String)
    case folder(String)

    /// A path that exists, or else a revision.
    init(_ text: String) {
        if Self.isFolder(text) {
            self = .folder(Self.isFolder("\(text)/Schemas") ? "\(text)/Schemas" : text)
        } else if access(text, F_OK) == 0 {
            self = .file(text)
        } else {
            self = .git(text)
        }
    }

    /// The names of the entities that it has; nil when it is one entity's file.
    func entities(_ installation: Installation) throws -> [String]? {
        try files(installation)?.filter { EarlierName($0) == nil }
    }

    /// What the names of its schemas' files begin with, earlier versions among them; nil when it is one entity's file.
    func files(_ installation: Installation) throws -> [String]? {
        let suffix = ".schema.json"
        let names: [String]
        switch self {
        case .file: return nil
        case .folder(let folder): names = Folders.names(in: folder)
        case .git(let revision):
            let listing = try Self.git(["ls-tree", "--name-only", revision, "./Schemas/"], installation.folder)
            names = String(decoding: listing, as: UTF8.self).split(separator: "\n").map {
                String($0.split(separator: "/").last ?? "")
            }
        }
        return names.filter { $0.hasSuffix(suffix) }.map { String($0.dropLast(suffix.utf8.count)) }
    }

    /// An entity's schema as it was there.
    func schema(_ entity: String, _ installation: Installation) throws -> JSON {
        let bytes: [UInt8]
        switch self {
        case .file(let path): bytes = try AtomicFile.read(path)
        case .folder(let folder): bytes = try AtomicFile.read("\(folder)/\(entity).schema.json")
        case .git(let revision):
            bytes = try Self.git(["show", "\(revision):./Schemas/\(entity).schema.json"], installation.folder)
        }
        do {
            return try JSON(parsing: bytes)
        } catch {
            throw CommandFailure("\(name(of: entity)): not JSON: \(error)")
        }
    }

    /// What messages call an entity's schema there.
    func name(of entity: String) -> String {
        switch self {
        case .file(let path): path
        case .folder(let folder): "\(folder)/\(entity).schema.json"
        case .git(let revision): "\(revision):Schemas/\(entity).schema.json"
        }
    }

    /// What git prints.
    private static func git(_ arguments: [String], _ folder: String) throws -> [UInt8] {
        let child = try ChildProcess(
            "git", ["-C", folder] + arguments, options: .init(output: .pipe, errors: .null))
        let bytes = try child.output?.readToEnd() ?? []
        guard child.wait() == .exited(0) else {
            throw CommandFailure(
                "git \(arguments.joined(separator: " ")) failed in \(folder): is it a repository, and the revision right? "
                    + "(--against also takes a file or folder)")
        }
        return bytes
    }

    private static func isFolder(_ path: String) -> Bool {
        guard let directory = opendir(path) else { return false }
        closedir(directory)
        return true
    }
}
