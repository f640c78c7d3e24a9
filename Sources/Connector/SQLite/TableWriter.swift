import Canonical
import Document
import Installation
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
    /// The outbox of the table, when a source reads it: its rows about our own writes are taken out again.
    private let outbox: OutboxTable?
    private let all: OutboxTable

    private static let script = """
        CREATE TABLE IF NOT EXISTS omni_revision (
            "table" TEXT NOT NULL,
            key TEXT NOT NULL,
            epoch INTEGER NOT NULL,
            revision INTEGER NOT NULL,
            PRIMARY KEY ("table", key)
        ) WITHOUT ROWID;
        """

    /// - Parameter seenBy: the source that reads the same table, whose records the read-back looks like.
    init(
        _ settings: TableWriting, _ deletion: SinkSettings.Deletion, _ connection: SQLiteConnection,
        seenBy: OutboxReading?
    ) throws {
        self.settings = settings
        conditionByKey = TableStatements.conditionByKey(settings)
        conditionByOwn = TableStatements.conditionByOwn(settings)
        self.deletion = deletion
        let database = try SQLiteFailures.translate {
            try SQLiteDatabase(connection.path, mode: .readWrite, busyTimeout: connection.busy)
        }
        self.database = database
        (all, outbox) = try SQLiteFailures.translate {
            let all = try OutboxTable(
                OutboxReading(table: settings.table, key: settings.key, columns: [], with: []), in: database)
            let outbox = try seenBy.flatMap { try $0.table == settings.table ? OutboxTable($0, in: database) : nil }
            try database.transaction { try database.execute(Self.script) }
            try outbox?.install(in: database)
            return (all, outbox)
        }
        columns = Set(all.columns)
        if let own = settings.own, !columns.contains(own) {
            throw WrongSetting("the table \"\(settings.table)\" has no column \"\(own)\"")
        }
    }

    mutating func write(_ writes: [Write]) throws -> [Written] {
        try SQLiteFailures.translate {
            try database.transaction { try writes.map { try one($0) } }
        }
    }

    private func one(_ write: Write) throws -> Written {
        let name = write.own.map { "\(write.key)#\($0)" } ?? write.key
        let known = try revision(of: write, name)
        if let known, known > (write.epoch, write.revision) { return Written(.outdated) }
        let newest = outbox == nil ? nil : try OutboxTable.newest(in: database)
        try database.run("SAVEPOINT omni_write")
        do {
            // The row's key in the outbox; a deletion must know it before, a creation learns it.
            var echo: String?
            var written = try write.action == .put ? put(write, &echo) : remove(write, &echo)
            guard written.status != .absent || known != nil || written.own != nil else {
                try database.run("RELEASE omni_write")
                return written
            }
            if case .refused = written.status {
                try database.run("RELEASE omni_write")
                return written
            }
            try database.run(
                "INSERT OR REPLACE INTO omni_revision (\"table\", key, epoch, revision) VALUES (?, ?, ?, ?)",
                [.text(settings.table), .text(name), .integer(write.epoch), .integer(write.revision)])
            if outbox != nil { written.position = try OutboxTable.newest(in: database) }
            if echo == nil, outbox != nil { echo = try find(write).flatMap { try outboxKey($0) } }
            if let newest, let echo { try forgetEcho(of: echo, after: newest) }
            try database.run("RELEASE omni_write")
            return written
        } catch let error as SQLiteError where error.isOfItsValues {
            try database.run("ROLLBACK TO omni_write")
            try database.run("RELEASE omni_write")
            // SQLite names the constraint's columns, not the values.
            return Written(.refused(error.message))
        }
    }

    /// What was written last of this row.
    private func revision(of write: Write, _ name: String) throws -> (epoch: Int64, revision: Int64)? {
        guard write.own != nil else {
            return try database.first(
                "SELECT epoch, revision FROM omni_revision WHERE \"table\" = ? AND key = ?",
                [.text(settings.table), .text(name)]
            ) { ($0.integer(at: 0) ?? 0, $0.integer(at: 1) ?? 0) }
        }
        // When it was created its number wasn't known.
        return try database.first(
            """
            SELECT epoch, revision FROM omni_revision WHERE "table" = ? AND key IN (?, ?)
            ORDER BY epoch DESC, revision DESC
            """,
            [.text(settings.table), .text(name), .text(write.key)]
        ) { ($0.integer(at: 0) ?? 0, $0.integer(at: 1) ?? 0) }
    }

    // MARK: Put

    private func put(_ write: Write, _ echo: inout String?) throws -> Written {
        guard let members = write.document.object else { return Written(.refused("the mapping gave no object")) }
        for member in members where !columns.contains(member.key) {
            return Written(.refused("the table \(settings.table) has no column \(member.key)"))
        }
        let statements = shapes.statements(for: members, settings, outbox)
        guard let (place, row) = try present(write, statements) else { return try insert(write, members, statements) }
        echo = row.echo
        if zip(members, row.values).allSatisfy({ Self.isSame($1, $0.value) }) {
            return Written(.unchanged, own: row.own, readBack: try readBack(place))
        }
        let changed = members.filter { place.isByOwn || !settings.key.contains($0.key) }
        if !changed.isEmpty {
            try database.run(
                place.isByOwn ? statements.updateByOwn : statements.updateByKey,
                changed.map { SQLiteValue($0.value) } + place.values)
        }
        // The mapping may have set the number itself.
        let own = settings.own.map { write.document[$0] != nil } == true ? own(try self.row(place)) : row.own
        return Written(.written, own: own, readBack: try readBack(place))
    }

    private func insert(
        _ write: Write, _ members: [JSON.Member], _ statements: TableStatements
    ) throws -> Written {
        for column in settings.key where write.document[column]?.isNull ?? true {
            return Written(.refused("the mapping gives no \(column), which names the row"))
        }
        try database.run(statements.insert, members.map { SQLiteValue($0.value) })
        guard settings.own != nil || outbox != nil else { return Written(.written) }
        guard let place = try find(write) else {
            return Written(.refused("the row is not there after it was inserted"))
        }
        var created = Written(.written, own: own(try row(place)), readBack: try readBack(place))
        created.isNew = true
        return created
    }

    /// A row before it is written.
    private struct Present {
        let echo: String?
        let own: String?
        /// What it holds in the columns that are to be written.
        let values: [SQLiteValue]
    }

    /// The row that a write is about: by the system's own number, else by the key. Nil when there is none.
    private func present(_ write: Write, _ statements: TableStatements) throws -> (Place, Present)? {
        for place in places(write) {
            let sql = place.isByOwn ? statements.selectByOwn : statements.selectByKey
            let found = try database.first(sql, place.values) { row in
                Present(
                    echo: row.text(at: 0), own: settings.own == nil ? nil : JSON(row.value(at: 1)).plain,
                    values: (2..<row.count).map { row.value(at: $0) })
            }
            if let found { return (place, found) }
        }
        return nil
    }

    // MARK: Delete

    private func remove(_ write: Write, _ echo: inout String?) throws -> Written {
        // What isn't known to be ours isn't looked for: somebody may just have entered it.
        if settings.own != nil, write.own == nil { return Written(.absent) }
        guard let place = try find(write) else { return Written(.absent, own: write.own) }
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

    // MARK: Rows

    private struct Place {
        let condition: String
        let values: [SQLiteValue]
        let isByOwn: Bool
    }

    /// The row that a write is about. Nil when there is none.
    private func find(_ write: Write) throws -> Place? { try places(write).first { try exists($0) } }

    /// Where the row that a write is about may be: by the system's own number, else by the key.
    private func places(_ write: Write) -> [Place] {
        var places: [Place] = []
        if let own = write.own, settings.own != nil {
            places.append(Place(condition: conditionByOwn, values: [.text(own)], isByOwn: true))
        }
        if settings.key.allSatisfy({ !(write.document[$0]?.isNull ?? true) }) {
            places.append(
                Place(
                    condition: conditionByKey, values: settings.key.map { SQLiteValue(write.document[$0] ?? .null) },
                    isByOwn: false))
        }
        return places
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
        ) { (key: $0.text(at: 0) ?? "null", row: $0.text(at: 1) ?? "null") }
        guard let found else { return nil }
        return try JSON(
            parsing: try outbox.document(
                op: "update", key: found.key, old: "null", new: found.row, at: "", in: database))
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

    /// Whether a column holds what is wanted: numbers by value, also when they are kept as text.
    static func isSame(_ held: SQLiteValue, _ wanted: JSON) -> Bool {
        switch (held, wanted) {
        case (.text(let held), .string(let wanted)): held.isExactly(wanted)
        case (.text(let held), .number(let wanted)): Number(held) == wanted
        case (.integer(let held), .number(let wanted)): wanted == Number(Int(held))
        case (.integer(let held), .bool(let wanted)): held == (wanted ? 1 : 0)
        case (.integer, .string(let wanted)), (.real, .string(let wanted)):
            Number(wanted).map { isSame(held, .number($0)) } ?? false
        // As it would be kept.
        case (.real(let held), .number(let wanted)): Double(wanted.description) == held
        case (.real(let held), .bool(let wanted)): held == (wanted ? 1 : 0)
        case (.null, .null): true
        case (.text(let held), .array), (.text(let held), .object): held.isExactly(wanted.text)
        default: JSON(held) == wanted
        }
    }
}
