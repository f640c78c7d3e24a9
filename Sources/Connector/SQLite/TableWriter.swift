import Canonical
import Document
import Installation
import Logging
import Transports

/// Writes rows of a table: one transaction a batch, conditional on the revision, read back within it.
///
/// The revision lies in a table of ours beside the system's, `omni_revision`, so that a connector that was thought dead
/// can't put an old price over a new one.
struct TableWriter: SinkWriter {
    private let settings: TableWriting
    private let deletion: SinkSettings.Deletion
    private let database: SQLiteDatabase
    private let columns: Set<String>
    private let conditionByKey: String
    private let conditionByOwn: String
    private let shapes = TableShapes()
    private let revisions: TableRevisions
    /// What was written last, where a source reads the table.
    private let batch: LastBatch?
    /// The outbox of the table, when a source reads it: its rows about our own writes are taken out again.
    private let outbox: OutboxTable?
    private let all: OutboxTable
    /// Whether a statement that fails may have changed something: only a trigger's `RAISE(FAIL)` does that.
    private let mayHalfFail: Bool
    private let scratch = Scratch()
    private let log: Logger

    /// The document that is being written.
    private final class Scratch {
        var tape = Tape()
        /// Its members' values, in their order.
        var values: [Node] = []
        /// Its row's key, in JSON.
        var rowKey = JSONWriter()
        /// The record that was read back after it, in JSON.
        var readBack: [UInt8]?
    }

    /// - Parameters:
    ///   - seenBy: the source that reads the same table, whose records the read-back looks like.
    ///   - noted: the highest number that any source of this database has read before.
    ///   - process: who writes.
    init(
        _ settings: TableWriting, _ deletion: SinkSettings.Deletion, _ connection: SQLiteConnection,
        seenBy: OutboxReading?, noted: Int64 = 0, by process: WritingProcess,
        log: Logger = Logger(label: "table") { _ in SwiftLogNoOpLogHandler() }
    ) throws {
        self.settings = settings
        self.log = log
        conditionByKey = TableStatements.conditionByKey(settings)
        conditionByOwn = TableStatements.conditionByOwn(settings)
        self.deletion = deletion
        let database = try SQLiteFailures.translate {
            try SQLiteDatabase(connection.path, mode: .readWrite, busyTimeout: connection.busy)
        }
        self.database = database
        (all, outbox, revisions, batch, mayHalfFail) = try SQLiteFailures.translate {
            let all = try OutboxTable(
                OutboxReading(table: settings.table, key: settings.key, columns: [], with: []), in: database)
            let outbox = try seenBy.flatMap { try $0.table == settings.table ? OutboxTable($0, in: database) : nil }
            let revisions = try TableRevisions(of: settings.table, in: database)
            if let outbox {
                try outbox.install(in: database)
                try OutboxTable.goOn(behind: noted, in: database, log)
            }
            let foreign = try database.first(
                "SELECT 1 FROM sqlite_master WHERE type = 'trigger' AND name NOT LIKE 'omni\\_%' ESCAPE '\\'"
            ) { _ in true }
            let batch = try outbox.map { _ in try LastBatch(of: settings.table, in: database, by: process) }
            return (all, outbox, revisions, batch, foreign ?? false)
        }
        columns = Set(all.columns)
        if let own = settings.own, !columns.contains(own) {
            throw WrongSetting("the table \"\(settings.table)\" has no column \"\(own)\"")
        }
    }

    /// Where the system gives numbers, what has none isn't known to be ours.
    var findsByKey: Bool { settings.own == nil }

    /// The triggers of the source's outbox note them.
    var isLogged: Bool { outbox != nil }

    mutating func write(_ writes: [Write]) throws -> [Written] {
        // What is written into a file that nobody finds any more isn't written, and must not be reported.
        try SQLiteFailures.checkPlace(of: database)
        var results = try SQLiteFailures.translate { try together(writes) }
        try SQLiteFailures.checkPlace(of: database)
        guard let batch else { return results }
        batch.confirm()
        for (index, write) in writes.enumerated() where results[index].tellsOfWrite {
            results[index].earlier = batch.earlier(write)
        }
        return results
    }

    /// Writes the batch. What shows only at its end, or behind a write, is found in a second try, and ends that write alone.
    private func together(_ writes: [Write]) throws -> [Written] {
        do {
            return try transaction(writes, isCareful: mayHalfFail)
        } catch let error as SQLiteError where error.isForeignKeyMismatch {
            // Whoever asks for foreign keys can't write here at all: the system doesn't ask for them.
            log.notice("the system's foreign keys are not asked for", metadata: ["error": "\(error)"])
            try database.execute("PRAGMA foreign_keys = OFF")
        } catch let error as SQLiteError {
            guard error.isOfItsValues else { throw error }
        } catch is JSONError {}
        return try transaction(writes, isCareful: true)
    }

