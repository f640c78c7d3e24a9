import Document
import Schema

/// The official test suite (json-schema-org/JSON-Schema-Test-Suite): `tests-draft2020-12` and `remotes`; of older drafts what
/// is there, their cases' names begun by the folder's.
enum SchemaSuite {
    private static let folders: [(name: String, draft: SchemaDraft)] = [
        ("tests-draft2020-12", .draft2020), ("tests-draft2019-09", .draft2019), ("tests-draft7", .draft7),
        ("tests-draft6", .draft6),
    ]

    static func run(_ folder: String) throws -> Outcome {
        var remotes: [(uri: String, text: JSON)] = []
        for remote in Files.json(below: folder + "/remotes") where !remote.hasPrefix("v1/") {
            let text = try JSON(parsing: Files.read("\(folder)/remotes/\(remote)"))
            remotes.append(("http://localhost:1234/" + remote, text))
        }
        var outcome = Outcome()
        for (tests, draft) in folders {
            for file in Files.json(below: "\(folder)/\(tests)") {
                let groups = try JSON(parsing: Files.read("\(folder)/\(tests)/\(file)")).array ?? []
                let options = options(file, draft)
                let prefix = draft == .draft2020 ? "" : "\(tests)/"
                for group in groups { run(group, in: prefix + file, remotes, options, &outcome) }
            }
        }
        return outcome
    }

    /// As the suite has it: unknown keywords are annotations, and so are formats and contents but where they are asked for.
    private static func options(_ file: String, _ draft: SchemaDraft) -> SchemaSet.Options {
        var options = SchemaSet.Options()
        options.refusesUnknownKeywords = false
        options.assertsFormats = file.hasPrefix("optional/format/")
        options.assertsContent = file == "optional/content.json"
        options.draft = draft
        return options
    }

    private static func run(
        _ group: JSON, in file: String, _ remotes: [(uri: String, text: JSON)], _ options: SchemaSet.Options,
        _ outcome: inout Outcome
    ) {
        let title = "\(file): \(group["description"]?.string ?? "")"
        let tests = group["tests"]?.array ?? []
        func name(_ test: JSON) -> String { "\(title): \(test["description"]?.string ?? "")" }
        let schema: CompiledSchema
        do {
            schema = try compile(group["schema"] ?? .null, remotes, options)
        } catch {
            for test in tests { outcome.note(name(test), "the schema is refused: \(error)") }
            return
        }
        for test in tests {
            var tape = Tape()
            tape.setRoot(tape.append(test["data"] ?? .null))
            let expected = test["valid"]?.bool
            // A tape that knows the value's names answers by another way.
            var learned = Tape()
            for _ in 0..<3 { try? learned.parse((test["data"] ?? .null).utf8) }
            let silent = schema.isValid(tape.root)
            guard schema.isValid(learned.root) == silent else {
                outcome.note(name(test), "valid: \(silent), and not so on a tape that knows the names")
                continue
            }
            let reported = schema.violations(of: tape.root).isEmpty
            let isRight = silent == expected && reported == expected
            outcome.note(name(test), isRight ? nil : "valid: \(silent), without violations: \(reported)")
        }
    }

    private static func compile(
        _ schema: JSON, _ remotes: [(uri: String, text: JSON)], _ options: SchemaSet.Options
    ) throws -> CompiledSchema {
        var set = SchemaSet(options: options)
        for remote in remotes { try set.add(remote.text, file: remote.uri) }
        try set.add(schema, file: "group.json")
        return try set.compile("group.json")
    }
}
