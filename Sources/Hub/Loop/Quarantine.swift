import Digests

#if canImport(Glibc)
    import Glibc
#endif

/// Files of records that are too large for a dead letter (I2). A file's name is its content's digest, so a repetition
/// finds its file.
struct Quarantine: Sendable {
    let folder: String

    /// Writes the bytes and waits for the disk; answers their SHA-256 in hexadecimal digits.
    func keep(_ bytes: [UInt8]) throws(QuarantineError) -> String {
        let digest = Hex.encode(SHA256.digest(bytes))
        let path = "\(folder)/\(digest)"
        if access(path, F_OK) == 0 { return digest }
        mkdir(folder, 0o750)
        let draft = open("\(path).part", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o640)
        guard draft >= 0 else { throw QuarantineError(path: path, code: errno) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { write(draft, $0.baseAddress, $0.count) }
            guard written > 0 else {
                // What is there of it takes room that it needs.
                defer { unlink("\(path).part") }
                defer { close(draft) }
                throw QuarantineError(path: path, code: errno)
            }
            rest = rest.dropFirst(written)
        }
        let synced = fsync(draft)
        guard close(draft) == 0, synced == 0, rename("\(path).part", path) == 0 else {
            throw QuarantineError(path: path, code: errno)
        }
        let directory = open(folder, O_RDONLY | O_CLOEXEC)
        if directory >= 0 {
            fsync(directory)
            close(directory)
        }
        return digest
    }
}

/// A file that can't be written into the quarantine.
struct QuarantineError: Error, CustomStringConvertible {
    let path: String
    /// The system's code.
    let code: Int32

    /// Whether it may succeed later: the disk is full.
    var mayPass: Bool { [ENOSPC, EDQUOT, EIO].contains(code) }

    var description: String {
        "can't write \(path), a record that is too large for a dead letter: \(String(cString: strerror(code)))"
            + (mayPass ? "; free disk space" : "")
    }
}
