import Canonical
package import Document

/// The till: articles in a database, whose triggers note each change in an outbox, in the change's transaction.
///
/// Names are cut at 20 characters by its own triggers. Writes are conditional on the revision that lies beside them.
package final class StoreTill {
    /// One note of the outbox.
    struct Note {
        let number: Int64
        let op: String
        let id: Int
        let old: JSON
        let new: JSON
        let at: Int64
    }

    /// All that a backup holds.
    struct Content {
        var articles: [Int: JSON] = [:]
        var nextArticle = 1
        var outbox: [Note] = []
        var newest: Int64 = 0
        /// By key: what was written last.
        var revisions: [String: (epoch: Int64, revision: Int64)] = [:]
    }

    package let line: SystemLine
    var content = Content()
    /// Told of each write that came with an older revision than the one that is there: the auditor's (I6).
    package var refusedOld = 0
    private var clock: VirtualClock { line.scheduler.clock }
    /// Everything that the outbox ever noted of people's changes: the auditor's.
    private(set) var notes: [Note] = []

    package static let nameLength = 20

    package init(_ line: SystemLine) { self.line = line }

    package var articles: [(id: Int, row: JSON)] {
        content.articles.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    package func article(ean: String) -> (id: Int, row: JSON)? {
        articles.first { $0.row["ean"]?.string == ean }
    }

    // MARK: What the till program does

    /// Changes an article, or enters it.
    @discardableResult
    package func change(_ id: Int?, _ members: [(String, JSON)]) -> Int {
        let id = id ?? content.nextArticle
        content.nextArticle = max(content.nextArticle, id + 1)
        let old = content.articles[id]
        var row = old ?? ["id": .number(Number(id)), "active": 1, "currency": "EUR", "name": "", "sale_price": .null]
        for (name, value) in members { row[name] = name == "name" ? Self.cut(value) : value }
        row["changed_at"] = .string(Self.time(clock.now))
        content.articles[id] = row
        note(old == nil ? "insert" : "update", id, old ?? .null, row)
        return id
    }

    /// Deletes an article.
    package func delete(_ id: Int) {
        guard let old = content.articles.removeValue(forKey: id) else { return }
        note("delete", id, old, .null)
    }

    private func note(_ op: String, _ id: Int, _ old: JSON, _ new: JSON) {
        content.newest += 1
        let note = Note(number: content.newest, op: op, id: id, old: old, new: new, at: clock.now)
        content.outbox.append(note)
        notes.append(note)
    }

    /// Takes out again what is noted of an article since then: it is the connector's own write.
    func forgetEcho(of id: Int, after newest: Int64) {
        content.outbox.removeAll { $0.number > newest && $0.id == id }
        notes.removeAll { $0.number > newest && $0.id == id }
    }

    static func cut(_ name: JSON) -> JSON {
        guard case .string(let text) = name else { return name }
        return .string(String(text.prefix(nameLength)))
    }

    /// `2026-11-21 20:00:00.123`, UTC without saying so.
    static func time(_ milliseconds: Int64) -> String {
        Tick(milliseconds).rfc3339.replacing("T", with: " ").replacing("Z", with: "")
    }
}
