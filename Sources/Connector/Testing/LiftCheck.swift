public import Canonical
import Document
import Mapping

/// Reads every mapping that lifts documents of an earlier version against the schema that it reads and the one it must produce
/// (`omni map check`).
public enum LiftCheck {
    /// One report for each, in the order of the entities; the oldest version of one first.
    public static func reports(_ model: Model) -> [MappingCheck.Report] {
        model.entities.flatMap { entity in
            entity.kinds.flatMap { kind in
                let earlier = entity.earlier(of: kind.name)
                return zip(earlier, earlier.map(\.kind).dropFirst() + [kind]).compactMap { version, next in
                    version.lift.map { report(version, $0, next) }
                }
            }
        }
    }

    private static func report(
        _ version: EarlierVersion, _ lift: EarlierVersion.Lift, _ next: Kind
    ) -> MappingCheck.Report {
        MappingCheck.Report(
            connector: "Schemas", part: version.name, file: lift.file, source: lift.source,
            findings: findings(version.kind, lift, next), blindness: nil)
    }

    private static func findings(_ kind: Kind, _ lift: EarlierVersion.Lift, _ next: Kind) -> [MappingFinding] {
        do throws(MappingError) {
            let mapping = try CompiledMapping(source: lift.source, file: lift.file, options: Ladder.options)
            let inspection = try MappingInspection(
                source: lift.source, file: lift.file, options: Ladder.options,
                input: Outline(schema: kind.schema, in: kind.schema))
            var findings = inspection.findings
            if let foreign = Ladder.foreign(in: mapping) {
                findings.append(
                    MappingFinding(
                        .error, .language, Ladder.refusal(of: foreign), at: place(of: "$\(foreign)", in: lift.source),
                        in: lift.source))
            }
            let made = inspection.result
            if !made.kinds.isEmpty, !made.kinds.contains(.object) {
                findings.append(
                    MappingFinding(
                        .error, .value,
                        "what lifts a version gives a document of version \(next.major); this gives \(made.always)",
                        at: 0,
                        in: lift.source))
            }
            var fit = SchemaFit(document: next.schema, name: next.name, source: lift.source, offset: 0)
            fit.keepsOthers = true
            fit.check(made, next.schema)
            return (findings + fit.findings).sorted { ($0.offset, $0.message) < ($1.offset, $1.message) }
        } catch {
            return [MappingFinding(error)]
        }
    }

    private static func place(of word: String, in source: [UInt8]) -> Int {
        source.firstRange(of: Array(word.utf8))?.lowerBound ?? 0
    }
}
