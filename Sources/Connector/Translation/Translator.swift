import Canonical
import Digests
import Document
import Schema

/// What a record became.
struct Translation: Equatable {
    /// The events, in the order of the mapping's items. None: the record was filtered.
    var events: [OutgoingEvent] = []
    /// The entities it touches: `<kind's entity>/<key>`, keys as far as they are known.
    var entities: [String] = []
    /// The references it uses: `<entity>/<system>:<id>`.
    var references: [String] = []
    /// Those of them that are unknown: the record must wait.
    var missing: [String] = []
    /// The system's own numbers in it: `<entity>/<number>`.
    var owns: [String] = []
    /// Those of them that the system says it no longer has.
    var deleted: [String] = []
}

/// Makes events of a mapping's result: references become keys, data are checked, envelopes are written.
struct Translator: Sendable {
    let source: String
    let knowledge: Knowledge

    private var system: String { knowledge.system }

    /// Why a record can't be used; goes into its dead letter.
    struct Refusal: Error, Equatable, CustomStringConvertible {
        let description: String
    }

    /// Translates a mapping's result, which lies on the tape. One invalid item rejects all.
    func translate(
        _ result: Node?, on tape: inout Tape, reference: String, stamp: Tick, position: Int64?
    ) throws(Refusal) -> Translation {
        let items: [Item]
        do throws(Item.Fault) { items = try Item.items(of: result, kinds: knowledge.kinds) } catch {
            throw Refusal(description: error.description)
        }
        var translation = Translation()
        for (index, item) in items.enumerated() {
            let entry = knowledge.kinds[item.kind]!
            let document = resolved(item.document, entry, on: &tape, &translation)
            let key = try key(of: document, item, entry, isComplete: translation.missing.isEmpty)
            translation.entities.append("\(entry.entity.name)/\(key)")
            if let own = item.own, entry.entity.engine != .stock {
                translation.owns.append("\(entry.entity.name)/\(own)")
                if item.isDeleted { translation.deleted.append("\(entry.entity.name)/\(own)") }
            }
            guard translation.missing.isEmpty else { continue }
            if !item.isDeleted { try check(document, entry) }
            translation.events.append(
                event(
                    item, document, entry, key: key,
                    id: EventID.make(source: "/\(system)/\(source)", reference: reference, index: index).description,
                    stamp: item.stamp ?? stamp, position: position))
        }
        if !translation.missing.isEmpty { translation.events = [] }
        return translation
    }

    /// The document that a record which was read back shows for one entity: the copy as the system holds it.
    func held(_ result: Node?, entity: String, key: String?, on tape: inout Tape) throws(Refusal) -> [UInt8]? {
        let items: [Item]
        do throws(Item.Fault) { items = try Item.items(of: result, kinds: knowledge.kinds) } catch {
            throw Refusal(description: error.description)
        }
        var unused = Translation()
        for item in items where item.kind == entity && !item.isDeleted {
            let entry = knowledge.kinds[item.kind]!
            let document = resolved(item.document, entry, on: &tape, &unused)
            if let key, entry.entity.key != .member, try self.key(of: document, item, entry) != key { continue }
            var writer = JSONWriter()
            writer.write(document)
            return writer.bytes
        }
        return nil
    }

    // MARK: Parts

    private func key(
        of document: Node, _ item: Item, _ entry: KindCatalog.Entry, isComplete: Bool = true
    ) throws(Refusal) -> String {
        do throws(KeyError) {
            return try entry.entity.key.key(
                of: document, system: system, selfID: item.own, isComplete: isComplete)
        } catch {
            throw Refusal(description: "\(item.kind): \(error)")
        }
    }

    private func check(_ document: Node, _ entry: KindCatalog.Entry) throws(Refusal) {
        guard !entry.schema.isValid(document) else { return }
        throw Refusal(description: "\(entry.kind.name): \(entry.schema.violations(of: document).summary())")
    }

    private func event(
        _ item: Item, _ document: Node, _ entry: KindCatalog.Entry, key: String, id: String, stamp: Tick,
        position: Int64?
    ) -> OutgoingEvent {
        let type: EventType =
            switch (item.kind, item.isDeleted) {
            case (_, true): EventType(item.kind, .deleted)
            case ("hold", _): EventType("hold", .requested)
            case ("release", _): EventType("hold", .released)
            default: EventType(item.kind, .stated)
            }
        var envelope = Envelope(
            id: id, source: EventSource(system: system, name: source), type: type, subject: key)
        envelope.time = stamp
        envelope.dataSchema = item.isDeleted ? nil : entry.kind.dataSchema
        envelope.position = position
        envelope.selfID = item.own
        var writer = JSONWriter()
        if item.isDeleted { writer.write(raw: "{}") } else { writer.write(document) }
        return OutgoingEvent(topic: knowledge.inputTopic(entry.kind), key: key, envelope: envelope, data: writer.bytes)
    }

    /// The document with its references replaced by keys. An unknown one is noted, and stands as `<system>:<id>`.
    private func resolved(
        _ document: Node, _ entry: KindCatalog.Entry, on tape: inout Tape, _ translation: inout Translation
    ) -> Node {
        guard entry.kind.references.contains(where: { Self.holdsReference(document, $0.path[...]) }) else {
            return document
        }
        var json = JSON(document)
        for field in entry.kind.references {
            json = replace(json, field.path[...], entity: field.entity, &translation)
        }
        return tape.append(json)
    }

    private static func holdsReference(_ node: Node, _ path: ArraySlice<String?>) -> Bool {
        guard let step = path.first else { return node.kind == .object }
        if let name = step { return node[name].map { holdsReference($0, path.dropFirst()) } ?? false }
        for element in node.elements where holdsReference(element, path.dropFirst()) { return true }
        return false
    }

    private func replace(
        _ value: JSON, _ path: ArraySlice<String?>, entity: String, _ translation: inout Translation
    ) -> JSON {
        guard let step = path.first else { return key(for: value, entity: entity, &translation) }
        if let name = step {
            guard let member = value[name] else { return value }
            var value = value
            value[name] = replace(member, path.dropFirst(), entity: entity, &translation)
            return value
        }
        guard case .array(let elements) = value else { return value }
        return .array(elements.map { replace($0, path.dropFirst(), entity: entity, &translation) })
    }

    private func key(for value: JSON, entity: String, _ translation: inout Translation) -> JSON {
        guard let reference = Reference(value) else { return value }
        let name = "\(entity)/\(reference.key)"
        translation.references.append(name)
        if let key = knowledge.identities.key(of: reference, entity: entity) { return .string(key) }
        translation.missing.append(name)
        return .string(reference.key)
    }
}

extension Reference {
    /// Reads `{"system": …, "id": …}`; nil when the value is no reference.
    init?(_ json: JSON) {
        guard let members = json.object, members.count == 2, let system = json["system"]?.string, !system.isEmpty
        else { return nil }
        switch json["id"] {
        case .string(let id)? where !id.isEmpty: self.init(system: system, id: id)
        case .number(let number)? where number.integer != nil: self.init(system: system, id: number.description)
        default: return nil
        }
    }
}
