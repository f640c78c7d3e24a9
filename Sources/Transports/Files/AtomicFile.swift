import Digests
import Glibc

/// Files that are always whole: readers see the old bytes or the new ones, also after a power failure.
public enum AtomicFile {
    /// Replaces the file at `path`, or creates it.
    ///
    /// The bytes go to a hidden temporary file in the same folder, reach the disk, and are renamed into place. A file
    /// that was there before passes on its permissions.
    /// - Parameter mode: The permissions of a file that is new.
    public static func replace(
        _ path: String, with bytes: Span<UInt8>, mode: UInt32 = 0o644
    ) throws(SystemError) {
        try replace(path, mode: mode) { file throws(SystemError) in try file.write(bytes) }
    }

    /// Replaces the file at `path`, or creates it; what it is to hold is written in pieces.
    public static func replace(
        _ path: String, mode: UInt32 = 0o644, _ body: (inout Pieces) throws(SystemError) -> Void
    ) throws(SystemError) {
        let folder = Path.folder(of: path)
        let temporary = "\(folder)/.\(Path.name(of: path)).\(getpid()).\(UInt32.random(in: 0 ... .max)).tmp"
        do throws(SystemError) {
            let file = try Descriptor(opening: temporary, O_WRONLY | O_CREAT | O_EXCL, mode: mode)
            var before = stat()
            if stat(path, &before) == 0, fchmod(file.number, before.st_mode & 0o7777) != 0 {
                throw SystemError.last("fchmod", temporary)
            }
            var pieces = Pieces(file)
            try body(&pieces)
            try pieces.flush()
            try pieces.file.sync()
            guard rename(temporary, path) == 0 else { throw SystemError.last("rename", path) }
        } catch {
            unlink(temporary)
            throw error
        }
        try Path.syncFolder(folder)
    }

    /// Gathers small pieces of a file on their way to the disk.
    public struct Pieces: ~Copyable {
        let file: Descriptor
        private var gathered: [UInt8] = []
        private static let most = 1 << 18

        init(_ file: consuming Descriptor) { self.file = file }

        /// Writes bytes behind those before.
        public mutating func write(_ bytes: Span<UInt8>) throws(SystemError) {
            if bytes.count >= Self.most {
                try flush()
                return try file.write(bytes)
            }
            bytes.withUnsafeBufferPointer { gathered.append(contentsOf: $0) }
            if gathered.count >= Self.most { try flush() }
        }

        mutating func flush() throws(SystemError) {
            try file.write(gathered.span)
            gathered.removeAll(keepingCapacity: true)
        }
    }

    /// Replaces the file at `path`, or creates it.
    public static func replace(_ path: String, with bytes: [UInt8], mode: UInt32 = 0o644) throws(SystemError) {
        try replace(path, with: bytes.span, mode: mode)
    }

    /// The SHA-256 of the file at `path`, which may be of any size.
    public static func digest(_ path: String) throws(SystemError) -> [UInt8] {
        var sha = SHA256()
        try Descriptor(opening: path, O_RDONLY).forEachPiece { piece in
            sha.update(piece.bindMemory(to: UInt8.self).span)
        }
        return sha.finish()
    }

    /// All bytes of the file at `path`.
    public static func read(_ path: String) throws(SystemError) -> [UInt8] {
        let file = try Descriptor(opening: path, O_RDONLY)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(try file.status.st_size))
        try file.forEachPiece { piece in bytes.append(contentsOf: piece) }
        return bytes
    }
}

extension Descriptor {
    /// Reads to the end of the file, piece by piece.
    func forEachPiece(
        of size: Int = 1 << 16, _ body: (UnsafeRawBufferPointer) throws(SystemError) -> Void
    ) throws(SystemError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = try read(into: buffer)
            if count == 0 { return }
            try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }
}
