import Canonical
import Connector
import Document
import Schema

/// One kind of data in two versions.
struct SchemaComparison {
    enum Outcome {
        /// Nothing that matters has changed.
        case unchanged
        /// It wasn't there before.
        case new
        /// It isn't there any more.
        case gone
        case compared(Compatibility)
    }

    let kind: String
    /// The entity in whose file it stands.
    let entity: String
    let outcome: Outcome
    /// The schema's major versions.
    let majors: (old: Int?, new: Int?)
    private let present: Kind?
    /// The fields that the earlier version names and this one doesn't, as JSON Pointers.
    private(set) var gone: [String] = []
    /// The fields that this version names and the earlier one didn't.
    private(set) var fresh: [String] = []
    /// The mappings that name what has changed.
    private(set) var uses: [SchemaImpact.Use] = []
    /// The places in the rules that do.
    private(set) var rules: [String] = []

    /// The kinds of an entity, one comparison each.
    static func all(_ entity: String, old: JSON?, _ oldName: String, new: EntityType?) throws -> [SchemaComparison] {
        let before = try old.map { try EntityType.kinds(of: entity, schema: $0) } ?? []
        let after = new?.kinds ?? []
        let names = after.map(\.name) + before.map(\.name).filter { name in !after.contains { $0.name == name } }
        return try names.map { name in
            let old = before.first { $0.name == name }
            let new = after.first { $0.name == name }
            var comparison = SchemaComparison(
                kind: name, entity: entity, outcome: try outcome(old, oldName, new), majors: (old?.major, new?.major),
                present: new)
            if let old, let new {
                let (before, after) = (NamedFields.of(old.schema), NamedFields.of(new.schema))
                comparison.gone = before.filter { !after.contains($0) }
                comparison.fresh = after.filter { !before.contains($0) }
            }
            return comparison
        }
    }

    private static func outcome(_ old: Kind?, _ oldName: String, _ new: Kind?) throws -> Outcome {
        guard let old else { return .new }
        guard let new else { return .gone }
        if old.schema == new.schema { return .unchanged }
        let names = (old: file(of: old, oldName), new: file(of: new, "Schemas/\(new.entity).schema.json"))
        var before = SchemaSet()
        try before.add(old.schema, file: names.old)
        var after = SchemaSet()
        try after.add(new.schema, file: names.new)
        return .compared(try Compatibility(old: before, names.old, new: after, names.new))
    }

    /// A kind that is cut out of its entity's file has pointers of its own.
    private static func file(of kind: Kind, _ file: String) -> String {
        kind.name == kind.entity ? file : "\(file)/\(kind.name)"
    }

    mutating func findUses(_ impact: SchemaImpact) throws {
        guard let present, case .compared(let compatibility) = outcome else { return }
        let findings = compatibility.backward + compatibility.forward
        guard !findings.isEmpty || !gone.isEmpty else { return }
        // What concerns the whole document concerns every mapping.
        let fields = findings.compactMap(\.field)
        let changed = Set(fields + gone.compactMap { JSONPointer($0)?.tokens.last }).sorted()
        uses = try impact.uses(of: present, fields: fields.count == findings.count ? changed : [])
        rules = try impact.rules(of: present, naming: gone.compactMap { JSONPointer($0)?.tokens.first })
    }

    var isUntouched: Bool {
        switch outcome {
        case .unchanged, .new: true
        case .gone, .compared: false
        }
    }

    /// Whether the major version says that the versions don't go together.
    var isRaised: Bool { (majors.new ?? 0) > (majors.old ?? 0) }

    func isBroken(backward: Bool, forward: Bool) -> Bool {
        switch outcome {
        case .unchanged, .new: false
        case .gone: backward
        case .compared(let compatibility):
            !isRaised
                && ((backward && !compatibility.backward.isEmpty) || (forward && !compatibility.forward.isEmpty))
        }
    }
}
