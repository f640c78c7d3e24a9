package import Connector
import Document

/// How a connector writes the till's articles: as the table transport does, one transaction a batch.
package struct TillWriter: SinkWriter {
    private let till: StoreTill
    private let process: SimulatedProcess

    package init(_ till: StoreTill, _ process: SimulatedProcess) {
        self.till = till
        self.process = process
    }

    package mutating func write(_ writes: [Write]) throws -> [Written] {
        let fate = try till.line.fate(process, "write \(writes.count) articles")
        guard fate != .lost else { throw SystemFailure("the till's database is locked") }
        let results = writes.map { one($0) }
        try till.line.answer(process, "articles are written")
        guard fate == .answered else { throw SystemFailure("the till's disk failed behind the commit") }
        return results
    }

    private func one(_ write: Write) -> Written {
        let name = write.own.map { "\(write.key)#\($0)" } ?? write.key
        let known = [till.content.revisions[name], till.content.revisions[write.key]].compactMap(\.self).max { $0 < $1 }
        if let known, known > (write.epoch, write.revision) {
            till.refusedOld += 1
            return Written(.outdated)
        }
        let newest = till.content.newest
        let row = find(write)
        var written = write.action == .put ? put(write, row) : remove(write, row)
        if written.status == .absent, known == nil, written.own == nil { return written }
        if case .refused = written.status { return written }
        till.content.revisions[name] = (write.epoch, write.revision)
        written.position = till.content.newest
        // What the outbox notes about the connector's own write is taken out again.
        if let own = written.own.flatMap({ Int($0) }) { till.forgetEcho(of: own, after: newest) }
        return written
    }

    private func find(_ write: Write) -> (id: Int, row: JSON)? {
        if let own = write.own.flatMap({ Int($0) }), let row = till.content.articles[own] { return (own, row) }
        return write.document["ean"]?.string.flatMap { till.article(ean: $0) }
    }

    private func put(_ write: Write, _ found: (id: Int, row: JSON)?) -> Written {
        let members = (write.document.object ?? []).map { ($0.key, $0.value) }
        if let found, members.allSatisfy({ (found.row[$0.0] ?? .null) == $0.1 }) {
            return Written(.unchanged, own: String(found.id), readBack: readBack(found.id))
        }
        let name = members.first { $0.0 == "name" }?.1
        if name == .null || found == nil && name == nil {
            return Written(.refused("NOT NULL constraint failed: article.name"))
        }
        if till.line.flaw == .forgottenWrite, let found, till.line.scheduler.random.one(in: 4) {
            return Written(.written, own: String(found.id), readBack: readBack(found.id, members))
        }
        let id = till.change(found?.id, members)
        let isBlind = till.line.flaw == .blindReadBack
        return Written(.written, own: String(id), readBack: readBack(id, isBlind ? members : []))
    }

    private func remove(_ write: Write, _ found: (id: Int, row: JSON)?) -> Written {
        guard write.own != nil else { return Written(.absent) }
        guard let found else { return Written(.absent, own: write.own) }
        till.change(found.id, [("active", 0)])
        return Written(.absent, own: String(found.id))
    }

    /// - Parameter claimed: what it says instead of what is there.
    private func readBack(_ id: Int, _ claimed: [(String, JSON)] = []) -> JSON? {
        guard var row = till.content.articles[id] else { return nil }
        for (name, value) in claimed { row[name] = value }
        return StoreTill.document(op: "update", id: id, old: .null, new: row, at: nil)
    }
}
