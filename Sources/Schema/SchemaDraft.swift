/// The releases of JSON Schema that are understood. A document says which it is written in with `$schema`; an embedded
/// schema with an `$id` may say its own.
public enum SchemaDraft: Int, Sendable, Hashable, Comparable, CaseIterable {
    case draft6, draft7, draft2019, draft2020

    /// The URI of its metaschema, without an empty fragment.
    public var uri: String {
        switch self {
        case .draft6: "http://json-schema.org/draft-06/schema"
        case .draft7: "http://json-schema.org/draft-07/schema"
        case .draft2019: "https://json-schema.org/draft/2019-09/schema"
        case .draft2020: "https://json-schema.org/draft/2020-12/schema"
        }
    }

    /// What it is called in messages.
    public var name: String {
        switch self {
        case .draft6: "draft-06"
        case .draft7: "draft-07"
        case .draft2019: "2019-09"
        case .draft2020: "2020-12"
        }
    }

    /// The older comes first.
    public static func < (left: SchemaDraft, right: SchemaDraft) -> Bool { left.rawValue < right.rawValue }

    /// The draft whose metaschema a `$schema` names; nil when it is none of these.
    init?(declared text: String) {
        let uri = Reference(text).withoutFragment
        // Both schemes are seen in the wild for all of them.
        func bare(_ uri: String) -> Substring { uri.drop { $0 != "/" } }
        guard let found = Self.allCases.first(where: { bare($0.uri) == bare(uri) }), uri.hasPrefix("http") else {
            return nil
        }
        self = found
    }

    /// Whether a `$ref` hides everything beside it.
    var hidesSiblingsOfReferences: Bool { self <= .draft7 }
    /// Whether `items` may be a list, continued by `additionalItems`.
    var listsItems: Bool { self <= .draft2019 }
    /// Whether what `contains` finds counts as evaluated for `unevaluatedItems`.
    var countsContained: Bool { self == .draft2020 }
    /// Whether `contentEncoding` and `contentMediaType` may be checked; later they are annotations.
    var mayAssertContent: Bool { self <= .draft7 }
    /// Whether `$id` may name an anchor (`#name`).
    var anchorsByID: Bool { self <= .draft7 }
    /// Where the URIs of its vocabularies begin.
    var vocabularyPrefix: String? {
        switch self {
        case .draft6, .draft7: nil
        case .draft2019: "https://json-schema.org/draft/2019-09/vocab/"
        case .draft2020: "https://json-schema.org/draft/2020-12/vocab/"
        }
    }
}
