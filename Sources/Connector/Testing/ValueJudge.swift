import Document
import Schema

/// What a schema says of single values that a mapping writes: found by validating them.
struct ValueJudge: Sendable {
    private let schema: CompiledSchema
    private let values: [JSON]

    /// - Parameters:
    ///   - schema: of the place where the values stand.
    ///   - document: where its `$ref`s point into. Nil is made where they lead anywhere but into its definitions.
    init?(_ schema: JSON, in document: JSON) {
        guard schema.object != nil else { return nil }
        var alone = schema
        for keyword in ["$schema", "$defs", "definitions"] where alone[keyword] == nil {
            alone[keyword] = document[keyword]
        }
        var set = SchemaSet()
        guard (try? set.add(alone, file: "value")) != nil, let compiled = try? set.compile("value") else { return nil }
        self.schema = compiled
        let named = schema["$ref"]?.string.flatMap { SchemaFit.resolve($0, in: document) } ?? schema
        values = named["enum"]?.array ?? named["const"].map { [$0] } ?? []
    }

    /// Why the schema never takes a value, and what was meant: `must be at least 0`; nil when it does take it.
    func refusal(of value: JSON) -> String? {
        guard let violation = violation(of: value) else { return nil }
        let meant = meant(value).map { "; did you mean \($0)?" } ?? ""
        guard values.isEmpty else { return "is none of \(values.map(\.text).joined(separator: ", "))\(meant)" }
        return violation.message + meant
    }

    private func violation(of value: JSON) -> Violation? {
        var tape = Tape()
        tape.setRoot(tape.append(value))
        return schema.violations(of: tape.root).first
    }

    /// What differs from the value in its case, its spaces, its filling or a letter, and fits.
    private func meant(_ value: JSON) -> String? {
        guard let text = value.string else { return nil }
        if !values.isEmpty { return text.meant(among: values.compactMap(\.string)).map { JSON.string($0).text } }
        let bare = String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        let isNumber = !bare.isEmpty && bare.utf8.allSatisfy { $0 &- 48 < 10 }
        let filled = isNumber ? String(repeating: "0", count: max(0, 14 - bare.utf8.count)) + bare : bare
        return [bare, bare.uppercased(), bare.lowercased(), filled].first {
            $0 != text && !$0.isEmpty && violation(of: .string($0)) == nil
        }.map { JSON.string($0).text }
    }
}
