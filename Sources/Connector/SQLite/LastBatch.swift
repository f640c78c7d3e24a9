import Document
import Transports

/// What the last batch wrote into a table, noted beside the system's tables in the batch's own transaction.
///
/// A process that ends between a write and its report leaves behind values of which nobody has heard. The next one may write a newer
/// revision at once; what people changed in between shows the older one's values in the outbox, and they would count as typed
/// (I6). So what was written is kept until the next batch, which is written only when this one's reports are acknowledged,
/// and the next process reports it before its own. One thread uses it.
final class LastBatch {
    private let table: String
    private let upsert: SQLitePrepared
    /// What processes before wrote and may not have reported, by the entities' keys.
    private var left: [String: Left] = [:]
    /// The keys of which this batch tells.
    private var told: Set<String> = []
    private var writer = JSONWriter()
    private var isEmpty = true

    private struct Entry {
        let epoch: Int64
        let earlier: Written.Earlier
    }

    private struct Left {
        /// Oldest first.
        var entries: [Entry] = []
        /// The write that they were reported with: reported again as long as that is repeated.
        var told: Revision?
    }

    private struct Revision: Equatable {
        let epoch: Int64
        let revision: Int64

        init(_ write: Write) { (epoch, revision) = (write.epoch, write.revision) }
    }

    private static let script = """
        CREATE TABLE IF NOT EXISTS omni_batch ("table" TEXT NOT NULL PRIMARY KEY, writes TEXT NOT NULL) WITHOUT ROWID;
        """

    init(of table: String, in database: SQLiteDatabase) throws {
        self.table = table
        try database.execute(Self.script)
        upsert = try database.prepared(
            """
            INSERT INTO omni_batch ("table", writes) VALUES (?, ?)
            ON CONFLICT DO UPDATE SET writes = excluded.writes
            """)
        let writes = try database.first("SELECT writes FROM omni_batch WHERE \"table\" = ?", [.text(table)]) {
            $0.text(at: 0) ?? "[]"
        }
        for entry in try JSON(parsing: writes ?? "[]").array ?? [] { take(entry) }
    }

    private func take(_ entry: JSON) {
        guard let key = entry["key"]?.string, let epoch = entry["epoch"]?.integer,
            let revision = entry["revision"]?.integer, let position = entry["position"]?.integer,
            let held = entry["held"]
        else { return }
        left[key, default: Left()].entries.append(
            Entry(
                epoch: Int64(epoch),
                earlier: Written.Earlier(
                    revision: Int64(revision), own: entry["self"]?.string, readBack: held, position: Int64(position),
                    isNew: entry["new"]?.bool ?? false,
                    fields: (entry["fields"] ?? .array([])).utf8)))
    }

    // MARK: Noting

    /// A batch begins. One that isn't repeated in it has its reports acknowledged: what was reported with it is done with. Said
    /// once more, it might bring back a number that is gone by then.
    func begin(_ writes: [Write]) {
        if !left.isEmpty {
            let repeated = Dictionary(writes.map { ($0.key, Revision($0)) }, uniquingKeysWith: { first, _ in first })
            left = left.filter { $0.value.told == nil || $0.value.told == repeated[$0.key] }
        }
        told = []
        writer.reset()
        writer.write(raw: "[")
        isEmpty = true
    }

    /// Takes up what was written.
    ///
    /// - Parameter held: the record read back, in JSON.
    func add(_ write: Write, own: String?, position: Int64, isNew: Bool, held: [UInt8]) {
        add(write.key, write.epoch, write.revision, own, position, isNew)
        writer.write(raw: ",\"fields\":")
        if write.fields.isEmpty { writer.write(raw: "[]") } else { writer.write(raw: write.fields) }
        writer.write(raw: ",\"held\":")
        writer.write(raw: held)
        writer.write(raw: "}")
    }

    private func add(
        _ key: String, _ epoch: Int64, _ revision: Int64, _ own: String?, _ position: Int64, _ isNew: Bool
    ) {
        writer.write(raw: isEmpty ? "{\"key\":" : ",{\"key\":")
        isEmpty = false
        writer.write(string: key)
        writer.write(raw: ",\"epoch\":\(epoch),\"revision\":\(revision),\"position\":\(position),\"new\":\(isNew)")
        if let own {
            writer.write(raw: ",\"self\":")
            writer.write(string: own)
        }
    }

    /// Notes the batch, and before it what isn't reported yet of the one before. In the batch's transaction.
    func note() throws {
        if !left.isEmpty {
            for (key, left) in left.sorted(by: { $0.key < $1.key }) {
                for entry in left.entries {
                    let earlier = entry.earlier
                    add(key, entry.epoch, earlier.revision, earlier.own, earlier.position, earlier.isNew)
                    writer.write(raw: ",\"fields\":")
                    writer.write(raw: earlier.fields)
                    writer.write(raw: ",\"held\":")
                    writer.write(earlier.readBack)
                    writer.write(raw: "}")
                }
            }
        }
        writer.write(raw: "]")
        try upsert.use { statement in
            try statement.bind(.text(table), at: 1)
            try writer.bytes.withUnsafeBufferPointer { text in
                try statement.bind(lent: text, at: 2)
                try statement.run()
            }
        }
    }

    // MARK: Reporting

    /// What processes before wrote of the entity, oldest first: with one write of the batch, when it is committed, and again when
    /// that is repeated. Whatever its number was then: somebody may have deleted the row and entered it again.
    func earlier(_ write: Write) -> [Written.Earlier] {
        guard !left.isEmpty, let found = left[write.key], told.insert(write.key).inserted else { return [] }
        left[write.key]?.told = Revision(write)
        return found.entries.filter { $0.epoch == write.epoch && $0.earlier.revision <= write.revision }.map(\.earlier)
            .sorted { $0.position < $1.position }
    }

    /// All of it is reported.
    func settle() { left = [:] }
}
