public import Document

/// A major version of a kind's data that came before the present one, kept so that what names it can be read.
///
/// `Schemas/product.v1.schema.json` is the schema as it was; `Schemas/product.v1.jsonata`, where there is one, lifts its documents.
public struct EarlierVersion: Sendable {
    /// The kind as it was.
    public let kind: Kind
    /// What makes its documents those of the next version that is kept, or of the present one; nil: nothing does.
    public let lift: Lift?

    /// A mapping from one version to the next, as it lies there: JSONata that nobody has compiled yet.
    public struct Lift: Sendable {
        /// `Schemas/product.v1.jsonata`
        public let file: String
        /// Its text.
        public let source: [UInt8]
    }

    /// `product.v1`: what its files' names begin with.
    public var name: String { "\(kind.name).v\(kind.major)" }

    /// `Schemas/product.v1.schema.json`; of stock's kinds their entity's file.
    public var file: String { "Schemas/\(kind.entity).v\(kind.major).schema.json" }

    /// Where a mapping would lie.
    public var liftFile: String { "Schemas/\(name).jsonata" }
}

extension Model.Source {
    /// The files of an earlier version of an entity, read and parsed.
    public struct Earlier: Sendable {
        /// The number in the files' names: 1 for `product.v1.schema.json`.
        public let major: Int
        /// The schema.
        public let schema: JSON
        /// The mappings, by kind: `product`, and of stock also `count`, `movement`, `hold` and `release`.
        public let lifts: [String: [UInt8]]

        /// One version's files.
        public init(major: Int, schema: JSON, lifts: [String: [UInt8]]) {
            self.major = major
            self.schema = schema
            self.lifts = lifts
        }
    }
}

/// The name of an earlier version's file, without what it ends in: `product.v1`.
public struct EarlierName: Hashable, Sendable {
    /// The entity or kind.
    public let name: String
    /// The major version.
    public let major: Int

    /// Reads it; nil when it is the name of a present version's file, or of no version's.
    public init?(_ text: String) {
        guard let dot = text.lastIndex(of: "."), text[dot...].hasPrefix(".v"),
            let major = Int(text[dot...].dropFirst(2)), major > 0, text[dot...] == ".v\(major)"
        else { return nil }
        name = String(text[..<dot])
        self.major = major
    }
}

extension EntityType {
    /// The kinds of the earlier versions, the oldest first.
    static func earlier(_ sources: [Model.Source.Earlier], of kind: Kind) throws(ModelError) -> [EarlierVersion] {
        var all: [EarlierVersion] = []
        for source in sources.sorted(by: { $0.major < $1.major }) {
            let file = "\(kind.name).v\(source.major)"
            let kinds: [Kind]
            do throws(ModelError) { kinds = try Self.kinds(of: kind.name, schema: source.schema) } catch {
                throw ModelError(file, error.reason)
            }
            guard kinds[0].major == source.major else {
                throw ModelError(
                    file, "its \"$id\" says version \(kinds[0].major): the number in the file's name must be the same")
            }
            guard source.major < kind.major else {
                throw ModelError(
                    file,
                    "version \(source.major) is no earlier one: \(kind.name).schema.json is version \(kind.major)")
            }
            for name in source.lifts.keys.sorted() where !kinds.contains(where: { $0.name == name }) {
                throw ModelError(
                    file, "it has no '\(name)', whose documents Schemas/\(name).v\(source.major).jsonata lifts")
            }
            all += kinds.map { earlier in
                let lift = source.lifts[earlier.name].map {
                    EarlierVersion.Lift(file: "Schemas/\(earlier.name).v\(source.major).jsonata", source: $0)
                }
                return EarlierVersion(kind: earlier, lift: lift)
            }
        }
        return all
    }

    /// The earlier versions of one of its kinds, the oldest first.
    public func earlier(of kind: String) -> [EarlierVersion] { earlier.filter { $0.kind.name == kind } }
}
