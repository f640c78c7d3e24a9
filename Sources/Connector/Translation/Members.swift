import Document
import Mapping

/// Members with dots between: `data.items`. What configurations name places in documents by. A member whose name has dots
/// itself, such as a column `Art.-Nr.`, goes before.
enum Members {
    /// The value at a place; an empty path is the value itself.
    static func find(_ path: String, in node: Node) -> Node? { find(path[...], in: node) { $0[$1] } }

    /// The value at a place; an empty path is the value itself.
    static func find(_ path: String, in value: JSON) -> JSON? { find(path[...], in: value) { $0[$1] } }

    /// Whether a place may be one of an outline's.
    static func isKnown(_ path: Substring, in outline: Outline) -> Bool {
        guard !path.isEmpty else { return true }
        guard outline.kinds.contains(.object) else { return false }
        if outline.isOpen { return true }
        if outline.members[String(path)] != nil { return true }
        guard let dot = path.firstIndex(of: "."), let member = outline.members[String(path[..<dot])] else {
            return false
        }
        return isKnown(path[path.index(after: dot)...], in: member.shape)
    }

    private static func find<Value>(_ path: Substring, in value: Value, _ step: (Value, String) -> Value?) -> Value? {
        guard !path.isEmpty else { return value }
        if let found = step(value, String(path)) { return found }
        guard let dot = path.firstIndex(of: ".") else { return nil }
        let rest = path[path.index(after: dot)...]
        if dot == path.startIndex { return find(rest, in: value, step) }
        return step(value, String(path[..<dot])).flatMap { find(rest, in: $0, step) }
    }
}

extension JSON {
    /// A text, or a number's digits: what stands in paths and references.
    var plain: String? {
        switch self {
        case .string(let text): text.isEmpty ? nil : text
        case .number(let number): number.description
        default: nil
        }
    }
}
