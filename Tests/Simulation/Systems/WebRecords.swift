import Canonical
import Connector
import Document

/// Records of one kind behind a REST API: versions, a list by date page by page, webhooks. Some changes leave the date alone,
/// so a cursor misses them.
package final class WebRecords {
    /// What a kind of records is like.
    struct Kind {
        /// Below it the records lie: `api`, `products`.
        let path: [String]
        /// The member that no two records have in common, and that is looked for.
        let natural: String
        /// Members that every record has.
        let fresh: JSON
        let columns: [String]
        /// Without these nothing is created.
        let needed: [String]
        /// A value as the system can hold it.
        let kept: @Sendable (_ name: String, _ value: JSON) -> JSON
        /// Whether the webhooks tell of deletions.
        let announcesDeletions: Bool

        /// What a list of them is called.
        var name: String { path[path.count - 1] }
    }

    struct Record {
        var members: JSON
        var version = 0
        var updatedAt: Int64 = 0
        /// What people typed into this record last, by member: the auditor's.
        var typed: [String: JSON] = [:]
    }

    let kind: Kind
    let line: SystemLine
    private(set) var records: [Int: Record] = [:]
    private var next = 501
    private var backup: [Int: Record]?
    /// It was set back to a backup: what it said since is gone, and what it says again is old.
    private(set) var wasRestored = false
    /// Told of changes: the webhooks.
    var announce: ((_ id: Int) -> Void)?

    private static let pageSize = 3

    init(_ kind: Kind, _ line: SystemLine) {
        self.kind = kind
        self.line = line
    }

    var all: [(id: Int, row: JSON)] { records.sorted { $0.key < $1.key }.map { ($0.key, row($0.key, $0.value)) } }

    /// The record with that natural name.
    func find(_ value: String) -> (id: Int, row: JSON)? { all.first { $0.row[kind.natural]?.string == value } }

    // MARK: What happens in the system

    /// Changes a record, or enters it.
    ///
    /// - Parameters:
    ///   - isTyped: whether people do it.
    ///   - isSilent: whether the date stays, and nobody is told.
    @discardableResult
    func change(_ id: Int?, _ members: [(String, JSON)], isTyped: Bool, isSilent: Bool = false) -> Int {
        let id = id ?? next
        next = max(next, id + 1)
        var record = records[id] ?? Record(members: kind.fresh)
        for (name, value) in members where kind.columns.contains(name) {
            let kept = kind.kept(name, value)
            record.members[name] = Self.merged(record.members[name], kept)
            if isTyped { record.typed[name] = kept }
        }
        record.version += 1
        if !isSilent || record.version == 1 { record.updatedAt = line.machine.wall }
        records[id] = record
        if !isSilent { announce?(id) }
        return id
    }

    /// Members of members that aren't given stay.
    static func merged(_ old: JSON?, _ new: JSON) -> JSON {
        guard case .object? = old, var merged = old else { return new }
        if new.isNull {
            for member in old?.object ?? [] { merged[member.key] = .null }
            return merged
        }
        for member in new.object ?? [] { merged[member.key] = member.value }
        return merged
    }

    func delete(_ id: Int, isSilent: Bool) {
        guard records.removeValue(forKey: id) != nil else { return }
        if !isSilent, kind.announcesDeletions { announce?(id) }
    }

    func backUp() { backup = records }

    /// Sets everything back to the last backup, if there is one. Numbers are not given twice.
    func restoreBackup() -> Bool {
        guard let backup else { return false }
        records = backup
        wasRestored = true
        return true
    }

    // MARK: Its API

    func answer(_ request: WebRequest) -> WebAnswer? {
        guard request.path.starts(with: kind.path) else { return nil }
        let id = request.path.count > kind.path.count ? Int(request.path[kind.path.count]) ?? -1 : nil
        switch (request.method, id) {
        case ("GET", nil): return list(request)
        case ("POST", nil): return create(request)
        case ("GET", let id?): return records[id].map { one(200, id, $0) } ?? WebAnswer(404)
        case ("PUT", let id?): return update(id, request)
        case ("DELETE", let id?):
            guard records[id] != nil else { return WebAnswer(404) }
            delete(id, isSilent: false)
            return WebAnswer(204)
        default: return WebAnswer(405)
        }
    }

    private func list(_ request: WebRequest) -> WebAnswer {
        var found = records.sorted { $0.key < $1.key }
        if let value = request.query[kind.natural] {
            found = found.filter { $0.value.members[kind.natural]?.string == value }
        }
        let since = request.query["updated_since"]
        if let since, let tick = Tick(rfc3339: since) {
            found = found.filter { $0.value.updatedAt >= tick.milliseconds }
        }
        let page = request.query["page"].flatMap { Int($0) } ?? 1
        let rest = found.dropFirst((page - 1) * Self.pageSize)
        var next = JSON.null
        if rest.count > Self.pageSize {
            next = .string(
                "/\(kind.path.joined(separator: "/"))?page=\(page + 1)"
                    + (since.map { "&updated_since=\($0.replacing(":", with: "%3A"))" } ?? ""))
        }
        let rows = rest.prefix(Self.pageSize).map { row($0.key, $0.value) }
        return WebAnswer(200, .object([.init(kind.name, .array(rows)), .init("next", next)]))
    }

    private func create(_ request: WebRequest) -> WebAnswer {
        guard kind.needed.allSatisfy({ request.body[$0]?.string?.isEmpty == false }) else { return WebAnswer(422) }
        guard !hasTwin(request.body, except: nil) else { return WebAnswer(409) }
        let id = change(nil, Self.members(request.body), isTyped: false)
        return one(201, id, records[id]!)
    }

    private func update(_ id: Int, _ request: WebRequest) -> WebAnswer {
        guard let record = records[id] else { return WebAnswer(404) }
        if let tag = request.fields["If-Match"], tag != "\"\(record.version)\"", line.flaw != .unconditional {
            line.scheduler.trace.count("412", kind.name)
            return WebAnswer(412)
        }
        guard !hasTwin(request.body, except: id) else { return WebAnswer(409) }
        change(id, Self.members(request.body), isTyped: false)
        return one(200, id, records[id]!)
    }

    private static func members(_ body: JSON) -> [(String, JSON)] { (body.object ?? []).map { ($0.key, $0.value) } }

    private func hasTwin(_ body: JSON, except id: Int?) -> Bool {
        guard let value = body[kind.natural]?.string else { return false }
        return records.contains { $0.key != id && $0.value.members[kind.natural]?.string == value }
    }

    private func one(_ status: Int, _ id: Int, _ record: Record) -> WebAnswer {
        WebAnswer(status, row(id, record), etag: "\"\(record.version)\"")
    }

    private func row(_ id: Int, _ record: Record) -> JSON {
        var members: [JSON.Member] = [.init("id", .number(Number(id)))]
        members += record.members.object ?? []
        members.append(.init("version", .number(Number(record.version))))
        members.append(.init("updated_at", .string(Tick(record.updatedAt).rfc3339)))
        return .object(members)
    }
}
