import Digests

#if canImport(Glibc)
    import Glibc
#endif

/// Files of records that are too large for a dead letter (I2). A file's name is its content's digest, so a repetition
/// finds its file.
struct Quarantine: Sendable {
    let folder: String

    /// Writes the bytes and waits for the disk; answers their SHA-256 in hexadecimal digits.
    func keep(_ bytes: [UInt8]) throws(HubError) -> String {
        let digest = Hex.encode(SHA256.digest(bytes))
        let path = "\(folder)/\(digest)"
        if access(path, F_OK) == 0 { return digest }
        mkdir(folder, 0o750)
        let draft = open("\(path).part", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o640)
        guard draft >= 0 else { throw failure(path) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { write(draft, $0.baseAddress, $0.count) }
            guard written > 0 else {
                close(draft)
                throw failure(path)
            }
            rest = rest.dropFirst(written)
        }
        let synced = fsync(draft)
        guard close(draft) == 0, synced == 0, rename("\(path).part", path) == 0 else { throw failure(path) }
        let directory = open(folder, O_RDONLY | O_CLOEXEC)
        if directory >= 0 {
            fsync(directory)
            close(directory)
        }
        return digest
    }

    private func failure(_ path: String) -> HubError {
        HubError(
            "can't write \(path), a record that is too large for a dead letter: \(String(cString: strerror(errno)))")
    }
}
