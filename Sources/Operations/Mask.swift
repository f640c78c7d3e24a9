public import Document

/// Hides personal data before a document is shown (I12).
public enum Mask {
    /// The document with the values of these top-level members, at any depth below them, replaced by `•••`.
    ///
    /// What is absent, null or empty stays so: these are no secrets, and drift is about them.
    public static func document(_ document: JSON, personal: Set<String>) -> JSON {
        guard case .object(let members) = document else { return document }
        return .object(
            members.map { member in
                personal.contains(member.key) ? JSON.Member(member.key, hidden(member.value)) : member
            })
    }

    /// A value with every scalar hidden.
    public static func hidden(_ value: JSON) -> JSON {
        switch value {
        case .null, .bool: value
        case .string(""): value
        case .string, .number: .string("•••")
        case .array(let elements): .array(elements.map(hidden))
        case .object(let members): .object(members.map { JSON.Member($0.key, hidden($0.value)) })
        }
    }
}
