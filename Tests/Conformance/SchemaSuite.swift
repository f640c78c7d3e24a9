import Document
import Schema

/// The official test suite (json-schema-org/JSON-Schema-Test-Suite): `tests-draft2020-12` and `remotes`.
enum SchemaSuite {
    static func run(_ folder: String) throws -> Outcome {
        var remotes: [(uri: String, text: JSON)] = []
        for remote in Files.json(below: folder + "/remotes") where !remote.hasPrefix("v1/") {
            let text = try JSON(parsing: Files.read("\(folder)/remotes/\(remote)"))
            remotes.append(("http://localhost:1234/" + remote, text))
        }
        var outcome = Outcome()
        for file in Files.json(below: folder + "/tests-draft2020-12") {
            let groups = try JSON(parsing: Files.read("\(folder)/tests-draft2020-12/\(file)")).array ?? []
            for group in groups { run(group, in: file, remotes, &outcome) }
        }
        return outcome
    }

    private static func run(
        _ group: JSON, in file: String, _ remotes: [(uri: String, text: JSON)], _ outcome: inout Outcome
    ) {
        let title = "\(file): \(group["description"]?.string ?? "")"
        let tests = group["tests"]?.array ?? []
        func name(_ test: JSON) -> String { "\(title): \(test["description"]?.string ?? "")" }
        let schema: CompiledSchema
        do {
            schema = try compile(group["schema"] ?? .null, remotes, formats: file.hasPrefix("optional/format/"))
        } catch {
            for test in tests { outcome.note(name(test), "the schema is refused: \(error)") }
            return
        }
        for test in tests {
            var tape = Tape()
            tape.setRoot(tape.append(test["data"] ?? .null))
            let expected = test["valid"]?.bool
            let silent = schema.isValid(tape.root)
            let reported = schema.violations(of: tape.root).isEmpty
            let isRight = silent == expected && reported == expected
            outcome.note(name(test), isRight ? nil : "valid: \(silent), without violations: \(reported)")
        }
    }

    private static func compile(
        _ schema: JSON, _ remotes: [(uri: String, text: JSON)], formats: Bool
    ) throws -> CompiledSchema {
        var options = SchemaSet.Options()
        options.refusesUnknownKeywords = false
        options.assertsFormats = formats
        var set = SchemaSet(options: options)
        for remote in remotes { try set.add(remote.text, file: remote.uri) }
        try set.add(schema, file: "group.json")
        return try set.compile("group.json")
    }
}
