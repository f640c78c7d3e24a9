import Canonical
import Glibc
import Transports

/// What a file holds, by key and in the keys' order: each record as the bytes that it is in the file, or, where the format
/// can't say that of one record alone, as JSON.
///
/// It lies on the disk, sorted, and what has changed is merged into it: so memory holds one batch, however much the file
/// holds. It is gone with the process, as Kafka has it all.
final class FileRecords {
    /// What is to become of one record.
    struct Change {
        var key: String
        var epoch: Int64
        var revision: Int64
        /// Nil: it goes.
        var bytes: [UInt8]?
    }

    /// What became of it.
    enum Outcome: Equatable {
        /// A newer revision is there.
        case outdated
        /// It holds these bytes already, or there was none to go.
        case same
        case changed
    }

    private let folder: String
    private let open: (String) throws(SystemError) -> ScratchFile
    private var file: ScratchFile?
    /// How many records there are.
    private(set) var count = 0

    /// - Parameters:
    ///   - folder: on whose disk the records lie.
    ///   - open: makes a file there.
    init(
        in folder: String,
        open: @escaping (String) throws(SystemError) -> ScratchFile = { folder throws(SystemError) in
            try ScratchFile(in: folder)
        }
    ) {
        self.folder = folder
        self.open = open
    }

    /// Merges changes, of one key in their order. Nothing has changed when this fails.
    func merge(_ changes: [Change]) throws(SystemError) -> [Outcome] {
        try Folders.create(folder, mode: 0o700)
        var merge = Merge(changes, into: try open(folder))
        try forEach { entry throws(SystemError) in try merge.pass(entry) }
        try merge.finish()
        (file, count) = (merge.file, merge.count)
        return merge.outcomes
    }

    /// Forgets all.
    func removeAll() { (file, count) = (nil, 0) }

    /// Lends each record, in the order of the keys.
    func forEach(_ body: (Entry) throws(SystemError) -> Void) throws(SystemError) {
        guard let file else { return }
        var window = Window(file)
        while let entry = try window.next() { try body(entry) }
    }

    /// A record as it lies in memory for the time of a call.
    struct Entry {
        let epoch: Int64
        let revision: Int64
        let key: UnsafeRawBufferPointer
        let bytes: UnsafeRawBufferPointer
        /// All of it as it lies in the file.
        let whole: UnsafeRawBufferPointer
    }

    /// What stands before a record's key and bytes.
    private struct Head: BitwiseCopyable {
        var key: UInt32
        var bytes: UInt32
        var epoch: Int64
        var revision: Int64
        static var size: Int { 24 }
    }
}

// MARK: Reading

extension FileRecords {
    /// The piece of the file that is being read.
    private struct Window: ~Copyable {
        private let file: ScratchFile
        private var memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 16)
        /// What of the memory is filled, and not yet lent.
        private var filled = 0..<0
        private var offset = 0

        init(_ file: ScratchFile) { self.file = file }

        deinit { memory.deallocate() }

        mutating func next() throws(SystemError) -> Entry? {
            guard try require(Head.size) else { return nil }
            let head = memory.loadUnaligned(fromByteOffset: filled.lowerBound, as: Head.self)
            let size = Head.size + Int(head.key) + Int(head.bytes)
            guard try require(size) else { throw SystemError("read", "the file's records", code: EIO) }
            let start = filled.lowerBound
            let whole = UnsafeRawBufferPointer(rebasing: memory[start..<(start + size)])
            filled = (start + size)..<filled.upperBound
            let key = Head.size + Int(head.key)
            return Entry(
                epoch: head.epoch, revision: head.revision,
                key: UnsafeRawBufferPointer(rebasing: whole[Head.size..<key]),
                bytes: UnsafeRawBufferPointer(rebasing: whole[key...]), whole: whole)
        }

        /// Has so many bytes in memory, one behind the other. False at the end.
        private mutating func require(_ size: Int) throws(SystemError) -> Bool {
            if filled.count >= size { return true }
            if size > memory.count {
                let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * size, alignment: 16)
                larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[filled]))
                memory.deallocate()
                memory = larger
            } else if !filled.isEmpty {
                memmove(memory.baseAddress!, memory.baseAddress! + filled.lowerBound, filled.count)
            }
            filled = 0..<filled.count
            while filled.count < size {
                let rest = UnsafeMutableRawBufferPointer(rebasing: memory[filled.upperBound...])
                let count = try file.read(from: offset, into: rest)
                if count == 0 { return false }
                offset += count
                filled = 0..<(filled.count + count)
            }
            return true
        }
    }
}

// MARK: Merging

