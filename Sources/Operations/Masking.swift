public import Canonical
public import Document

/// What is hidden in a topic's values before they are shown (I12).
public enum Masking: Sendable, Equatable {
    /// Nothing: whoever asks is allowed to see it.
    case nothing
    /// The members that a schema calls personal.
    case members(Set<String>)
    /// Every value, for documents in a system's own form or in no known one: nobody says what is personal in those.
    case everything
    /// As `everything`, inside of the members that hold such documents.
    case parked

    /// The members of a parked entry that hold documents; docs/contracts.md.
    private static let documents: Set<String> = ["record", "entities"]

    /// What to hide in a topic.
    ///
    /// - Parameter topic: its name behind the installation's prefix: `product`, `in.stock`, `dead.hub`.
    public init(topic: String, _ model: Model) {
        if topic.hasPrefix("dead.") {
            self = .everything
            return
        }
        if topic.hasPrefix("parked.") {
            self = .parked
            return
        }
        let name = topic.hasPrefix("in.") ? String(topic.dropFirst(3)) : topic
        let entities = model.entities.filter { $0.domain == name || $0.name == name }
        // A topic that isn't one entity's may hold any.
        self = .members((entities.isEmpty ? model.entities : entities).reduce(into: []) { $0.formUnion($1.personal) })
    }

    /// Text that is not JSON, where it may be shown. Bytes that aren't UTF-8 are shown as `\xFC`, and a backslash is doubled
    /// where there are such.
    public func text(of bytes: [UInt8]) -> String? {
        guard self == .nothing else { return nil }
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        var text = ""
        var rest = bytes[...]
        while let byte = rest.first {
            let size = [0x80, 0xE0, 0xF0, 0xF8].firstIndex { byte < $0 }.map { $0 + 1 } ?? 1
            if let letter = String(validating: rest.prefix(size), as: UTF8.self) {
                text += letter == "\\" ? "\\\\" : letter
                rest = rest.dropFirst(size)
            } else {
                text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
                rest = rest.dropFirst()
            }
        }
        return text
    }

    /// A value as it may be shown.
    public func masked(_ value: JSON) -> JSON {
        switch self {
        case .nothing: value
        case .members(let personal): Mask.document(value, personal: personal)
        case .everything: Mask.hidden(value)
        case .parked: Mask.document(value, personal: Self.documents)
        }
    }
}
