import Document

/// Members with dots between: `data.items`. What configurations name places in documents by.
enum Members {
    /// The value at a place; an empty path is the value itself.
    static func find(_ path: String, in node: Node) -> Node? {
        var node = node
        for name in path.split(separator: ".") {
            guard let next = node[String(name)] else { return nil }
            node = next
        }
        return node
    }

    /// The value at a place; an empty path is the value itself.
    static func find(_ path: String, in value: JSON) -> JSON? {
        var value = value
        for name in path.split(separator: ".") {
            guard let next = value[String(name)] else { return nil }
            value = next
        }
        return value
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