    private func transaction(_ writes: [Write], isCareful: Bool) throws -> [Written] {
        try database.transaction {
            try batch?.begin(writes)
            let results = try writes.map { try one($0, isCareful) }
            try batch?.note()
            return results
        }
    }

    mutating func settle() { batch?.settle() }

    mutating func unreported(of key: String, with epoch: Int64, _ revision: Int64) throws -> [Written.Earlier] {
        guard let batch else { return [] }
        return try SQLiteFailures.translate { try batch.unreported(of: key, with: epoch, revision) }
    }

    /// - Parameter isCareful: whether all that a write does can be taken back by itself.
    private func one(_ write: Write, _ isCareful: Bool) throws -> Written {
        let name = name(of: write)
        let known = try revisions.known(name, or: write.own == nil ? nil : write.key)
        if let known, known > (write.epoch, write.revision) { return Written(.outdated) }
        do { try scratch.tape.parse(write.bytes) } catch {
            return Written(.refused("the mapping gave no document: \(error.reason)"))
        }
        let root = scratch.tape.root
        let newest = outbox == nil ? nil : try OutboxTable.newest(in: database)
        if isCareful { try database.run("SAVEPOINT omni_write") }
        do {
            // The row's key in the outbox; a deletion must know it before, a creation learns it.
            var echo: String?
            scratch.readBack = nil
            var written = try write.action == .put ? put(write, root, &echo) : remove(write, root, known, &echo)
            if isCareful, database.hasOpenForeignKeys {
                try takeBack()
                return Written(.refused("FOREIGN KEY constraint failed"))
            }
            if written.tellsOfWrite, written.status != .absent || known != nil || write.own != nil {
                noteRowKey(write.action == .put ? root : nil)
                try revisions.set(name, write.epoch, write.revision, row: scratch.rowKey.bytes)
                if settings.own != nil, write.own == nil, write.action == .put {
                    try revisions.set(Self.unnumbered(write), write.epoch, write.revision, row: [])
                }
                if outbox != nil { written.position = try OutboxTable.newest(in: database) }
                if echo == nil, outbox != nil { echo = try find(write, root).flatMap { try outboxKey($0) } }
                if let newest, let echo { try forgetEcho(of: echo, after: newest) }
                if let batch, let held = scratch.readBack {
                    batch.add(
                        write, own: written.own ?? write.own, position: written.position ?? 0,
                        isNew: written.isNew, held: held)
                }
            }
            if isCareful { try database.run("RELEASE omni_write") }
            return written
        } catch let error as SQLiteError where error.isOfItsValues {
            if isCareful { try takeBack() }
            // SQLite names the constraint's columns, not the values.
            return Written(.refused(error.message))
        } catch let error as JSONError where isCareful {
            try takeBack()
            return Written(.refused("the row can't be read back: \(error.reason)"))
        }
    }

    private func takeBack() throws {
        try database.run("ROLLBACK TO omni_write")
        try database.run("RELEASE omni_write")
    }

    /// Under which name its revision is kept.
    private func name(of write: Write) -> String { write.own.map { "\(write.key)#\($0)" } ?? write.key }

    // MARK: Put

    private func put(_ write: Write, _ root: Node, _ echo: inout String?) throws -> Written {
        guard root.kind == .object else { return Written(.refused("the mapping gave no object")) }
        let statements = shapes.statements(for: root, settings, outbox, all, database)
        if let column = statements.unknown {
            return Written(.refused("the table \(settings.table) has no column \(column)"))
        }
        scratch.values.removeAll(keepingCapacity: true)
        for member in root.members { scratch.values.append(member.value) }
        guard let found = try present(write, statements) else {
            // Somebody has deleted it: entering it again is for the hub to decide, which will have forgotten the number then.
            if settings.own != nil, let own = write.own { return Written(vanished: own) }
            return try insert(write, root, statements)
        }
        echo = found.echo
        let place = isSeenAgain ? place(write, root, isByOwn: found.isByOwn) : nil
        if found.isSame { return Written(.unchanged, own: found.own, readBack: try place.flatMap(readBack)) }
        try update(write, found, statements)
        // The mapping may have set the number itself.
        let own =
            if let place, let column = settings.own, root[column] != nil { own(try row(place)) } else { found.own }
        return Written(.written, own: own, readBack: try place.flatMap(readBack))
    }

