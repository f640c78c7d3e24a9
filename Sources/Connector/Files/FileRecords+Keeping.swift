import Glibc
import Transports

extension FileRecords {
    /// Records on their way to the disk, in the order of their keys.
    struct Output {
        private let place: Place
        private let file: ScratchFile
        private var count = 0
        private var checksum = Checksum()
        /// What isn't in the file yet, up to a piece.
        private var gathered: [UInt8] = []

        init(_ place: Place) throws(SystemError) {
            self.place = place
            file = try ScratchFile(in: place.folder)
        }

        mutating func append(_ entry: Entry) throws(SystemError) {
            gathered.append(contentsOf: entry.whole)
            try didAppend()
        }

        /// Nil bytes leave a trace.
        mutating func append(_ change: Change) throws(SystemError) {
            var key = change.key
            var head = Head(
                key: UInt32(key.utf8.count), bytes: change.bytes.map { UInt32($0.count) } ?? Head.trace,
                epoch: change.epoch, revision: change.revision)
            withUnsafeBytes(of: &head) { gathered.append(contentsOf: $0) }
            key.withUTF8 { gathered.append(contentsOf: $0) }
            if let bytes = change.bytes { gathered.append(contentsOf: bytes) }
            try didAppend()
        }

        private mutating func didAppend() throws(SystemError) {
            count += 1
            if gathered.count >= FileRecords.piece { try flush(gathered.count / Checksum.block * Checksum.block) }
        }

        /// Puts as many of the bytes that are gathered into the file.
        private mutating func flush(_ size: Int) throws(SystemError) {
            var failure: SystemError?
            gathered.withUnsafeBytes { gathered in
                let bytes = UnsafeRawBufferPointer(rebasing: gathered[..<size])
                checksum.add(bytes)
                do throws(SystemError) { try file.append(bytes) } catch { failure = error }
            }
            if let failure { throw failure }
            gathered.removeSubrange(..<size)
        }

        mutating func finish() throws(SystemError) -> Stored {
            try flush(gathered.count)
            let size = file.count
            let trailer = Trailer(count: count, size: size, checksum: checksum.value, mark: place.mark).bytes
            var failure: SystemError?
            trailer.withUnsafeBytes { trailer in
                do throws(SystemError) { try file.append(trailer) } catch { failure = error }
            }
            if let failure { throw failure }
            try file.seal()
            gathered = []
            return Stored(file: file, count: count, size: size)
        }
    }

    /// So many bytes go to the disk at once, or a little more.
    fileprivate static let piece = 1 << 18

    /// What stands behind the last record, and tells whether they are all there, and what they were made for.
    private struct Trailer: Equatable {
        let count: Int
        let size: Int
        let checksum: UInt64
        let mark: [UInt8]
        /// Rises when the bytes of these files mean something else.
        private static let version: UInt64 = 2
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
            var count = 0
            var cursor = Cursor(file, upTo: size)
            while try cursor.next() != nil { count += 1 }
            let checksum = try Checksum(of: file, upTo: size)
            guard found == Trailer(count: count, size: size, checksum: checksum.value, mark: place.mark).bytes else {
                return .failure(.damaged)
            }
            return .success(FileRecords(place, Stored(file: file, count: count, size: size)))
        } catch {
            return .failure(error.code == ENOENT ? .missing : .damaged)
        }
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
    ///
    /// In four lanes, as each word waits for the one before it in its lane.
    private struct Checksum {
        private var lanes: (UInt64, UInt64, UInt64, UInt64) = (
            0x9E37_79B9_7F4A_7C15, 0xBF58_476D_1CE4_E5B9, 0x94D0_49BB_1331_11EB, 0x2545_F491_4F6C_DD1D
        )

        var value: UInt64 {
            [lanes.1, lanes.2, lanes.3].reduce(lanes.0) { sum, lane in Self.mixed(sum, lane) }
        }

        /// In multiples of these bytes it is made; only the last ones may be fewer.
        static let block = 32

        init() {}

        /// That of a file's first bytes.
        init(of file: ScratchFile, upTo size: Int) throws(SystemError) {
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: FileRecords.piece, alignment: 16)
            defer { memory.deallocate() }
            var offset = 0
            while offset < size {
                let wanted = min(memory.count, size - offset)
                var count = 0
                while count < wanted {
                    let rest = UnsafeMutableRawBufferPointer(rebasing: memory[count..<wanted])
                    let read = try file.read(from: offset + count, into: rest)
                    guard read > 0 else { throw SystemError("read", "the file's records", code: EIO) }
                    count += read
                }
                add(UnsafeRawBufferPointer(rebasing: memory[..<count]))
                offset += count
            }
        }

        mutating func add(_ bytes: UnsafeRawBufferPointer) {
            var offset = 0
            while offset + Self.block <= bytes.count {
                add(block: UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + Self.block)]))
                offset += Self.block
            }
            guard offset < bytes.count else { return }
            var last = [UInt8](bytes[offset...])
            last += repeatElement(0, count: Self.block - last.count)
            last.withUnsafeBytes { add(block: $0) }
        }

        private mutating func add(block: UnsafeRawBufferPointer) {
            lanes.0 = Self.mixed(lanes.0, block.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
            lanes.1 = Self.mixed(lanes.1, block.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            lanes.2 = Self.mixed(lanes.2, block.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
            lanes.3 = Self.mixed(lanes.3, block.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
        }

        private static func mixed(_ sum: UInt64, _ word: UInt64) -> UInt64 {
            let product = (sum ^ word) &* 0xD6E8_FEB8_6659_FD93
            return product ^ product >> 32
        }
    }
}
