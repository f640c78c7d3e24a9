import Canonical
import Glibc
import Transports

/// What a file shows, by key and in the keys' order: each record as the bytes that it is in the file, or, where the format
/// can't say that of one record alone, as JSON.
///
/// It lies on the disk, sorted, and what has changed is merged into it: so memory holds one batch, however much the file
/// holds. Kept under a name it tells the next process what was shown (docs/decisions/0006); Kafka has all the rest.
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

    private let place: Place
    /// Whether it stays known of what went, and at which revision.
    private let keepsTraces: Bool
    private var stored: Stored?
    /// How many records there are, traces included.
    var count: Int { stored?.count ?? 0 }

    /// Where records lie.
    struct Place {
        /// On whose disk.
        let folder: String
        /// Under which name they are kept.
        let name: String
        /// What tells what they are made for from anything else: of another mark they aren't taken.
        let mark: [UInt8]

        var path: String { "\(folder)/\(name)" }
    }

    init(_ place: Place, keepsTraces: Bool = false) {
        self.place = place
        self.keepsTraces = keepsTraces
    }

    /// Those that were put together already.
    init(_ place: Place, _ stored: Stored) {
        self.place = place
        keepsTraces = false
        self.stored = stored
    }

    /// Merges changes, of one key in their order. Nothing has changed when this fails.
    func merge(_ changes: [Change]) throws(SystemError) -> [Outcome] {
        try Folders.create(place.folder, mode: 0o700)
        var merge = Merge(changes, into: try Output(place), keepsTraces: keepsTraces)
        try forEach { entry throws(SystemError) in try merge.pass(entry) }
        stored = try merge.finish()
        return merge.outcomes
    }

    /// Puts them under their name, for the next process.
    func keep() throws(SystemError) { try stored?.file.keep(as: place.path) }

    /// Lends each record, in the order of the keys.
    func forEach(_ body: (Entry) throws(SystemError) -> Void) throws(SystemError) {
        guard var cursor else { return }
        while let entry = try cursor.next() { try body(entry) }
    }

    /// What reads them, one after the other; nil when there are none.
    var cursor: Cursor? { stored.map { Cursor($0.file, upTo: $0.size) } }

    /// A record as it lies in memory for the time of a call.
    struct Entry {
        let epoch: Int64
        let revision: Int64
        let key: UnsafeRawBufferPointer
        let bytes: UnsafeRawBufferPointer
        /// Nothing is left of it but this.
        let isTrace: Bool
        /// All of it as it lies in the file.
        let whole: UnsafeRawBufferPointer

        /// Whether this is the newer one.
        func isNewer(than other: Entry) -> Bool { (epoch, revision) > (other.epoch, other.revision) }
    }

    /// What stands before a record's key and bytes.
    struct Head: BitwiseCopyable {
        var key: UInt32
        /// ``trace``: there are none.
        var bytes: UInt32
        var epoch: Int64
        var revision: Int64
        static var size: Int { 24 }
        static var trace: UInt32 { .max }
    }

    /// Records that are written to their end.
    struct Stored {
        let file: ScratchFile
        let count: Int
        /// What they take of the file, in bytes.
        let size: Int
    }
}

extension FileRecords {
    /// The order of the keys: that of their bytes.
    static func compare(_ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Int {
        let common = min(one.count, other.count)
        let side = common == 0 ? 0 : memcmp(one.baseAddress!, other.baseAddress!, common)
        return side != 0 ? Int(side) : one.count - other.count
    }
}
