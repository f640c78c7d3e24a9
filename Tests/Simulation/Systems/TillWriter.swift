package import Connector
import Document
package import Installation

/// How a connector writes a table of the till: as the table transport does, one transaction a batch.
package struct TillWriter: SinkWriter {
    private let till: StoreTill
    private let table: StoreTill.Table
    private let process: SimulatedProcess
    private let deletion: SinkSettings.Deletion
    private let writing: WritingProcess
    /// What was written and may not be reported, oldest first.
    private var left: [StoreTill.BatchEntry]
    /// The mark of the batch of which all is known here, and whether that is all that this process has written.
    private var known: String?
    private var isUnsure = false
    private var count = 0
    /// By their keys, the revisions that they were reported with: reported again as long as those are repeated.
    private var told: [String: Int64] = [:]
    /// The column that names a row.
    private var key: String { table == .article ? "ean" : "id" }

    package init(
        _ till: StoreTill, _ table: StoreTill.Table, _ process: SimulatedProcess, _ writing: WritingProcess,
        _ deletion: SinkSettings.Deletion
    ) {
        self.writing = writing
        self.till = till
        self.table = table
        self.process = process
        self.deletion = deletion
        left = till.lastBatch[table]?.entries ?? []
        known = till.lastBatch[table]?.mark
    }

    package var isLogged: Bool { true }

    package mutating func write(_ writes: [Write]) throws -> [Written] {
        let fate = try till.line.fate(process, "write \(writes.count) \(table.rawValue)s")
        guard fate != .lost else { throw SystemFailure("the till's database is locked") }
        hear()
        count += 1
        isUnsure = true
        var results: [Written] = []
        left.removeAll { entry in
            guard let told = told[entry.key] else { return false }
            return !writes.contains { $0.key == entry.key && $0.revision == told }
        }
        var batch: [StoreTill.BatchEntry] = []
        for write in writes {
            let written = one(write)
            results.append(written)
            guard let held = written.readBack, let position = written.position else { continue }
            batch.append(
                StoreTill.BatchEntry(
                    key: write.key, epoch: write.epoch,
                    earlier: Written.Earlier(
                        revision: write.revision, own: written.own, readBack: held, position: position,
                        isNew: written.isNew,
                        fields: write.fields)))
        }
        till.lastBatch[table] = StoreTill.Batch(mark: writing.mark(count), entries: left + batch)
        try till.line.answer(process, "\(table.rawValue)s are written")
        guard fate == .answered else { throw SystemFailure("the till's disk failed behind the commit") }
        (known, isUnsure) = (writing.mark(count), false)
        var keys: Set<String> = []
        for (index, write) in writes.enumerated() where results[index].tellsOfWrite {
            guard keys.insert(write.key).inserted else { continue }
            results[index].earlier = earlier(write.key, write.epoch, write.revision)
        }
        return results
    }

    package mutating func settle() { left = [] }

    package mutating func unreported(of key: String, with epoch: Int64, _ revision: Int64) throws -> [Written.Earlier] {
        if isUnsure {
            hear()
            isUnsure = false
        }
        return earlier(key, epoch, revision)
    }

    /// Takes up what stands there of a batch of which nothing is known here.
    private mutating func hear() {
        guard let batch = till.lastBatch[table], batch.mark != known else { return }
        known = batch.mark
        guard isUnsure || !writing.isOwn(batch.mark) else { return }
        for entry in batch.entries where !left.contains(entry) {
            left.append(entry)
            told[entry.key] = nil
        }
    }

    private mutating func earlier(_ key: String, _ epoch: Int64, _ revision: Int64) -> [Written.Earlier] {
        let found = left.filter { $0.key == key }
        guard !found.isEmpty else { return [] }
        told[key] = revision
        return found.filter { $0.epoch == epoch && $0.earlier.revision <= revision }.map(\.earlier)
            .sorted { $0.position < $1.position }
    }

    /// Under which name its revision is kept.
    private func name(of write: Write) -> String { write.own.map { "\(write.key)#\($0)" } ?? write.key }

    private func one(_ write: Write) -> Written {
        let name = name(of: write)
        let known = till.revision(table, [name, write.key])
        if let known, known > (write.epoch, write.revision), till.line.flaw != .unconditional {
            till.line.scheduler.trace.count("outdated write", process.name)
            return Written(.outdated)
        }
        let newest = till.newest
        var row = find(write)
        if write.action == .delete, write.own == nil, !isUnreported(write, row, known) { row = nil }
        till.line.scheduler.trace.note("till", "\(write.action) \(name)@\(write.revision) \(write.document.text)")
        var written = write.action == .put ? put(write, row) : remove(write, row)
        if written.status == .absent, known == nil, written.own == nil { return written }
        guard written.tellsOfWrite else { return written }
        till.setRevision(table, name, (write.epoch, write.revision))
        if write.action == .put, write.own == nil {
            till.setRevision(table, "\(write.key)#", (write.epoch, write.revision))
        }
        written.position = till.newest
        // What the outbox notes about the connector's own write is taken out again.
        if let own = written.own.flatMap({ Int($0) }) { till.forgetEcho(table, of: own, after: newest) }
        return written
    }

    /// Whether a row was put there when its number wasn't known, and nothing was done to it since.
    private func isUnreported(
        _ write: Write, _ row: (id: Int, row: JSON)?, _ known: (epoch: Int64, revision: Int64)?
    ) -> Bool {
        guard let known, let row, let put = till.revision(table, ["\(write.key)#"]), put == known else { return false }
        guard let since = till.revision(table, ["\(write.key)#\(row.id)"]) else { return true }
        return since < known
    }

    private func find(_ write: Write) -> (id: Int, row: JSON)? {
        if let own = write.own.flatMap({ Int($0) }), let row = till.row(table, own) { return (own, row) }
        guard let value = write.document[key], !value.isNull else { return nil }
        return till.find(table, key, value)
    }

    private func put(_ write: Write, _ found: (id: Int, row: JSON)?) -> Written {
        let members = (write.document.object ?? []).map { ($0.key, $0.value) }
        if let found, members.allSatisfy({ (found.row[$0.0] ?? .null) == $0.1 }) {
            return Written(.unchanged, own: String(found.id), readBack: readBack(found.id))
        }
        if found == nil, let own = write.own { return Written(vanished: own) }
        let name = members.first { $0.0 == "name" }?.1
        if name == .null || found == nil && name == nil {
            return Written(.refused("NOT NULL constraint failed: \(table.rawValue).name"))
        }
        if till.line.flaw == .forgottenWrite, let found, till.line.scheduler.random.one(in: 4) {
            return Written(.written, own: String(found.id), readBack: readBack(found.id, members))
        }
        let given = members.first { $0.0 == "id" }?.1.integer
        let id = till.change(table, found?.id ?? given, members)
        let isBlind = till.line.flaw == .blindReadBack
        var written = Written(.written, own: String(id), readBack: readBack(id, isBlind ? members : []))
        written.isNew = found == nil
        return written
    }

    private func remove(_ write: Write, _ found: (id: Int, row: JSON)?) -> Written {
        guard let found else { return Written(.absent, own: write.own) }
        switch deletion {
        case .keep: break
        case .remove: till.delete(table, found.id)
        case .set(let fields): till.change(table, found.id, (fields.object ?? []).map { ($0.key, $0.value) })
        }
        return Written(.absent, own: String(found.id))
    }

    /// - Parameter claimed: what it says instead of what is there.
    private func readBack(_ id: Int, _ claimed: [(String, JSON)] = []) -> JSON? {
        guard var row = till.row(table, id) else { return nil }
        for (name, value) in claimed { row[name] = value }
        return table.document(op: "update", id: id, old: .null, new: row, at: nil)
    }
}
