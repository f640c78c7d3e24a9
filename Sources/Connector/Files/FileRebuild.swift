import Document
import Formats
import Glibc
import Transports

/// What a file is to show at a start: what the golden topic says, as today's mapping and format have it. A record that these
/// refuse, or that waits, keeps the row that was shown last (I9). What is gone from the topic is gone here.
struct FileRebuild {
    /// What came of the topic's records; traces tell of what is gone since something older was shown.
    private let rows: FileRecords
    /// The records that are held back, each the newest of its key.
    private let held: FileRecords
    private let place: FileRecords.Place
    private var changes: [FileRecords.Change] = []
    private var holds: [FileRecords.Change] = []
    private var size = 0
    /// Whether anything was held back, even if it was mended since.
    private(set) var holdsAny = false
    /// What is taken up is merged in pieces of so many bytes.
    private static let piece = 4 << 20

    init(_ place: FileRecords.Place) {
        self.place = place
        rows = FileRecords(place, keepsTraces: true)
        held = FileRecords(place)
    }

    /// Takes the topic's next record; of one key the last one counts.
    mutating func take(_ found: FoundRecord, _ encode: (Write) -> Result<[UInt8], FormatError>) throws(SystemError) {
        switch found.fate {
        case .write(let write) where write.action == .put:
            switch encode(write) {
            case .success(let bytes): show(write.key, write.epoch, write.revision, bytes)
            case .failure(let fault): hold(found.golden, fault.description, isWaiting: false)
            }
        case .write(let write): show(write.key, write.epoch, write.revision, nil)
        case .refused(let reason): hold(found.golden, reason, isWaiting: false)
        case .waiting(let reason): hold(found.golden, reason, isWaiting: true)
        }
        if size >= Self.piece { try merge() }
    }

    private mutating func show(_ key: String, _ epoch: Int64, _ revision: Int64, _ bytes: [UInt8]?) {
        changes.append(FileRecords.Change(key: key, epoch: epoch, revision: revision, bytes: bytes))
        size += 64 + key.utf8.count + (bytes?.count ?? 0)
        guard holdsAny else { return }
        holds.append(FileRecords.Change(key: key, epoch: epoch, revision: revision, bytes: nil))
        size += 64 + key.utf8.count
    }

    private mutating func hold(_ golden: Golden, _ reason: String, isWaiting: Bool) {
        let note: JSON = ["record": golden.json, "reason": .string(reason), "waiting": .bool(isWaiting)]
        let bytes = note.utf8
        holds.append(
            FileRecords.Change(key: golden.key, epoch: golden.epoch, revision: golden.revision, bytes: bytes))
        size += 64 + golden.key.utf8.count + bytes.count
        holdsAny = true
    }

    private mutating func merge() throws(SystemError) {
        if !changes.isEmpty { _ = try rows.merge(changes) }
        if !holds.isEmpty { _ = try held.merge(holds) }
        (changes, holds, size) = ([], [], 0)
    }

    // MARK: Putting together

    /// The file's records, and what is held back of them.
    ///
    /// - Parameters:
    ///   - kept: what was shown, as far as it is known.
    ///   - most: how many of those that are refused are remembered.
    mutating func finish(
        besides kept: FileRecords?, most: Int
    ) throws(SystemError) -> (records: FileRecords, result: Restored) {
        try merge()
        try Folders.create(place.folder, mode: 0o700)
        var output = try FileRecords.Output(place)
        var result = Restored()
        var waiting = Reading(held)
        var before = Reading(kept)
        try waiting.advance()
        try before.advance()
        try rows.forEach { row throws(SystemError) in
            while let note = waiting.entry, FileRecords.compare(note.key, row.key) < 0 {
                try Self.settle(note, nil, &before, &output, &result, most)
                try waiting.advance()
            }
            if let note = waiting.entry, FileRecords.compare(note.key, row.key) == 0 {
                try Self.settle(note, row, &before, &output, &result, most)
                try waiting.advance()
            } else if !row.isTrace {
                try output.append(row)
                result.mapped += 1
            }
        }
        while let note = waiting.entry {
            try Self.settle(note, nil, &before, &output, &result, most)
            try waiting.advance()
        }
        let stored = try output.finish()
        return (FileRecords(place, stored), result)
    }

    /// Goes through records, if there are any.
    private struct Reading: ~Copyable {
        private var cursor: FileRecords.Cursor?
        private(set) var entry: FileRecords.Entry?

        init(_ records: FileRecords?) { cursor = records?.cursor }

        mutating func advance() throws(SystemError) { entry = try cursor?.next() }

        /// The record of a key; what stands before it is passed.
        mutating func find(_ key: UnsafeRawBufferPointer) throws(SystemError) -> FileRecords.Entry? {
            while let entry, FileRecords.compare(entry.key, key) < 0 { try advance() }
            return entry.flatMap { FileRecords.compare($0.key, key) == 0 ? $0 : nil }
        }
    }

    /// What is shown of a key whose newest record is held back: what was shown, or what the topic has said since.
    private static func settle(
        _ note: FileRecords.Entry, _ row: FileRecords.Entry?, _ before: inout Reading,
        _ output: inout FileRecords.Output, _ result: inout Restored, _ most: Int
    ) throws(SystemError) {
        let shown = try before.find(note.key)
        let isShownNewer = shown.map { shown in row.map { shown.isNewer(than: $0) } ?? true } ?? false
        let last = isShownNewer ? shown : row.flatMap { $0.isTrace ? nil : $0 }
        if let last { try output.append(last) }
        guard let json = try? JSON(parsing: Array(note.bytes)), let golden = json["record"].flatMap(Golden.init) else {
            throw SystemError("read", "the records that are held back", code: EIO)
        }
        result.hold(
            golden, json["reason"]?.string ?? "", isWaiting: json["waiting"]?.bool ?? false, isShown: last != nil,
            most: most)
    }
}
