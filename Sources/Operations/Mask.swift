public import Document

/// Hides personal data before a document is shown (I12).
public enum Mask {
    /// The document with the values of these members replaced by `•••`, wherever they stand: a report of a sink and a
    /// parked record hold documents in documents.
    ///
    /// What is absent, null or empty stays so: these are no secrets, and drift is about them.
    public static func document(_ document: JSON, personal: Set<String>) -> JSON {
        switch document {
        case .object(let members):
            .object(
                members.map { member in
                    JSON.Member(
                        member.key,
                        personal.contains(member.key)
                            ? hidden(member.value) : self.document(member.value, personal: personal))
                })
        case .array(let elements): .array(elements.map { self.document($0, personal: personal) })
        default: document
        }
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
