import Canonical
import Digests
import Document
import Schema

/// Makes events of a mapping's result: references become keys, data are checked, envelopes are written.
struct Translator: ~Copyable {
    private let knowledge: Knowledge
    private let kinds: ItemKinds
    private var ids: EventIDs
    private var writer = JSONWriter()

    init(source: String, knowledge: Knowledge) {
        self.knowledge = knowledge
        kinds = ItemKinds(knowledge, source: source)
        ids = EventIDs(source: EventSource(system: knowledge.system, name: source).description)
    }

    private var system: String { knowledge.system }

    /// Why a record can't be used; goes into its dead letter.
    struct Refusal: Error, Equatable, CustomStringConvertible {
        let description: String
        /// The member that it is about, as the mapping names it; nil where none can be told.
        var member: String?
        /// The kind in whose document the member is; nil: it is one of an item, and the description holds no value of it.
        var kind: String?
    }

    /// Translates a mapping's result, which lies on the tape. One invalid item rejects all.
    mutating func translate(
        _ result: Node?, on tape: inout Tape, reference: String, stamp: Tick, position: Int64?
    ) throws(Refusal) -> Translation {
        let items: [Item]
        do throws(Item.Fault) { items = try Item.items(of: result, kinds: kinds) } catch {
            throw Refusal(description: error.description, member: error.member)
        }
        var translation = Translation()
        for (index, item) in items.enumerated() {
            let kind = item.kind
            let document = resolved(item.document, kind, on: &tape, &translation)
            let key = try key(of: document, item, isComplete: translation.missing.isEmpty)
            translation.touched.append(Translation.Thing(entity: kind.entity, id: key))
            if let own = item.own, kind.hasNumbers {
                let thing = Translation.Thing(entity: kind.entity, id: own)
                translation.owns.append(thing)
                if item.isDeleted { translation.deleted.append(thing) }
            }
            guard translation.missing.isEmpty else { continue }
            if !item.isDeleted { try check(document, kind) }
            translation.events.append(
                kind.event(
                    of: item, id: ids.make(reference: reference, index: index).description, key: key,
                    stamp: item.stamp ?? stamp, position: position,
                    data: item.isDeleted ? Array("{}".utf8) : written(document)))
        }
        if !translation.missing.isEmpty { translation.events = [] }
        return translation
    }

    /// The document that a record which was read back shows for one entity: the copy as the system holds it.
    mutating func held(_ result: Node?, entity: String, key: String?, on tape: inout Tape) throws(Refusal) -> [UInt8]? {
        let items: [Item]
        do throws(Item.Fault) { items = try Item.items(of: result, kinds: kinds) } catch {
            throw Refusal(description: error.description)
        }
        var unused = Translation()
        for item in items where item.kind.name == entity && !item.isDeleted {
            let document = resolved(item.document, item.kind, on: &tape, &unused)
            if let key, item.kind.key != .member, try self.key(of: document, item) != key { continue }
            return written(document)
        }
        return nil
    }

    // MARK: Parts

    private func key(
        of document: Node, _ item: Item, isComplete: Bool = true
    ) throws(Refusal) -> String {
        do throws(KeyError) {
            return try item.kind.key.key(
                of: document, system: system, selfID: item.own, isComplete: isComplete)
        } catch {
            throw Refusal(description: "\(item.kind.name): \(error)")
        }
    }

    private func check(_ document: Node, _ kind: ItemKind) throws(Refusal) {
        guard !kind.schema.isValid(document) else { return }
        let violations = kind.schema.violations(of: document)
        throw Refusal(
            description: "\(kind.name): \(violations.summary())", member: violations.first?.member, kind: kind.name)
    }

    /// The document as JSON. The writer's memory is kept, so this takes one allocation of the right size.
    private mutating func written(_ document: Node) -> [UInt8] {
        writer.reset()
        writer.write(document)
        return writer.bytes.withUnsafeBufferPointer { Array($0) }
    }

    /// The document with its references replaced by keys, and with lists of one where the mapping, as JSONata has it, gave
    /// the one alone. An unknown reference is noted, and stands as `<system>:<id>`.
    private func resolved(
        _ document: Node, _ kind: ItemKind, on tape: inout Tape, _ translation: inout Translation
    ) -> Node {
        let holdsReferences = kind.references.contains { Self.holdsReference(document, $0.path[...]) }
        guard holdsReferences || kind.lists.contains(where: { Self.isAlone(document, $0[...]) }) else {
            return document
        }
        var json = JSON(document).listing(kind.lists)
        for field in kind.references {
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

    /// Whether a value stands where the schema says array.
    private static func isAlone(_ node: Node, _ path: ArraySlice<String?>) -> Bool {
        guard let step = path.first else { return node.kind != .array && !node.isNull }
        if let name = step { return node[name].map { isAlone($0, path.dropFirst()) } ?? false }
        // What stands alone is the list's one element.
        guard node.kind == .array else { return isAlone(node, path.dropFirst()) }
        for element in node.elements where isAlone(element, path.dropFirst()) { return true }
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