extension FileRecords {
    /// Puts changes between records that come in the order of their keys.
    private struct Merge {
        let file: ScratchFile
        private let changes: [Change]
        private(set) var outcomes: [Outcome]
        private(set) var count = 0
        /// The changes in the order of their keys, of one key in the order in which they came.
        private let order: [(prefix: UInt64, change: Int)]
        private var at = 0

        init(_ changes: [Change], into file: ScratchFile) {
            self.file = file
            self.changes = changes
            outcomes = Array(repeating: .same, count: changes.count)
            var order: [(prefix: UInt64, change: Int)] = []
            order.reserveCapacity(changes.count)
            for index in changes.indices { order.append((Self.prefix(changes[index].key), index)) }
            order.sort { one, other in
                if one.prefix != other.prefix { return one.prefix < other.prefix }
                let (left, right) = (changes[one.change].key, changes[other.change].key)
                if left.isExactly(right) { return one.change < other.change }
                return left.comesBefore(right)
            }
            self.order = order
        }

        /// The first eight bytes, as a number of the same order; with fewer, zeros behind them.
        private static func prefix(_ key: UnsafeRawBufferPointer) -> UInt64 {
            if key.count >= 8 { return UInt64(bigEndian: key.loadUnaligned(as: UInt64.self)) }
            var prefix: UInt64 = 0
            for place in 0..<8 { prefix = prefix << 8 | (place < key.count ? UInt64(key[place]) : 0) }
            return prefix
        }

        private static func prefix(_ key: String) -> UInt64 {
            var key = key
            return key.withUTF8 { prefix(UnsafeRawBufferPointer($0)) }
        }

        /// Takes the next record there is.
        mutating func pass(_ entry: Entry) throws(SystemError) {
            let prefix = Self.prefix(entry.key)
            while at < order.count {
                guard order[at].prefix <= prefix else { break }
                let side = order[at].prefix < prefix ? -1 : Self.compare(changes[order[at].change].key, entry.key)
                if side > 0 { break }
                if side == 0 { return try settle(entry) }
                try settle(nil)
            }
            try keep(entry)
        }

        mutating func finish() throws(SystemError) {
            while at < order.count { try settle(nil) }
            try file.seal()
        }

        private static func compare(_ one: String, _ other: UnsafeRawBufferPointer) -> Int {
            var one = one
            return one.withUTF8 { one in
                let common = min(one.count, other.count)
                let side = common == 0 ? 0 : memcmp(one.baseAddress!, other.baseAddress!, common)
                return side != 0 ? Int(side) : one.count - other.count
            }
        }

        /// What becomes of one key, whose record is there or not.
        private mutating func settle(_ entry: Entry?) throws(SystemError) {
            let key = changes[order[at].change].key
            /// The change that counts so far.
            var winner: Int?
            while at < order.count, changes[order[at].change].key.isExactly(key) {
                let index = order[at].change
                at += 1
                let change = changes[index]
                // What went is known no more: any revision may come after it.
                let before = winner.map { changes[$0] }
                let isThere = before.map { $0.bytes != nil } ?? (entry != nil)
                let revision = before.map { ($0.epoch, $0.revision) } ?? entry.map { ($0.epoch, $0.revision) }
                if isThere, let revision, revision > (change.epoch, change.revision) {
                    outcomes[index] = .outdated
                    continue
                }
                outcomes[index] = Self.isSame(change, before, entry, isThere) ? .same : .changed
                winner = index
            }
            guard let winner else {
                if let entry { try keep(entry) }
                return
            }
            try keep(changes[winner])
        }

        private static func isSame(_ change: Change, _ before: Change?, _ entry: Entry?, _ isThere: Bool) -> Bool {
            guard let bytes = change.bytes else { return !isThere }
            guard isThere else { return false }
            if let before { return before.bytes == bytes }
            return entry.map { $0.bytes.elementsEqual(bytes) } ?? false
        }

        private mutating func keep(_ entry: Entry) throws(SystemError) {
            count += 1
            try file.append(entry.whole)
        }

        private mutating func keep(_ change: Change) throws(SystemError) {
            guard let bytes = change.bytes else { return }
            count += 1
            var key = change.key
            var head = Head(
                key: UInt32(key.utf8.count), bytes: UInt32(bytes.count), epoch: change.epoch, revision: change.revision)
            var failure: SystemError?
            withUnsafeBytes(of: &head) { head in
                key.withUTF8 { key in
                    bytes.withUnsafeBytes { bytes in
                        do throws(SystemError) {
                            try file.append(head)
                            try file.append(UnsafeRawBufferPointer(key))
                            try file.append(bytes)
                        } catch {
                            failure = error
                        }
                    }
                }
            }
            if let failure { throw failure }
        }
    }
}
