import Canonical
import Digests
import Document
import Installation
import Mapping

/// One sink: what of a golden record goes into the system, and what the record read back says.
final class Sink {
    let settings: SinkSettings
    let entry: KindCatalog.Entry
    var writer: (any SinkWriter)?
    private let knowledge: Knowledge
    private var filter: MappingRunner?
    private var mapping: MappingRunner
    private let seenBy: SeenBy?
    /// What was held back when the golden topic was taken up, and is to be parked.
    var held: [Golden] = []
    var reports: ReportWriter
    private var tape = Tape()
    /// Whether the golden record that is being planned lies on the tape, and nothing else.
    private var isFresh = false
    /// What mappings may ask; the record's own bindings stand behind the common ones.
    private var asked: EvaluationContext
    private let common: Int
    private let asks: Asks
    private var text = JSONWriter()
    /// Files and tables know a row by its key: they need no other sign that a write is repeated.
    private let needsIdempotency: Bool
    /// The fields that the golden record speaks of which is being planned, in JSON, where the writer keeps them.
    private var fields: [UInt8] = []
    private let origin: String

    /// Which of a record's variables its mapping or filter speaks of: the others aren't made.
    private struct Asks {
        let key: Bool
        let isDeleted: Bool
        let revision: Bool
        let own: Bool

        init(_ mappings: [CompiledMapping]) {
            func ask(_ name: String) -> Bool { mappings.contains { $0.uses(variable: name) } }
            (key, isDeleted, revision, own) = (ask("key"), ask("deleted"), ask("revision"), ask("self"))
        }
    }

    /// What a mapping made of a record, in JSON.
    private struct Mapped {
        let bytes: [UInt8]
        let kind: Tag
    }

    /// The source whose mapping translates what is read back.
    final class SeenBy {
        private var runner: MappingRunner
        private var translator: Translator

        init(_ mapping: CompiledMapping, _ translator: consuming Translator) {
            runner = MappingRunner(mapping)
            self.translator = translator
        }

        /// The copy of one entity in a record; nil when the mapping sees none.
        func held(_ record: JSON, entity: String, key: String, _ context: EvaluationContext) -> [UInt8]? {
            var tape = Tape()
            tape.setRoot(tape.append(record))
            guard let result = try? runner.run(tape.root, on: &tape, context) else { return nil }
            return try? translator.held(result, entity: entity, key: key, on: &tape)
        }

        /// What the source would publish of a record.
        func events(of record: JSON, reference: String, _ context: EvaluationContext) -> [OutgoingEvent] {
            var tape = Tape()
            tape.setRoot(tape.append(record))
            guard let result = try? runner.run(tape.root, on: &tape, context),
                let translation = try? translator.translate(
                    result, on: &tape, reference: reference, stamp: .never, position: nil)
            else { return [] }
            return translation.events
        }
    }

    /// A write that isn't needed: what the system holds left its mapping nothing to say.
    struct Settled {
        let write: Write
        /// What it holds.
        let record: JSON
    }

    /// What is to be done with a golden record.
    enum Plan {
        /// These writes: one for each number that the system has for the entity, or nothing where it is settled.
        case write([Write], settled: [Settled] = [])
        /// The system doesn't have it, and isn't meant to.
        case absent
        /// It needs another entity's number first, or a connector of its version.
        case wait(String)
        /// The filter asks for a number that isn't known: the system doesn't have it, until the number is. These take away what it
        /// has.
        case absentUntilKnown(String, [Write])
        /// It can't be mapped; why, without data, and whether the mapping said so itself.
        case refuse(String, isMeant: Bool)

        /// Whether the system isn't asked to do anything.
        var isWithoutWrites: Bool {
            switch self {
            case .write(let writes, let settled): writes.isEmpty && settled.isEmpty
            case .absentUntilKnown(_, let writes): writes.isEmpty
            case .absent, .wait, .refuse: true
            }
        }
    }

