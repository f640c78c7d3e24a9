import Canonical
import Document
import Schema

/// One kind of data as a source speaks of it: everything about its events that doesn't change from one to the next.
final class ItemKind: Sendable {
    /// The kind's name: `product`.
    let name: String
    /// The entity in whose schema file it stands.
    let entity: String
    /// Whether the system's own numbers for it are kept: stock has none.
    let hasNumbers: Bool
    let key: KeyRule
    let schema: CompiledSchema
    /// Fields that refer to other entities.
    let references: [ReferenceField]
    /// Fields that are lists.
    let lists: [[String?]]
    /// Where what is said of it goes.
    let topic: String
    private let dataSchema: String
    private let source: EventSource
    private let stated: (type: EventType, said: OutgoingEvent.Said)
    private let deleted: (type: EventType, said: OutgoingEvent.Said)

    init(_ entry: KindCatalog.Entry, _ knowledge: Knowledge, source name: String) {
        self.name = entry.kind.name
        entity = entry.entity.name
        hasNumbers = entry.entity.engine != .stock
        key = entry.entity.key
        schema = entry.schema
        references = entry.kind.references
        lists = entry.kind.lists
        topic = knowledge.inputTopic(entry.kind)
        dataSchema = entry.kind.dataSchema
        let source = EventSource(system: knowledge.system, name: name)
        self.source = source
        func said(_ type: EventType) -> (EventType, OutgoingEvent.Said) {
            (type, OutgoingEvent.Said(source: source.description, type: type.description))
        }
        let stated: EventType =
            switch entry.kind.name {
            case "hold": EventType("hold", .requested)
            case "release": EventType("hold", .released)
            default: EventType(entry.kind.name, .stated)
            }
        self.stated = said(stated)
        deleted = said(EventType(entry.kind.name, .deleted))
    }

    /// An event of this kind.
    func event(
        of item: Item, id: String, key: String, stamp: Tick, position: Int64?, data: [UInt8]
    ) -> OutgoingEvent {
        let (type, said) = item.isDeleted ? deleted : stated
        var envelope = Envelope(id: id, source: source, type: type, subject: key)
        envelope.time = stamp
        envelope.dataSchema = item.isDeleted ? nil : dataSchema
        envelope.position = position
        envelope.selfID = item.own
        envelope.isDormant = item.isDormant && !item.isDeleted
        return OutgoingEvent(topic: topic, key: key, envelope: envelope, data: data, said: said)
    }
}

/// The kinds of an installation, as a source speaks of them.
struct ItemKinds: Sendable {
    private let all: [ItemKind]

    init(_ knowledge: Knowledge, source: String) {
        all = knowledge.kinds.names.map { ItemKind(knowledge.kinds[$0]!, knowledge, source: source) }
    }

    /// The kind of that name. There are a dozen: comparing names takes less than hashing one.
    subscript(name: String) -> ItemKind? { all.first { $0.name == name } }

    /// Their names, sorted.
    var names: [String] { all.map(\.name) }
}
