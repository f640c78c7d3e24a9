import Canonical
import Document

/// One item of a mapping's result: `{"<kind>": document, "self": …, "at": …, "deleted": …, "dormant": …}`.
struct Item {
    let kind: ItemKind
    let document: Node
    /// The system's own number for the entity.
    let own: String?
    /// When the system says it changed.
    let stamp: Tick?
    let isDeleted: Bool
    /// Whether it stands there without being in use.
    let isDormant: Bool

    /// What an item may say beside its document.
    static let words = ["self", "at", "deleted", "dormant"]

    /// Why a mapping's result is none. Names members, never values (I12).
    struct Fault: Error, Equatable, CustomStringConvertible {
        let description: String
        /// The member of an item that it is about.
        var member: String?
    }

    /// The items of a result: one object, or a list of them; nothing, null and `[]` are none.
    static func items(of result: Node?, kinds: ItemKinds) throws(Fault) -> [Item] {
        guard let result, !result.isNull else { return [] }
        if result.kind == .array {
            var items: [Item] = []
            for element in result.elements { items.append(try Item(element, kinds)) }
            return items
        }
        return [try Item(result, kinds)]
    }

    private init(_ node: Node, _ kinds: ItemKinds) throws(Fault) {
        guard node.kind == .object else {
            throw Fault(description: "the mapping's result must be items such as {\"product\": {…}}, or a list of them")
        }
        var kind: ItemKind?
        var document: Node?
        var own: String?
        var stamp: Tick?
        var (isDeleted, isDormant) = (false, false)
        for member in node.members {
            let name = member.key.string ?? ""
            switch name {
            case "self": own = try Self.own(member.value)
            case "at": stamp = try Self.stamp(member.value)
            case "deleted": isDeleted = try Self.flag(member.value, name)
            case "dormant": isDormant = try Self.flag(member.value, name)
            default:
                guard let named = kinds[name] else {
                    throw Fault(
                        description: "the mapping's result has the member \"\(name)\", which is no kind of data")
                }
                guard kind == nil else {
                    throw Fault(description: "one item holds both \(kind!.name) and \(name); make them two items")
                }
                guard member.value.kind == .object else {
                    throw Fault(description: "\(name) must be an object", member: name)
                }
                kind = named
                document = member.value
            }
        }
        guard let kind, let document else {
            throw Fault(description: "an item names no kind; it needs one of \(kinds.names.joined(separator: ", "))")
        }
        (self.kind, self.document, self.own, self.stamp) = (kind, document, own, stamp)
        (self.isDeleted, self.isDormant) = (isDeleted, isDormant)
    }

    private static func flag(_ node: Node, _ name: String) throws(Fault) -> Bool {
        guard let flag = node.bool else { throw Fault(description: "\(name) must be true or false", member: name) }
        return flag
    }

    private static func own(_ node: Node) throws(Fault) -> String? {
        if node.isNull { return nil }
        guard let text = Reference.text(node) else {
            throw Fault(
                description: "self must be the system's own number: a text, or a whole number", member: "self")
        }
        return text
    }

    private static func stamp(_ node: Node) throws(Fault) -> Tick? {
        if node.isNull { return nil }
        if node.kind == .string, let tick = Tick(rfc3339: node.utf8) { return tick }
        if let milliseconds = node.integer { return Tick(Int64(milliseconds)) }
        throw Fault(description: "\(WrongTime(node))", member: "at")
    }
}
