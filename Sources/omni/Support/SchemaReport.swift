import Connector
import Document
import Schema

/// What `omni schema check` prints.
enum SchemaReport {
    static func lines(
        _ comparisons: [SchemaComparison], _ earlier: EarlierVersions, _ failures: [SchemaImpact.Failure],
        _ against: String
    ) -> [String] {
        var lines: [String] = []
        var table = TextTable([("", .left), ("against \(against)", .left)])
        for comparison in comparisons { table.add([comparison.kind, verdict(comparison)]) }
        lines.append(table.text)
        for comparison in comparisons {
            guard case .compared(let compatibility) = comparison.outcome else { continue }
            lines += findings(compatibility.backward, "\(comparison.kind): old documents, read with the new version")
            lines += findings(compatibility.forward, "\(comparison.kind): new documents, read with the old version")
            lines += names(comparison)
            if !comparison.uses.isEmpty {
                lines += ["", "\(comparison.kind): mappings that name what changed"] + comparison.uses.map(use)
            }
            if !comparison.rules.isEmpty {
                lines += ["", "\(comparison.kind): rules that name what is gone"] + comparison.rules.map { "  \($0)" }
            }
            if !compatibility.backward.isEmpty, !comparison.isRaised, let major = comparison.majors.new {
                lines += [
                    "",
                    "Keep what old documents hold acceptable, or raise the version (docs/schemas.md): put what the schema was into"
                        + " Schemas/\(comparison.entity).v\(major).schema.json, what lifts it into"
                        + " Schemas/\(comparison.kind).v\(major).jsonata, and"
                        + " \"$id\": \"urn:omni:\(comparison.entity):\(major + 1)\" into the new one",
                ]
            }
        }
        if !earlier.troubles.isEmpty {
            lines += ["", "earlier versions that can't all be read"]
            lines += earlier.troubles.map { "  ✗ \($0.kind), version \($0.major): \($0.message)" }
        }
        if !failures.isEmpty {
            lines += ["", "fixtures that the new version changes"]
            for failure in failures {
                lines.append("  ✗ \(failure.fixture)")
                lines += failure.reasons.prefix(3).map { "      \($0)" }
            }
        }
        return lines
    }

    private static func verdict(_ comparison: SchemaComparison) -> String {
        switch comparison.outcome {
        case .unchanged: return "unchanged"
        case .new: return "new"
        case .gone: return "gone: events of this kind are refused from now on"
        case .compared(let compatibility):
            let raised =
                comparison.isRaised ? ", version \(comparison.majors.old ?? 0) → \(comparison.majors.new ?? 0)" : ""
            switch compatibility.level {
            case .full: return "fully compatible" + renamed(comparison) + raised
            case .backward: return "backward compatible" + renamed(comparison) + raised
            case .forward: return "NOT backward compatible (forward only)" + raised
            case .none: return "NOT compatible, neither backward nor forward" + raised
            }
        }
    }

    private static func renamed(_ comparison: SchemaComparison) -> String {
        guard !comparison.gone.isEmpty else { return "" }
        return ", with \(comparison.gone.count) field\(comparison.gone.count == 1 ? "" : "s") gone"
    }

    /// A field that goes breaks nobody who may write further ones; a renamed one is two fields in golden records from then on.
    private static func names(_ comparison: SchemaComparison) -> [String] {
        var lines: [String] = []
        if !comparison.gone.isEmpty {
            lines += [
                "",
                "\(comparison.kind): fields that are gone; what documents hold there is kept, and no longer checked",
            ]
            lines += comparison.gone.map { "  \($0)" }
        }
        if !comparison.fresh.isEmpty {
            lines += ["", "\(comparison.kind): new fields"] + comparison.fresh.map { "  \($0)" }
        }
        if !comparison.gone.isEmpty, !comparison.fresh.isEmpty {
            lines += ["", "Is one of them renamed? docs/schemas.md, \"Renaming a field\", says how"]
        }
        return lines
    }

    private static func findings(_ findings: [Compatibility.Finding], _ title: String) -> [String] {
        guard !findings.isEmpty else { return [] }
        var lines = ["", title]
        for finding in findings {
            lines.append("  \(finding.path.isEmpty ? "the document" : finding.path): \(finding.cause)")
            lines.append("      at      \(finding.schemaPath)")
            if let witness = finding.witness {
                lines.append("      shown   \(cut(witness.text))")
                lines += finding.violations.prefix(1).map { "      says    \($0)" }
            } else {
                lines.append("      no document was found that shows it: it may be compatible all the same")
            }
        }
        return lines
    }

    private static func cut(_ text: String) -> String {
        text.unicodeScalars.count > 300 ? String(String.UnicodeScalarView(text.unicodeScalars.prefix(300))) + "…" : text
    }

    private static func use(_ use: SchemaImpact.Use) -> String {
        let lines = use.lines.prefix(8).map(String.init).joined(separator: ", ")
        let place = lines.isEmpty ? use.file : "\(use.file):\(lines)"
        return "  \(use.connector)/\(use.part) \(use.isSource ? "writes" : "reads") it: \(place)"
    }

    // MARK: For programs

    static func json(
        _ comparisons: [SchemaComparison], _ earlier: EarlierVersions, _ failures: [SchemaImpact.Failure]
    ) -> JSON {
        [
            "kinds": .array(comparisons.map(json)),
            "earlier": .array(
                earlier.troubles.map {
                    [
                        "kind": .string($0.kind), "version": .number(Number($0.major)), "message": .string($0.message),
                    ]
                }),
            "fixtures": .array(
                failures.map { ["fixture": .string($0.fixture), "reasons": .array($0.reasons.map { .string($0) })] }),
        ]
    }

    private static func json(_ comparison: SchemaComparison) -> JSON {
        var json: JSON = ["kind": .string(comparison.kind)]
        if let old = comparison.majors.old { json["from"] = .number(Number(old)) }
        if let new = comparison.majors.new { json["to"] = .number(Number(new)) }
        switch comparison.outcome {
        case .unchanged: json["compatible"] = "unchanged"
        case .new: json["compatible"] = "new"
        case .gone: json["compatible"] = "gone"
        case .compared(let compatibility):
            json["compatible"] = .string(compatibility.level.rawValue)
            json["backward"] = .array(compatibility.backward.map(Self.json))
            json["forward"] = .array(compatibility.forward.map(Self.json))
        }
        json["gone"] = .array(comparison.gone.map { .string($0) })
        json["new"] = .array(comparison.fresh.map { .string($0) })
        json["rules"] = .array(comparison.rules.map { .string($0) })
        json["mappings"] = .array(
            comparison.uses.map {
                [
                    "connector": .string($0.connector), "part": .string($0.part),
                    "does": $0.isSource ? "writes" : "reads", "file": .string($0.file),
                    "lines": .array($0.lines.map { .number(Number($0)) }),
                ]
            })
        return json
    }

    private static func json(_ finding: Compatibility.Finding) -> JSON {
        var json: JSON = [
            "path": .string(finding.path), "schemaPath": .string(finding.schemaPath), "cause": .string(finding.cause),
            "shown": .bool(finding.witness != nil),
        ]
        if let witness = finding.witness { json["document"] = witness }
        if !finding.violations.isEmpty { json["violations"] = .array(finding.violations.map { .string($0) }) }
        return json
    }
}
