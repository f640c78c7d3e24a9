import Canonical
import Glibc
import Transports

extension FileRecords {
    /// Records on their way to the disk, in the order of their keys.
    struct Output {
        private let place: Place
        private let file: ScratchFile
        private var count = 0
        private var checksum = Checksum()
        /// For a change as it will lie in the file.
        private var memory: [UInt8] = []

        init(_ place: Place) throws(SystemError) {
            self.place = place
            file = try ScratchFile(in: place.folder)
        }

        mutating func append(_ entry: Entry) throws(SystemError) { try append(entry.whole) }

        /// Nil bytes leave a trace.
        mutating func append(_ change: Change) throws(SystemError) {
            var key = change.key
            let bytes = change.bytes ?? []
            var head = Head(
                key: UInt32(key.utf8.count), bytes: change.bytes.map { UInt32($0.count) } ?? Head.trace,
                epoch: change.epoch, revision: change.revision)
            var whole: [UInt8] = []
            swap(&whole, &memory)
            defer { swap(&whole, &memory) }
            whole.removeAll(keepingCapacity: true)
            withUnsafeBytes(of: &head) { whole.append(contentsOf: $0) }
            key.withUTF8 { whole.append(contentsOf: $0) }
            whole.append(contentsOf: bytes)
            var failure: SystemError?
            whole.withUnsafeBytes { whole in
                do throws(SystemError) { try append(whole) } catch { failure = error }
            }
            if let failure { throw failure }
        }

        private mutating func append(_ whole: UnsafeRawBufferPointer) throws(SystemError) {
            try file.append(whole)
            checksum.add(whole)
            count += 1
        }

        mutating func finish() throws(SystemError) -> Stored {
            let size = file.count
            let trailer = Trailer(count: count, size: size, checksum: checksum.value, mark: place.mark).bytes
            var failure: SystemError?
            trailer.withUnsafeBytes { trailer in
                do throws(SystemError) { try file.append(trailer) } catch { failure = error }
            }
            if let failure { throw failure }
            try file.seal()
            return Stored(file: file, count: count, size: size)
        }
    }

    /// What stands behind the last record, and tells whether they are all there, and what they were made for.
    private struct Trailer: Equatable {
        let count: Int
        let size: Int
        let checksum: UInt64
        let mark: [UInt8]
        /// Rises when the bytes of these files mean something else.
        private static let version: UInt64 = 1
        private static let name = UInt64(bigEndian: 0x6F6D_6E69_726F_7773)

        var bytes: [UInt8] {
            var bytes: [UInt8] = []
            for number in [Self.name, Self.version, UInt64(count), UInt64(size), checksum] {
                withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
            }
            return bytes + mark
        }
    }

    /// What the process before kept; or why there is nothing to go by.
    static func kept(at place: Place) -> Result<FileRecords, NothingKept> {
        do throws(SystemError) {
            let file = try ScratchFile(kept: place.path)
            let length = Trailer(count: 0, size: 0, checksum: 0, mark: place.mark).bytes.count
            let size = file.count - length
            guard size >= 0 else { return .failure(.damaged) }
            let found = [UInt8](unsafeUninitializedCapacity: length) { memory, count in
                count = (try? file.read(from: size, into: UnsafeMutableRawBufferPointer(memory))) ?? 0
            }
            guard found.suffix(place.mark.count).elementsEqual(place.mark) else { return .failure(.ofOtherSettings) }
            var (count, checksum) = (0, Checksum())
            var cursor = Cursor(file, upTo: size)
            while let entry = try cursor.next() {
                count += 1
                checksum.add(entry.whole)
            }
            guard found == Trailer(count: count, size: size, checksum: checksum.value, mark: place.mark).bytes else {
                return .failure(.damaged)
            }
            return .success(FileRecords(place, Stored(file: file, count: count, size: size)))
        } catch {
            return .failure(error.code == ENOENT ? .missing : .damaged)
        }
    }

    /// Whether one of these, or something newer of it, is among what was shown; of what went nothing tells when.
    func mayHold(_ records: [ShownRecord]) throws(SystemError) -> Bool {
        var sought: [ExactText: (epoch: Int64, revision: Int64)] = [:]
        var gone: Set<ExactText> = []
        for record in records {
            let (name, found) = (ExactText(record.key), (record.epoch, record.revision))
            if record.isGone {
                gone.insert(name)
            } else if sought[name].map({ found < $0 }) ?? true {
                sought[name] = found
            }
        }
        var holds = false
        try forEach { entry in
            let name = ExactText(String(decoding: entry.key, as: UTF8.self))
            gone.remove(name)
            if let found = sought[name], (entry.epoch, entry.revision) >= found { holds = true }
        }
        return holds || !gone.isEmpty
    }

    /// Why it isn't known what was shown.
    enum NothingKept: String, Error, CustomStringConvertible {
        case missing = "nothing is kept of what it showed"
        case damaged = "what is kept of what it showed is damaged"
        case ofOtherSettings = "what is kept of what it showed has another form, or is of another file"

        var description: String { rawValue }
    }

    /// Removes what a process that was killed has left in a folder, and what is kept there of sinks that are no more.
    static func sweep(_ folder: String, keeping names: Set<String>) {
        for name in Folders.names(in: folder, hidden: true) where !names.contains(name) { unlink("\(folder)/\(name)") }
    }

    /// Tells damaged records from whole ones; no protection against anybody.
    private struct Checksum {
        private(set) var value: UInt64 = 0x9E37_79B9_7F4A_7C15

        mutating func add(_ bytes: UnsafeRawBufferPointer) {
            var offset = 0
            while offset + 8 <= bytes.count {
                mix(bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                offset += 8
            }
            var rest = UInt64(bytes.count)
            while offset < bytes.count {
                rest = rest << 8 | UInt64(bytes[offset])
                offset += 1
            }
            mix(rest)
        }

        private mutating func mix(_ word: UInt64) {
            value = (value ^ word) &* 0xD6E8_FEB8_6659_FD93
            value ^= value >> 32
        }
    }
}
