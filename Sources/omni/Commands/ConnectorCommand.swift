import ArgumentParser
import Connector
import Document
import Installation
import Logging

/// `omni connector …`: work on a connector's folder.
struct ConnectorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "connector", abstract: "Tests connectors and describes their settings.",
        subcommands: [Test.self, Reference.self])

    /// `omni connector test NAME`
    struct Test: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "test", abstract: "Runs a connector's fixtures, without a broker and without its system.",
            discussion: """
                fixtures/<source or sink>/<case>.in.<ext> goes in; <case>.out.json is what must come out.

                With each fixture go its variations: the record twice and out of order, each field absent, null, of another type,
                a field that nobody knows, the document empty and cut in half. See docs/connectors.md.

                EXAMPLE
                  omni connector test retailer
                  omni connector test retailer --update

                --update shows how the result differs, then writes it, and says what it wrote. A result with a record that the
                schema or format refuses, or that the mapping fails on, isn't written: mend it, or add --refused when the
                fixture is meant to show just that.
                """)

        @OptionGroup var global: GlobalOptions
        @OptionGroup var output: OutputOptions

        @Argument(help: "The connectors; without a name, all.")
        var names: [String] = []

        @Flag(help: "Write what came out as what is expected from now on.")
        var update = false

        @Flag(help: "With --update: also write results that hold refused records.")
        var refused = false

        @Flag(inversion: .prefixedNo, help: "Run the fixtures' variations, too.")
        var variations = true

        func validate() throws {
            if refused, !update { throw ValidationError("--refused needs --update.") }
        }

        private var updating: Fixtures.Updating { update ? refused ? .everything : .meant : .nothing }

        func run() throws {
            let installation = try global.installation(isShort: true)
            var failed = 0
            var passed = 0
            var varying = 0
            var results: [JSON] = []
            for name in names.isEmpty ? installation.connectors : names {
                let fixtures = try Fixtures(installation, name)
                let outcomes = try fixtures.run(updating: updating)
                for outcome in outcomes {
                    failed += outcome.isFine ? 0 : 1
                    passed += outcome.isFine ? 1 : 0
                    results.append(OutcomeText.json(of: outcome, in: name))
                    if !output.json { OutcomeText.lines(of: outcome, in: name).forEach { say($0) } }
                }
                let complaints =
                    try fixtures.strays + fixtures.strangePlaces() + fixtures.missingColumns()
                    + fixtures.subtractedNames()
                for complaint in complaints {
                    failed += 1
                    results.append(["connector": .string(name), "passed": false, "complaint": .string(complaint)])
                    if !output.json { say("✗ \(name), \(complaint)") }
                }
                for varied in variations ? try fixtures.variations() : [] {
                    failed += varied.complaints.isEmpty ? 0 : 1
                    varying += varied.count
                    results.append(Self.json(varied, of: name))
                    if !output.json { Self.show(varied, of: name) }
                }
                if !output.json {
                    for part in fixtures.unshown { say("– \(name)/\(part) has no fixture") }
                }
            }
            if output.json {
                say(JSON.array(results).text)
            } else {
                let more = variations ? ", \(varying) variations" : ""
                say("\(passed) passed, \(failed) failed\(more)")
            }
            if failed > 0 { throw ExitCode.failure }
        }

        private static func show(_ varied: Variations, of connector: String) {
            for complaint in varied.complaints { say("✗ \(connector)/\(varied.name), varied: \(complaint)") }
        }

        private static func json(_ varied: Variations, of connector: String) -> JSON {
            [
                "connector": .string(connector), "variations": .string(varied.name),
                "count": .number(Number(varied.count)), "passed": .bool(varied.complaints.isEmpty),
                "complaints": .array(varied.complaints.map { .string($0) }),
            ]
        }
    }

    /// `omni connector reference`
    struct Reference: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "reference", abstract: "Prints every key of omni.yaml and connector.yaml, as Markdown.",
            discussion: """
                EXAMPLE
                  omni connector reference > docs/configuration.md
                """)

        func run() throws {
            // The page ends its last line itself.
            say(String(Installation.reference.dropLast()))
        }
    }
}
