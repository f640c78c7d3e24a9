/// One way in which a document does not fit its schema. Holds nothing of a value that the schema marks as personal
/// (`x-personal`) but its place.
public struct Violation: Sendable, Hashable, CustomStringConvertible {
    /// The value's place in the document, as a JSON Pointer (RFC 6901). Below personal data, names that the schema
    /// doesn't mention are shown as `*`.
    public let instancePath: String
    /// The keyword's place: the schema's file, `#`, and a JSON Pointer.
    public let schemaPath: String
    /// The keyword that isn't satisfied.
    public let keyword: String
    /// What would fit.
    public let message: String
    /// The value as it was found: short, and masked when it is personal.
    public let excerpt: String

    /// The name of the innermost member that the path goes through: `sku` of `/lines/0/sku`, `tags` of `/tags/2`; nil when there
    /// is none.
    public var member: String? {
        let names = instancePath.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        return names.last { !$0.allSatisfy { ("0"..."9").contains($0) } }.map {
            String($0).replacing("~1", with: "/").replacing("~0", with: "~")
        }
    }

    /// `/price: must be at least 0, found -1 (product.json#/properties/price/minimum)`
    public var description: String {
        "\(instancePath.isEmpty ? "the document" : instancePath): \(message), found \(excerpt) (\(schemaPath))"
    }
}

extension [Violation] {
    /// The first of them in a line, and how many more there are.
    public func summary(of count: Int = 5) -> String {
        let more = self.count > count ? "; and \(self.count - count) more" : ""
        return prefix(count).map(\.description).joined(separator: "; ") + more
    }
}

/// What a validation found.
public struct Report: Sendable {
    /// Every violation, in the order of the document; at most as many as the limit.
    public var violations: [Violation] = []
    /// Whether there were more violations than the limit.
    public var isTruncated = false
    /// How many violations are kept.
    public let limit: Int

    /// An empty report.
    public init(limit: Int = 1_000) { self.limit = limit }

    /// Whether the document fits.
    public var isValid: Bool { violations.isEmpty && !isTruncated }
}
