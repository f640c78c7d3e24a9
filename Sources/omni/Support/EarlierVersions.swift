import Canonical
import Document
import Installation
import Schema

/// What is wrong with the earlier major versions of the schemas: events that name them can't all be read.
struct EarlierVersions {
    struct Trouble {
        let kind: String
        let major: Int
        /// What is wrong, and what to do.
        let message: String
    }

    private(set) var troubles: [Trouble] = []

    /// - Parameters:
    ///   - model: the schemas as they lie here.
    ///   - revision: where they lay before.
    ///   - comparisons: the kinds that are asked about.
    init(
        _ model: Model, _ revision: SchemaRevision, _ installation: Installation, of comparisons: [SchemaComparison]
    ) throws {
        for comparison in comparisons {
            guard let kind = model.kind(comparison.kind), let entity = model.entity(kind.entity) else { continue }
            let kept = entity.earlier(of: kind.name)
            let before = try revision.versions(of: kind, installation)
            for version in before where version.kind.major < kind.major {
                let major = version.kind.major
                if let known = kept.first(where: { $0.kind.major == major }) {
                    guard known.kind.schema != version.kind.schema else { continue }
                    add(
                        kind, major,
                        "\(known.file) differs from \(version.place): what is written in version \(major) can't change any more. "
                            + "Put it back, and change the mapping that lifts it")
                } else if try !fits(version.kind, version.place, kind) {
                    add(
                        kind, major,
                        "it isn't kept: an event that names it is read with version \(kind.major), and is a dead letter where it "
                            + "doesn't fit. Put \(version.place) into Schemas/\(kind.entity).v\(major).schema.json, and what "
                            + "lifts it into Schemas/\(kind.name).v\(major).jsonata")
                }
            }
            for (version, next) in zip(kept, kept.map(\.kind).dropFirst() + [kind]) where version.lift == nil {
                if try fits(version.kind, version.file, next) { continue }
                add(
                    kind, version.kind.major,
                    "it is kept, and nothing lifts it to version \(next.major): an event that doesn't fit that is a dead letter. "
                        + "Put a mapping into \(version.liftFile)")
            }
        }
    }

    private mutating func add(_ kind: Kind, _ major: Int, _ message: String) {
        troubles.append(Trouble(kind: kind.name, major: major, message: message))
    }

    /// Whether every document of one version is one of the other, too.
    private func fits(_ old: Kind, _ oldName: String, _ new: Kind) throws -> Bool {
        var before = SchemaSet()
        try before.add(old.schema, file: oldName)
        var after = SchemaSet()
        try after.add(new.schema, file: "new")
        return try Compatibility(old: before, oldName, new: after, "new").backward.isEmpty
    }
}

extension SchemaRevision {
    /// A version of a kind as it lay there.
    struct Version {
        let kind: Kind
        /// What messages call its file.
        let place: String
    }

    /// The versions of a kind that lay there: the one that was the present one then, and those that were kept.
    func versions(of kind: Kind, _ installation: Installation) throws -> [Version] {
        let all = try files(installation) ?? [kind.entity]
        return try all.compactMap { file in
            let isOfKind = file == kind.entity || EarlierName(file)?.name == kind.entity
            guard isOfKind else { return nil }
            return try EntityType.kinds(of: kind.entity, schema: schema(file, installation))
                .first { $0.name == kind.name }.map { Version(kind: $0, place: name(of: file)) }
        }
    }
}