    /// Whether a row is looked at once more after it was written.
    private var isSeenAgain: Bool { outbox != nil || settings.own != nil }

    private func update(_ write: Write, _ found: Present, _ statements: TableStatements) throws {
        guard found.isByOwn || !statements.changes.isEmpty else { return }
        try statements.statement(.update(byOwn: found.isByOwn)).use { statement in
            var index = 1
            if found.isByOwn {
                for value in scratch.values { try statement.bind(value, at: &index) }
                try statement.bind(.text(write.own ?? ""), at: index)
            } else {
                for place in statements.changes { try statement.bind(scratch.values[place], at: &index) }
                for place in statements.key ?? [] { try statement.bind(scratch.values[place], at: &index) }
            }
            try statement.run()
        }
    }

    private func insert(_ write: Write, _ root: Node, _ statements: TableStatements) throws -> Written {
        for column in settings.key where root[column]?.isNull ?? true {
            return Written(.refused("the mapping gives no \(column), which names the row"))
        }
        try statements.statement(.insert).use { statement in
            var index = 1
            for value in scratch.values { try statement.bind(value, at: &index) }
            try statement.run()
        }
        guard isSeenAgain else { return Written(.written) }
        guard let place = try find(write, root) else {
            return Written(.refused("the row is not there after it was inserted"))
        }
        var created = Written(.written, own: own(try row(place)), readBack: try readBack(place))
        created.isNew = true
        return created
    }

    /// A row before it is written.
    private struct Present {
        let isByOwn: Bool
        let echo: String?
        let own: String?
        /// Whether it holds what is to be written.
        let isSame: Bool
    }

    /// The row that a write is about: by the system's own number, else by the key. Nil when there is none.
    private func present(_ write: Write, _ statements: TableStatements) throws -> Present? {
        if settings.own != nil, let own = write.own {
            let found = try statements.statement(.select(byOwn: true)).use { statement in
                try statement.bind(.text(own), at: 1)
                return try statement.firstRow { present($0, isByOwn: true) }
            }
            if let found { return found }
        }
        guard let key = statements.key, !key.contains(where: { scratch.values[$0].isNull }) else { return nil }
        return try statements.statement(.select(byOwn: false)).use { statement in
            var index = 1
            for place in key { try statement.bind(scratch.values[place], at: &index) }
            return try statement.firstRow { present($0, isByOwn: false) }
        }
    }

    private func present(_ row: borrowing SQLiteRow, isByOwn: Bool) -> Present {
        var isSame = true
        for column in scratch.values.indices where !row.holds(scratch.values[column], at: column + 2) {
            isSame = false
            break
        }
        return Present(
            isByOwn: isByOwn, echo: outbox == nil ? nil : row.text(at: 0),
            own: settings.own == nil ? nil : JSON(row.value(at: 1)).plain, isSame: isSame)
    }

    // MARK: Delete

    private func remove(
        _ write: Write, _ root: Node, _ known: (epoch: Int64, revision: Int64)?, _ echo: inout String?
    ) throws -> Written {
        // What isn't known to be ours isn't looked for: somebody may just have entered it.
        if settings.own != nil, write.own == nil, try !isUnreported(write, root, known) { return Written(.absent) }
        guard let place = try find(write, root) ?? findWritten(write) else { return Written(.absent, own: write.own) }
        echo = try outboxKey(place)
        let number = own(try row(place)) ?? write.own
        switch deletion {
        case .keep: break
        case .remove:
            try database.run(
                "DELETE FROM \(OutboxTable.quoted(settings.table)) WHERE \(place.condition)", place.values)
        case .set(let fields):
            let members = fields.object ?? []
            for member in members where !columns.contains(member.key) {
                return Written(.refused("the table \(settings.table) has no column \(member.key)"))
            }
            let sets = members.map { "\(OutboxTable.quoted($0.key)) = ?" }.joined(separator: ", ")
            try database.run(
                "UPDATE \(OutboxTable.quoted(settings.table)) SET \(sets) WHERE \(place.condition)",
                members.map { SQLiteValue($0.value) } + place.values)
        }
        return Written(.absent, own: number)
    }

    /// Under this name stands what was put there last while its number wasn't known.
    private static func unnumbered(_ write: Write) -> String { "\(write.key)#" }

    /// Whether a row was put there when its number wasn't known, and nothing was done to it since: the report that would have
    /// told of it may be lost, and nobody else knows that it is ours (I9).
    ///
    /// - Parameter known: what was done last without a number.
    private func isUnreported(
        _ write: Write, _ root: Node, _ known: (epoch: Int64, revision: Int64)?
    ) throws -> Bool {
        guard let known, let put = try revisions.known(Self.unnumbered(write), or: nil), put == known,
            let place = place(write, root, isByOwn: false), try exists(place), let number = own(try row(place))
        else { return false }
        guard let since = try revisions.known("\(write.key)#\(number)", or: nil) else { return true }
        return since < known
    }

