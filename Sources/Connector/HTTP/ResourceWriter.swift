import Canonical
package import Document
package import Installation
import Logging
import Transports

/// Writes resources of an HTTP API: what is known is updated, what isn't is looked up before it is created, so that a
/// lost answer makes no twin (trap 3).
package struct ResourceWriter: SinkWriter {
    let settings: ResourceWriting
    let deletion: SinkSettings.Deletion
    let system: HTTPSystem
    /// What was looked at for the writes that follow: by their paths.
    private var glances: [String: Glance] = [:]
    /// Whether there was something to look at: by the entity's key.
    private var finds: [ExactText: Found] = [:]

    /// A record as it was read.
    private enum Glance {
        case there(JSON?, tag: String?)
        case missing
        case refused(HTTPSystem.Answer)

        var record: JSON? { if case .there(let record, _) = self { record } else { nil } }
    }

    package init(settings: ResourceWriting, deletion: SinkSettings.Deletion, system: HTTPSystem) {
        self.settings = settings
        self.deletion = deletion
        self.system = system
    }

    package mutating func look(at writes: [Write]) throws -> [JSON?] {
        (glances, finds) = ([:], [:])
        guard settings.ifMatch else { return writes.map { _ in nil } }
        var records: [JSON?] = []
        for write in writes { records.append(try glance(at: write)) }
        return records
    }

    private mutating func glance(at write: Write) throws -> JSON? {
        guard write.action == .put, write.document.object != nil else { return nil }
        var own = write.own
        if own == nil, settings.create != nil {
            let found = try find(write)
            finds[ExactText(write.key)] = found
            guard case .one(let number) = found else { return nil }
            own = number
        }
        guard let path = one(write, own) else { return nil }
        let glance = try glance(path)
        glances[path] = glance
        return glance.record
    }

    private func glance(_ path: String) throws -> Glance {
        let found = try system.get(path)
        if found.status == 404 || found.status == 410 { return .missing }
        guard found.isSuccess else { return .refused(found) }
        return .there(Members.find(settings.answer, in: found.json), tag: found.fields["ETag"])
    }

    package mutating func write(_ writes: [Write]) throws -> [Written] {
        var results: [Written] = []
        for write in writes { results.append(try write.action == .put ? put(write) : remove(write)) }
        return results
    }

    /// The record as the system holds it before a write; nil when it has none.
    ///
    /// - Throws: ``SystemFailure``.
    func look(_ write: Write) throws -> JSON? {
        guard let path = one(write, write.own) else { return nil }
        let found = try system.get(path)
        return found.isSuccess ? Members.find(settings.answer, in: found.json) : nil
    }

    // MARK: Put

    private mutating func put(_ write: Write) throws -> Written {
        guard write.document.object != nil else { return Written(.refused("the mapping gave no object")) }
        guard settings.create != nil else { return try update(write, own: write.own) }
        if let own = write.own {
            let written = try update(write, own: own)
            guard written.status == .absent else { return written }
            // The number is known here and not there: the system has lost or deleted it. Creating would bring back
            // what somebody deleted; the hub decides about that.
            return Written(vanished: own)
        }
        let looked = finds.removeValue(forKey: ExactText(write.key))
        switch try looked ?? find(write) {
        case .none:
            // The note on it took as long as it took: somebody may have entered it meanwhile (trap 3).
            if looked != nil {
                guard case .none = try find(write) else { throw Self.overtaken }
            }
            return try create(write)
        case .one(let own): return try update(write, found: own)
        case .several(let count):
            return Written(.refused("\(count) records have the same natural key; merge them, or mark the right one"))
        case .refused(let answer): return refused(answer)
        }
    }

    /// Updates what was found by looking for it. What is gone again by now isn't left out on purpose: it is looked for once more.
    private mutating func update(_ write: Write, found own: String) throws -> Written {
        let written = try update(write, own: own)
        guard written.status == .absent else { return written }
        return Written(.refused("it was found, and was gone when it was to be written"))
    }

    private mutating func update(_ write: Write, own: String?) throws -> Written {
        guard let path = one(write, own) else {
            return Written(.refused("the path \(settings.one) lacks a value: neither number nor member gives it"))
        }
        var body = body(write)
        var conditions: [(String, String)] = []
        if settings.ifMatch {
            switch try current(path) {
            case .missing: return Written(.absent, own: own)
            case .refused(let answer): return refused(answer)
            case .there(let record, let tag):
                if let tag { conditions.append(("If-Match", tag)) }
                guard settings.update == .patch, let record else { break }
                // What it holds already is left alone: nobody's edit of that is overwritten, whenever it is made.
                body = MergePatch.difference(body, from: record)
                if body.object?.isEmpty == true { return Written(.unchanged, own: own, readBack: record) }
            }
        }
        let answer = try send(method, path, body, conditions)
        switch answer.status {
        case 404, 410: return Written(.absent, own: own)
        case 412: throw Self.overtaken
        default: break
        }
        guard answer.isSuccess else { return refused(answer) }
        return Written(.written, own: own ?? number(answer), readBack: try readBack(answer, path))
    }

    /// What is there now: what was looked at, where a condition keeps it so, else it is read again.
    private mutating func current(_ path: String) throws -> Glance {
        guard let glance = glances.removeValue(forKey: path) else { return try self.glance(path) }
        guard case .there(let record, nil) = glance else { return glance }
        let now = try self.glance(path)
        guard now.record == record else { throw Self.overtaken }
        return now
    }

    /// Somebody was faster: what they wrote must be seen first.
    private static var overtaken: SystemFailure { SystemFailure("the record changed between reading and writing") }

    private mutating func create(_ write: Write) throws -> Written {
        var fields: [(String, String)] = []
        if let header = settings.idempotency { fields.append((header, write.idempotency)) }
        let answer: HTTPSystem.Answer
        do {
            answer = try send(.post, settings.create!, write.document, fields)
        } catch {
            // It may have been created all the same.
            guard case .one(let own) = try find(write) else { throw error }
            return try update(write, found: own)
        }
        guard answer.isSuccess else { return refused(answer) }
        guard let own = number(answer) else {
            return Written(.refused("the answer to the creation holds no \(settings.id)"))
        }
        let path = one(write, own)
        var created = Written(.written, own: own, readBack: try path.flatMap { try readBack(answer, $0) })
        created.isNew = true
        return created
    }

    // MARK: Delete

    private func remove(_ write: Write) throws -> Written {
        // What isn't known to be ours isn't looked for: somebody may just have entered it.
        let own = write.own
        guard own != nil || settings.create == nil, let path = one(write, own) else { return Written(.absent) }
        let answer: HTTPSystem.Answer
        switch deletion {
        case .keep: return Written(.absent, own: own)
        case .remove: answer = try send(.delete, path, nil)
        case .set(let fields): answer = try send(method, path, fields)
        }
        guard answer.isSuccess || answer.status == 404 || answer.status == 410 else { return refused(answer) }
        return Written(.absent, own: own)
    }

    // MARK: Finding

    private enum Found {
        case none
        case one(String)
        case several(Int)
        /// The system won't look for this one.
        case refused(HTTPSystem.Answer)
    }

    private func find(_ write: Write) throws -> Found {
        guard let template = settings.find,
            let path = PathTemplate.fill(template, { Members.find($0, in: write.document)?.plain })
        else { return .none }
        let answer = try system.get(path)
        if answer.status == 404 || answer.status == 204 { return .none }
        guard answer.isSuccess else { return .refused(answer) }
        // Gateways, and indexes that are away, answer 200 too: who hasn't looked may not create (trap 3).
        guard let json = try? JSON(parsing: answer.body), let records = records(json) else {
            throw SystemFailure(
                "a look-up answered \(answer.status) without records at \"\(settings.found)\" (\"found\")")
        }
        let numbers = records.compactMap { Members.find(settings.id, in: $0)?.plain }
        guard numbers.count == records.count else {
            throw SystemFailure("a look-up found a record without number at \"\(settings.id)\" (\"id\")")
        }
        switch numbers.count {
        case 0: return .none
        case 1: return .one(numbers[0])
        default: return .several(numbers.count)
        }
    }

    /// What a look-up's answer holds: a list, one record, or null for none; nil when it is no answer to it.
    private func records(_ answer: JSON) -> [JSON]? {
        switch Members.find(settings.found, in: answer) {
        case .array(let list)?: list
        case .object(let members)?: [.object(members)]
        case .null?: []
        default: nil
        }
    }

    // MARK: Requests

    private var method: HTTPMethod {
        switch settings.update {
        case .put: .put
        case .patch: .patch
        case .post: .post
        }
    }

    /// The path of one record.
    private func one(_ write: Write, _ own: String?) -> String? {
        PathTemplate.fill(settings.one) { name in
            if name == "id", let own { return own }
            return Members.find(name, in: write.document)?.plain
        }
    }

    /// The document without what the path says already.
    private func body(_ write: Write) -> JSON {
        var body = write.document
        for name in PathTemplate.names(settings.one) where name != "id" || write.own == nil { body[name] = nil }
        return body
    }

    private func send(
        _ method: HTTPMethod, _ path: String, _ body: JSON?, _ fields: [(String, String)] = []
    ) throws -> HTTPSystem.Answer {
        let answer: HTTPSystem.Answer
        do throws(Unanswered) {
            answer = try system.send(method, path, body: body, fields: fields)
        } catch {
            throw SystemFailure(error.description)
        }
        if answer.isSystemFailure { throw system.failure(method, answer) }
        return answer
    }

    private func number(_ answer: HTTPSystem.Answer) -> String? {
        guard let record = Members.find(settings.answer, in: answer.json), !settings.id.isEmpty else { return nil }
        return Members.find(settings.id, in: record)?.plain
    }

    private func readBack(_ answer: HTTPSystem.Answer, _ path: String) throws -> JSON? {
        guard settings.readBack else {
            return Members.find(settings.answer, in: answer.json).flatMap { $0.isNull ? nil : $0 }
        }
        let read = try system.get(path)
        // It was written all the same; what it holds isn't seen.
        guard read.isSuccess else { return nil }
        return Members.find(settings.answer, in: read.json)
    }

    /// The record is refused. The body isn't quoted: it may hold the record.
    private func refused(_ answer: HTTPSystem.Answer) -> Written {
        Written(.refused("the system answered \(answer.status)"))
    }
}