    init(
        _ settings: SinkSettings, _ entry: KindCatalog.Entry, _ knowledge: Knowledge, filter: CompiledMapping?,
        mapping: CompiledMapping, seenBy: SeenBy?, writer: (any SinkWriter)?
    ) {
        self.settings = settings
        self.entry = entry
        self.knowledge = knowledge
        reports = ReportWriter(settings, entry, knowledge)
        asked = knowledge.context(at: .never)
        common = asked.bindings.count
        asks = Asks([mapping] + [filter].compactMap(\.self))
        needsIdempotency = !(writer is any WholeWriter) && !(writer is TableWriter)
        origin = EventSource(system: knowledge.system, name: settings.name).description
        self.filter = filter.map { MappingRunner($0) }
        self.mapping = MappingRunner(mapping)
        self.seenBy = seenBy
        self.writer = writer
        if let system = writer as? ResourceWriter, system.settings.readFirst { look = system.look }
    }

    /// What the system holds of a record that is about to be written, for mappings that must know; nil: they needn't.
    var look: ((Write) throws -> JSON?)?

    /// Decides what to do with a golden record.
    ///
    /// - Throws: ``SystemFailure`` when the system must be asked, and can't be.
    func plan(_ golden: Golden) throws -> Plan {
        // A tombstone says nothing that a mapping could read.
        if golden.verb == .gone { return .write([write(golden, nil, Self.nothing, .delete)]) }
        // What a start finds in its topic, or a process of a later version has parked; reading stops before it takes such up.
        if let reason = golden.foreignVersion(to: entry.kind.major) { return .wait(reason) }
        let numbers = knowledge.identities.targets(
            of: golden.key, entity: golden.entity, in: knowledge.system)
        do {
            try tape.parse(golden.data)
            guard tape.root.kind == .object else {
                return .refuse("the golden record is no JSON object", isMeant: false)
            }
            isFresh = true
            if seenBy != nil { noteFields() }
            if numbers.isEmpty, golden.verb == .golden, let member = strayMember(of: golden) {
                return .wait("\(member) belongs to another \(golden.entity) by now")
            }
            var (isWanted, awaited): (Bool, String?) = (false, nil)
            do throws(MappingFailure) {
                if golden.verb == .golden { isWanted = try wants(golden, numbers.first) }
            } catch {
                guard case .unknownReference(let reference) = error else { throw error }
                awaited = reference.description
            }
            let owns: [String?] = numbers.isEmpty ? [nil] : numbers.map { $0 }
            var (writes, settled): ([Write], [Settled]) = ([], [])
            for own in owns {
                let document = try isWanted ? document(golden, own: own, isDeleted: false) : remains(golden, own: own)
                guard isWanted, let document, document.kind != .null else {
                    // Nothing known of it there, and nothing to find it by: it isn't there.
                    if own == nil, document?.kind != .object, writer?.findsByKey != true { continue }
                    writes.append(write(golden, own, document?.bytes ?? Self.nothing, .delete))
                    continue
                }
                var planned = write(golden, own, document.bytes, .put)
                if let look, let record = try look(planned) {
                    let own = try self.document(golden, own: own, isDeleted: false, record: record)
                    guard let own, own.kind == .object else {
                        settled.append(Settled(write: planned, record: record))
                        continue
                    }
                    planned.bytes = own.bytes
                }
                writes.append(planned)
            }
            if let awaited { return .absentUntilKnown(awaited, writes) }
            return writes.isEmpty && settled.isEmpty ? .absent : .write(writes, settled: settled)
        } catch let failure as MappingFailure {
            switch failure {
            case .unknownReference(let reference): return .wait(reference.description)
            case .rejected(let rejection): return .refuse(rejection.description, isMeant: true)
            case .error(let error): return .refuse(error.withoutWords, isMeant: false)
            }
        } catch let failure as SystemFailure {
            throw failure
        } catch {
            return .refuse("the golden record is not JSON", isMeant: false)
        }
    }

