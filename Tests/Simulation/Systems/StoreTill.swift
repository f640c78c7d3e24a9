import Canonical
import Connector
import Document

/// The till: articles, customers and counts in a database, whose triggers note each change in an outbox, in the change's
/// transaction.
///
/// Names of articles are cut at 20 characters by its own triggers. Writes are conditional on the revision that lies beside
/// them.
package final class StoreTill {
    package enum Table: String, CaseIterable, Sendable {
        case article
        case customer
        case count = "inventory_count"
    }

    /// One note of the outbox.
    struct Note {
        let number: Int64
        let table: Table
        let op: String
        let id: Int
        let old: JSON
        let new: JSON
        let at: Int64
    }

    /// A connector's batch, as it is kept until the next one.
    struct Batch {
        let mark: String
        let entries: [BatchEntry]
    }

    /// One write of a connector's batch.
    struct BatchEntry: Equatable {
        let key: String
        let epoch: Int64
        let earlier: Written.Earlier
    }

    /// The whole database.
    private(set) var rows: [Table: [Int: JSON]] = [:]
    private var next: [Table: Int] = [:]
    private(set) var outbox: [Note] = []
    private(set) var newest: Int64 = 0
    /// What the last batch wrote into each table, and what wasn't reported before it.
    var lastBatch: [Table: Batch] = [:]
    /// Where the log stood when snapshots were read.
    private(set) var snapshots: [Table: Set<Int64>] = [:]
    /// By table and key: what was written last.
    private var revisions: [String: (epoch: Int64, revision: Int64)] = [:]

    package let line: SystemLine
    /// Everything that the outbox ever noted of people's changes: the auditor's.
    private(set) var notes: [Note] = []
    /// What people typed last into a row, by `table/id` and column: the auditor's.
    private(set) var typed: [String: [String: JSON]] = [:]
    /// The EAN of every article that there ever was: the auditor's.
    private(set) var eans: [Int: String] = [:]

    package static let nameLength = 20

    package init(_ line: SystemLine) { self.line = line }

    func all(_ table: Table) -> [(id: Int, row: JSON)] {
        (rows[table] ?? [:]).sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    func row(_ table: Table, _ id: Int) -> JSON? { rows[table]?[id] }

    /// The first row with this value in a column.
    func find(_ table: Table, _ column: String, _ value: JSON) -> (id: Int, row: JSON)? {
        all(table).first { $0.row[column] == value }
    }

    // MARK: What the till program does

    /// Changes a row, or enters it.
    ///
    /// - Parameter isTyped: whether people do it.
    @discardableResult
    func change(_ table: Table, _ id: Int?, _ members: [(String, JSON)], isTyped: Bool = false) -> Int {
        let id = id ?? next[table] ?? 1
        next[table] = max(next[table] ?? 1, id + 1)
        let old = rows[table]?[id]
        var row = old ?? fresh(table, id)
        for (name, value) in members {
            row[name] = Self.kept(table, name, value)
            if isTyped { typed["\(table.rawValue)/\(id)", default: [:]][name] = Self.kept(table, name, value) }
        }
        if table != .count { row["changed_at"] = .string(Self.time(line.machine.wall)) }
        rows[table, default: [:]][id] = row
        // What is no longer active says nothing, and what it said before may never have been read.
        if table == .article, row["active"] == 0 { typed["\(table.rawValue)/\(id)"] = nil }
        if table == .article, let ean = row["ean"]?.string { eans[id] = ean }
        note(table, old == nil ? "insert" : "update", id, old ?? .null, row)
        return id
    }

    private func fresh(_ table: Table, _ id: Int) -> JSON {
        let number = JSON.number(Number(id))
        return switch table {
        case .article: ["id": number, "active": 1, "currency": "EUR", "name": "", "sale_price": .null]
        case .customer:
            [
                "id": number, "name": "", "phone": .null, "email": .null, "street": .null, "zip": .null, "city": .null,
                "loyalty_no": .null,
            ]
        case .count:
            [
                "id": number, "store_id": "helsinki-1",
                "counted_at": .string(Self.time(line.machine.wall)),
            ]
        }
    }

    /// Deletes a row.
    func delete(_ table: Table, _ id: Int) {
        guard let old = rows[table]?.removeValue(forKey: id) else { return }
        typed["\(table.rawValue)/\(id)"] = nil
        note(table, "delete", id, old, .null)
    }

    private func note(_ table: Table, _ op: String, _ id: Int, _ old: JSON, _ new: JSON) {
        newest += 1
        let note = Note(number: newest, table: table, op: op, id: id, old: old, new: new, at: line.machine.wall)
        outbox.append(note)
        notes.append(note)
    }

    static func kept(_ table: Table, _ column: String, _ value: JSON) -> JSON {
        guard table == .article, column == "name", let text = value.string else { return value }
        return .string(String(text.prefix(nameLength)))
    }

    /// `2026-11-21 20:00:00.123`, UTC without saying so.
    static func time(_ milliseconds: Int64) -> String {
        Tick(milliseconds).rfc3339.replacing("T", with: " ").replacing("Z", with: "")
    }

    // MARK: What its connector does

    func noteSnapshot(_ table: Table) { snapshots[table, default: []].insert(newest) }

    /// What is safe needs no note any more.
    func acknowledge(_ table: Table, upTo number: Int64) {
        outbox.removeAll { $0.table == table && $0.number <= number }
    }

    /// Takes out again what is noted of a row since then: it is the connector's own write.
    func forgetEcho(_ table: Table, of id: Int, after newest: Int64) {
        outbox.removeAll { $0.number > newest && $0.table == table && $0.id == id }
        notes.removeAll { $0.number > newest && $0.table == table && $0.id == id }
    }

    /// What was written last under one of these names.
    func revision(_ table: Table, _ names: [String]) -> (epoch: Int64, revision: Int64)? {
        names.compactMap { revisions["\(table)/\($0)"] }.max { $0 < $1 }
    }

    func setRevision(_ table: Table, _ name: String, _ revision: (epoch: Int64, revision: Int64)) {
        revisions["\(table)/\(name)"] = revision
    }
}