    // MARK: Rows

    private struct Place {
        let condition: String
        let values: [SQLiteValue]
    }

    /// The row that a write is about. Nil when there is none.
    private func find(_ write: Write, _ root: Node) throws -> Place? {
        for isByOwn in [true, false] {
            if let place = place(write, root, isByOwn: isByOwn), try exists(place) { return place }
        }
        return nil
    }

    /// Where the row that a write is about may be: by the system's own number, or by the key. Nil where that isn't known.
    private func place(_ write: Write, _ root: Node, isByOwn: Bool) -> Place? {
        if isByOwn {
            guard let own = write.own, settings.own != nil else { return nil }
            return Place(condition: conditionByOwn, values: [.text(own)])
        }
        let key = settings.key.compactMap { root[$0] }.filter { !$0.isNull }
        guard key.count == settings.key.count else { return nil }
        return Place(condition: conditionByKey, values: key.map { SQLiteValue(JSON($0)) })
    }

    /// The row that was written last, where the mapping no longer says which that is. Nil when there is none.
    private func findWritten(_ write: Write) throws -> Place? {
        guard findsByKey, let row = try revisions.row(of: name(of: write)) ?? revisions.row(of: write.key),
            let key = try JSON(parsing: row).array,
            key.count == settings.key.count
        else { return nil }
        let place = Place(condition: conditionByKey, values: key.map { SQLiteValue($0) })
        return try exists(place) ? place : nil
    }

    /// Leaves a row's key as ``findWritten(_:)`` reads it in `scratch.rowKey`; nothing where there is no row, or where it isn't
    /// found by its key.
    private func noteRowKey(_ root: Node?) {
        scratch.rowKey.reset()
        guard findsByKey, let root else { return }
        for column in settings.key {
            scratch.rowKey.write(raw: scratch.rowKey.bytes.isEmpty ? "[" : ",")
            if let value = root[column] { scratch.rowKey.write(value) } else { scratch.rowKey.write(raw: "null") }
        }
        scratch.rowKey.write(raw: "]")
    }

    private func exists(_ place: Place) throws -> Bool {
        try database.first(
            "SELECT 1 FROM \(OutboxTable.quoted(settings.table)) WHERE \(place.condition)", place.values
        ) { _ in true }
            ?? false
    }

    private func row(_ place: Place) throws -> JSON {
        let text = try database.first(
            "SELECT \(all.row("")) FROM \(OutboxTable.quoted(settings.table)) WHERE \(place.condition)", place.values
        ) { $0.text(at: 0) ?? "null" }
        return try JSON(parsing: text ?? "null")
    }

    private func own(_ row: JSON) -> String? { settings.own.flatMap { row[$0]?.plain } }

    /// The row as the source that reads this table delivers it.
    private func readBack(_ place: Place) throws -> JSON? {
        guard let outbox else { return nil }
        let found = try database.first(
            """
            SELECT \(outbox.keyObject("")), \(outbox.row("")) FROM \(OutboxTable.quoted(settings.table))
            WHERE \(place.condition)
            """, place.values
        ) { (key: $0.bytes(at: 0), row: $0.bytes(at: 1)) }
        guard let found else { return nil }
        var text = try outbox.document(op: "update", key: found.key, old: nil, new: found.row, at: "", in: database)
        let held: JSON
        do { held = try JSON(parsing: text) } catch {
            // A text beside it that isn't UTF-8 keeps no row from being written.
            text = Array(String(decoding: text, as: UTF8.self).utf8)
            held = try JSON(parsing: text)
        }
        scratch.readBack = text
        return held
    }

    private func outboxKey(_ place: Place) throws -> String? {
        guard let outbox else { return nil }
        return try database.first(
            "SELECT \(outbox.keyObject("")) FROM \(OutboxTable.quoted(settings.table)) WHERE \(place.condition)",
            place.values
        ) { $0.text(at: 0) } ?? nil
    }

    /// Takes the outbox's rows about our own write out again, in its transaction: nobody else can have written meanwhile.
    /// What the system's own triggers made of the row is in what is read back.
    private func forgetEcho(of key: String, after newest: Int64) throws {
        try database.run(
            "DELETE FROM omni_outbox WHERE seq > ? AND \"table\" = ? AND key = ?",
            [.integer(newest), .text(settings.table), .text(key)])
    }
}