    private func noteFields() {
        text.reset()
        var isFirst = true
        for member in tape.root.members {
            text.write(raw: isFirst ? "[" : ",")
            isFirst = false
            text.write(string: member.key.string ?? "")
        }
        text.write(raw: isFirst ? "[]" : "]")
        fields = text.bytes.withUnsafeBufferPointer { Array($0) }
    }

    /// A member of a golden record that is known as another one's: the record was merged since, which a record behind it
    /// will say, or the numbers are late. Until that is clear nothing is created for it: it would be a twin.
    private func strayMember(of golden: Golden) -> String? {
        guard let members = tape.root["members"] else { return nil }
        for member in members.elements {
            guard let system = member["system"]?.string, let id = member["id"]?.string else { continue }
            let key = knowledge.identities.key(of: Reference(system: system, id: id), entity: golden.entity)
            if let key, key != golden.key { return "\(system):\(id)" }
        }
        return nil
    }

    /// Remembers under which number the system holds what was written: a second revision may come before the hub has told
    /// everybody, and must not create a twin.
    func remember(_ result: Written, of golden: Golden) {
        switch result.status {
        case .written, .unchanged:
            guard let own = result.own else { return }
            knowledge.identities.create(
                Reference(system: knowledge.system, id: own), of: golden.entity, key: golden.key)
        case .absent: knowledge.identities.forgetCreated(golden.key, of: golden.entity)
        case .outdated, .refused: return
        }
    }

    private func wants(_ golden: Golden, _ own: String?) throws(MappingFailure) -> Bool {
        guard filter != nil else { return true }
        let root = tape.root
        isFresh = false
        let result = try filter!.run(root, on: &tape, context(golden, own: own, isDeleted: false))
        return result?.bool ?? false
    }

    /// What the mapping makes of a record that isn't wanted: by this the system's copy is found. Where it needs a number
    /// that isn't known, there never was one.
    private func remains(_ golden: Golden, own: String?) throws -> Mapped? {
        // What a file no longer shows needs no words, and none that fail.
        if writer is any WholeWriter { return nil }
        do {
            return try document(golden, own: own, isDeleted: true)
        } catch MappingFailure.unknownReference {
            return nil
        }
    }

    /// What the mapping makes of the record: an object, or nothing.
    private func document(_ golden: Golden, own: String?, isDeleted: Bool, record: JSON? = nil) throws -> Mapped? {
        if !isFresh { try tape.parse(golden.data) }
        isFresh = false
        let root = tape.root
        let context = context(golden, own: own, isDeleted: isDeleted, record: record)
        guard let result = try mapping.run(root, on: &tape, context) else { return nil }
        // As in a source: no items are nothing.
        if result.kind == .array, result.count == 0 { return nil }
        text.reset()
        text.write(result)
        return Mapped(bytes: text.bytes.withUnsafeBufferPointer { Array($0) }, kind: result.kind)
    }

    private static let nothing = Array("null".utf8)

    private func context(
        _ golden: Golden, own: String?, isDeleted: Bool, record: JSON? = nil
    ) -> EvaluationContext {
        asked.milliseconds = golden.time.isKnown ? Int(golden.time.milliseconds) : 0
        if asked.bindings.count > common { asked.bindings.removeSubrange(common...) }
        if asks.key { asked.bindings.append(("key", .string(golden.key))) }
        if asks.isDeleted { asked.bindings.append(("deleted", .bool(isDeleted))) }
        if asks.revision { asked.bindings.append(("revision", .number(Number(Int(golden.revision))))) }
        if let own, asks.own { asked.bindings.append(("self", .string(own))) }
        if let record { asked.bindings.append(("record", record)) }
        return asked
    }

    private func write(_ golden: Golden, _ own: String?, _ document: [UInt8], _ action: Write.Action) -> Write {
        // A tombstone names no epoch.
        let epoch = golden.verb == .gone ? .max : golden.epoch
        var write = Write(
            key: golden.key, revision: golden.revision, epoch: epoch, own: own, bytes: document, action: action,
            idempotency: needsIdempotency
                ? EventID.make(source: origin, reference: golden.key, index: 0).description : "")
        write.fields = fields
        return write
    }

