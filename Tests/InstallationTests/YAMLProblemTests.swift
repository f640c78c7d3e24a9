import Testing

@testable import Installation

/// What is no YAML is told with its line and column, and what to do: never in the parser's words.
@Suite struct YAMLProblemTests {
    private func problem(_ text: String) throws -> String {
        try #require(throws: ConfigurationError.self) { try YAML.parse(text, file: "a.yaml") }.description
    }

    @Test(arguments: [
        ("a: b\nc:\n\tx: 1\n", "3:1: a tab: YAML is indented by spaces"),
        (
            "a: { b: c\nd:\n  e: f\n",
            "2:2: \",\" or \"}\" is missing before this, in the \"{\" that line 1, column 4 opens"
        ),
        ("a: [1, 2\nb: 3\n", "2:2: \",\" or \"]\" is missing before this, in the \"[\" that line 1, column 4 opens"),
        ("a: {b: 1 c: 2}\n", "1:11: \",\" or \"}\" is missing before this"),
        ("a: { b: ${env:X} }\n", "1:9: inside of { } a text with ${…} stands in quotes: \"${env:NAME}\""),
        ("s:\n  x:\n    map: a\n   from: b\n", "4:4: this key begins in another column than its neighbours"),
        ("a: 1\n- b\n", "2:1: an item of a list among the keys of a map"),
        ("l:\n  - x\n  b: 1\n", "3:3: a key among the items of a list"),
        ("a: \"b\" c\n", "1:8: something follows a value that has ended"),
        ("s:\n  x:\n    map a\n    from: b\n", "3:5: this is no key with its value: a \":\" and a space are missing"),
        ("a:1\nb: 2\n", "1:1: this is no key with its value"),
        ("a: x\n  b: y\n", "2:3: this key is indented further than the one above, which has its value already"),
        ("where: a: b\n", "1:9: a text with \": \" in it stands in quotes"),
        ("x: 1\na: \"b\nc: d\n", "2:4: \"\"\" opens a text that is never closed"),
        ("a: @b\n", "1:4: a text can't begin with \"@\"; put it in quotes"),
        ("files: *.csv\n", "1:8: a text that begins with \"*\" stands in quotes"),
        ("a: b\nfiles: *csv\n", "2:8: there is no such anchor above; a text that begins with * stands in quotes"),
        ("a: \"ä\\d\"\n", "1:6: \\ begins an escape between double quotes"),
        ("a: 1\nb: ]\n", "2:4: \"]\" can't stand here"),
        ("a: 1\nb: [\n", "3:1: a value is missing where the text ends; is a bracket above never closed?"),
        ("a: - b\n", "1:4: a list's first item stands on a line of its own"),
        ("a: |x\n b\n", "1:5: nothing may follow | or >"),
        ("a: 1\r\nb: \u{2028}c: { d\r\n", "4:1: "), ("ä: 1\r\nöö: \u{1}\r\n", "2:5: a control character"),
        ("ä: 1\nöö: \u{1}\n", "2:5: a control character"),
        ("a: 1\n---\nb: 2\n", "3:1: there is a second document in this file; keep one"),
        ("a: 1\nb:\n  c: 2\n  c: 3\n", "4:3: the key \"c\" is written twice in one map; keep one of them"),
        ("[a]: b\n", "1:1: a key must be a text; put it in quotes"),
        ("%YAML 2.0\n---\na: 1\n", "1:1: this is not YAML"),
    ])
    func whatIsNoYAMLIsTold(text: String, expected: String) throws {
        let problem = try problem(text)
        #expect(problem.hasPrefix("a.yaml:\(expected)"), "\(problem)")
    }

    /// Whatever is cut or put in anywhere ends in a place inside of the text.
    @Test func aBrokenTextIsNeverAFailureOfOurs() throws {
        let text = "a:\n  b: { c: \"d\", e: [1, 'ö'] }\n  f: |\n    g\n  - &h *h\n"
        let scalars = Array(text.unicodeScalars)
        for place in scalars.indices {
            for change in ["", "\t", "{", "]", "\"", ": ", "\n", "\r", "\r\n", "\u{2028}", "\u{85}{", "\u{7}", "- "] {
                var changed = String.UnicodeScalarView(scalars[..<place])
                changed.append(contentsOf: change.unicodeScalars)
                changed.append(contentsOf: scalars[(change.isEmpty ? place + 1 : place)...])
                guard case .failure(let error) = Result(catching: { try YAML.parse(String(changed), file: "a") }),
                    let problem = (error as? ConfigurationError)?.problems.first
                else { continue }
                #expect((1...9).contains(problem.place?.line ?? 0) && problem.place?.column ?? 0 > 0)
            }
        }
    }

    @Test func aKeyWithoutItsValueIsNamedWhereItStands() throws {
        let folder = try Folder([
            "omni.yaml": plain,
            "Connectors/till/connector.yaml": """
            system: till
            connections: { in: { folder: drop } }
            sources:
              prices:
                from: { in: { files: "*.csv" } }
                map:
            """,
        ])
        #expect(
            try folder.problems("till").hasPrefix(
                "Connectors/till/connector.yaml:6: source \"prices\": \"map\" has no value"))
    }
}
