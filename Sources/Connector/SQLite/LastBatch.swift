import Document
import Transports

/// What the last batch wrote into a table, noted beside the system's tables in the batch's own transaction.
///
/// A process that ends between a write and its report leaves behind values of which nobody has heard. The next one may write a newer
/// revision at once; what people changed in between shows the older one's values in the outbox, and they would count as typed
/// (I6). So what was written is kept until the next batch, which is written only when this one's reports are acknowledged,
/// and the next process reports it before its own. So does the same process, where it never heard whether its batch was committed; and
/// where one that was thought dead has written meanwhile. One thread uses it.
final class LastBatch {
    private let table: String
    private let database: SQLiteDatabase
    private let process: WritingProcess
    private let upsert: SQLitePrepared
    private let marks: SQLitePrepared
    /// The mark of the batch of which all is known here: it is reported, or among what is left.
    private var known: String?
    /// The mark of the present batch.
    private var mark = ""
    private var count = 0
    /// Whether it isn't known what became of it.
    private var isUnsure = false
    /// What was written and may not be reported, by the entities' keys.
    private var left: [String: Left] = [:]
    /// The keys of which this batch tells.
    private var told: Set<String> = []
    private var writer = JSONWriter()
    private var isEmpty = true

    private struct Entry: Equatable {
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

        init(epoch: Int64, revision: Int64) { (self.epoch, self.revision) = (epoch, revision) }
        init(_ write: Write) { self.init(epoch: write.epoch, revision: write.revision) }
    }

    /// The mark stands before what may be long: it is looked at more often.
    private static let script = """
        CREATE TABLE IF NOT EXISTS omni_batch (
            "table" TEXT NOT NULL PRIMARY KEY, mark TEXT, writes TEXT NOT NULL
        ) WITHOUT ROWID;
        """
    /// What was made before batches had marks.
    private static let migration = """
        ALTER TABLE omni_batch RENAME TO omni_batch_before;
        \(script)
        INSERT INTO omni_batch SELECT "table", NULL, writes FROM omni_batch_before;
        DROP TABLE omni_batch_before;
        """

    init(of table: String, in database: SQLiteDatabase, by process: WritingProcess) throws {
        self.table = table
        self.process = process
        try database.transaction {
            try database.execute(Self.script)
            if try !Self.hasMarks(in: database) { try database.execute(Self.migration) }
        }
        upsert = try database.prepared(
            """
            INSERT INTO omni_batch ("table", mark, writes) VALUES (?, ?, ?)
            ON CONFLICT DO UPDATE SET mark = excluded.mark, writes = excluded.writes
            """)
        marks = try database.prepared(Self.question("mark"))
        self.database = database
        known = try lastMark()
        try takeUp()
    }

    private static func question(_ column: String) -> String {
        "SELECT \(column) FROM omni_batch WHERE \"table\" = ?"
    }

    private static func hasMarks(in database: SQLiteDatabase) throws -> Bool {
        try OutboxTable.columns(of: "omni_batch", in: database).contains("mark")
    }

    /// The mark of the batch that was written last into a table; nil: none has one.
    static func mark(of table: String, in database: SQLiteDatabase) throws -> String? {
        guard try hasMarks(in: database) else { return nil }
        return try database.first(question("mark"), [.text(table)]) { $0.text(at: 0) } ?? nil
    }

    private func lastMark() throws -> String? {
        try marks.use { statement in
            try statement.bind(.text(table), at: 1)
            return try statement.firstRow { $0.text(at: 0) }
        } ?? nil
    }

    /// Takes up what stands there of a batch of which nothing is known here.
    private func hear() throws {
        let mark = try lastMark()
        guard mark != known else { return }
        // Another sink of this process writes into the same table: that sink reports it.
        if isUnsure || mark.map(process.isOwn) != true { try takeUp() }
        known = mark
    }

    private func takeUp() throws {
        let writes = try database.first(Self.question("writes"), [.text(table)]) { $0.text(at: 0) ?? "[]" }
        for entry in try JSON(parsing: writes ?? "[]").array ?? [] { take(entry) }
    }

    private func take(_ entry: JSON) {
        guard let key = entry["key"]?.string, let epoch = entry["epoch"]?.integer,
            let revision = entry["revision"]?.integer, let position = entry["position"]?.integer,
            let held = entry["held"]
        else { return }
        let written = Entry(
            epoch: Int64(epoch),
            earlier: Written.Earlier(
                revision: Int64(revision), own: entry["self"]?.string, readBack: held, position: Int64(position),
                isNew: entry["new"]?.bool ?? false, fields: (entry["fields"] ?? .array([])).utf8))
        guard left[key]?.entries.contains(written) != true else { return }
        left[key, default: Left()].entries.append(written)
        left[key]?.told = nil
    }

    // MARK: Noting

    /// A batch begins. One that isn't repeated in it has its reports acknowledged: what was reported with it is done with. Said
    /// once more, it might bring back a number that is gone by then. In the batch's transaction.
    func begin(_ writes: [Write]) throws {
        try hear()
        count += 1
        (mark, isUnsure) = (process.mark(count), true)
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
            try statement.bind(.text(mark), at: 2)
            try writer.bytes.withUnsafeBufferPointer { text in
                try statement.bind(lent: text, at: 3)
                try statement.run()
            }
        }
    }

    /// The batch is committed.
    func confirm() { (known, isUnsure) = (mark, false) }

    // MARK: Reporting

    /// What processes before wrote of the entity, oldest first: with one write of the batch, when it is committed, and again when
    /// that is repeated. Whatever its number was then: somebody may have deleted the row and entered it again.
    func earlier(_ write: Write) -> [Written.Earlier] {
        guard !left.isEmpty, told.insert(write.key).inserted else { return [] }
        return tell(write.key, with: Revision(write))
    }

    /// What was written of an entity of which nothing is written now, oldest first: what was left by a process before, and where the
    /// last batch may have been committed though nobody heard of it, that.
    func unreported(of key: String, with epoch: Int64, _ revision: Int64) throws -> [Written.Earlier] {
        if isUnsure {
            try hear()
            isUnsure = false
        }
        return left.isEmpty ? [] : tell(key, with: Revision(epoch: epoch, revision: revision))
    }

    private func tell(_ key: String, with told: Revision) -> [Written.Earlier] {
        guard let found = left[key] else { return [] }
        left[key]?.told = told
        return found.entries.filter { $0.epoch == told.epoch && $0.earlier.revision <= told.revision }.map(\.earlier)
            .sorted { $0.position < $1.position }
    }

    /// All of it is reported.
    func settle() { left = [:] }
}