    /// The copy as the system holds it: the record read back, mapped by the source's own mapping. Nil: not to be seen.
    func held(_ readBack: JSON, key: String) -> [UInt8]? {
        seenBy?.held(readBack, entity: entry.kind.name, key: key, knowledge.context(at: .never))
    }

    /// Of what a copy holds, what the golden record that was written speaks of. The rest wasn't written: somebody may just have
    /// entered it, and reported as if it were ours it would never be his say (I6, I9).
    ///
    /// - Parameter fields: in JSON, as ``Write/fields``.
    func spoken(_ held: [UInt8], of fields: [UInt8]) -> [UInt8] {
        guard case .array(let names) = try? JSON(parsing: fields) else { return held }
        let spoken = Set(names.compactMap(\.string).map(ExactText.init))
        isFresh = false
        guard (try? tape.parse(held)) != nil else { return held }
        let root = tape.root
        func isSpoken(_ key: Node) -> Bool { spoken.contains(ExactText(key.string ?? "")) }
        guard root.members.contains(where: { !isSpoken($0.key) }) else { return held }
        text.reset()
        for member in root.members where isSpoken(member.key) {
            text.write(raw: text.bytes.isEmpty ? "{" : ",")
            text.write(member.key)
            text.write(raw: ":")
            text.write(member.value)
        }
        text.write(raw: text.bytes.isEmpty ? "{}" : "}")
        return text.bytes.withUnsafeBufferPointer { Array($0) }
    }

    /// What the source would publish when it saw that the system no longer has what it had under this number.
    func deletion(of golden: Golden, own: String, topic: String) -> OutgoingEvent {
        let source = EventSource(system: knowledge.system, name: settings.seenBy ?? settings.name)
        let key = entry.entity.key == .member ? Reference(system: knowledge.system, id: own).key : golden.key
        var envelope = Envelope(
            id: EventID.make(source: source.description, reference: "\(golden.place)/\(own)/gone", index: 0)
                .description,
            source: source, type: EventType(entry.kind.name, .deleted), subject: key)
        envelope.selfID = own
        return OutgoingEvent(topic: topic, key: key, envelope: envelope, data: Array("{}".utf8))
    }

    /// Whether a record that was found, where no number was known, is another one's: as everybody knows, as this process has written it,
    /// or as another one of the same batch has found it, too.
    ///
    /// - Parameter found: for whom which number was found in the batch so far.
    func isAnothers(_ record: JSON?, than planned: SinkLoop.Planned, _ found: inout [String: String]) -> Bool {
        guard entry.entity.key == .member, planned.write.own == nil, let record else { return false }
        let events = seenBy?.events(of: record, reference: "", knowledge.context(at: .never)) ?? []
        let key = planned.golden.key
        return events.compactMap(\.envelope.selfID).contains { own in
            let reference = Reference(system: knowledge.system, id: own)
            let owner = knowledge.identities.owner(of: reference, entity: planned.golden.entity) ?? found[own] ?? key
            if owner == key { found[own] = key }
            return owner != key
        }
    }

    /// What the source would have published of a record that was read before the write, except for what it holds after the
    /// write, too: that may be our own, of a write whose answer was lost (I6), and the report says it anyway.
    func observation(_ before: JSON, reference: String, except held: [UInt8]) -> [OutgoingEvent] {
        let events = seenBy?.events(of: before, reference: reference, knowledge.context(at: .never)) ?? []
        guard let held = try? JSON(parsing: held) else { return events }
        return events.compactMap { event in
            guard case .object(let members) = try? JSON(parsing: event.data) else { return event }
            let news = members.filter { held[$0.key] != $0.value }
            guard !news.isEmpty else { return nil }
            var event = event
            event.data =
                JSON.object(
                    members.filter { entry.entity.key.needs($0.key) } + news.filter { !entry.entity.key.needs($0.key) }
                ).utf8
            return event
        }
    }
}
