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

                EXAMPLE
                  omni connector test retailer
                  omni connector test retailer --update
                """)

        @OptionGroup var global: GlobalOptions
        @OptionGroup var output: OutputOptions

        @Argument(help: "The connectors; without a name, all.")
        var names: [String] = []

        @Flag(help: "Write what came out as what is expected from now on.")
        var update = false

        func run() throws {
            let installation = try global.installation(isShort: true)
            var failed = 0
            var results: [JSON] = []
            for name in names.isEmpty ? installation.connectors : names {
                let fixtures = try Fixtures(installation, name)
                let outcomes = try fixtures.run(updating: update)
                for outcome in outcomes {
                    let passed = outcome.differences.isEmpty
                    failed += passed ? 0 : 1
                    results.append([
                        "connector": .string(name), "fixture": .string(outcome.name), "passed": .bool(passed),
                        "differences": .array(outcome.differences.map { .string($0) }),
                    ])
                    guard !output.json else { continue }
                    say("\(passed ? "✓" : "✗") \(name)/\(outcome.name)")
                    for difference in outcome.differences { say("    \(difference)") }
                }
                if !output.json {
                    for part in fixtures.unshown { say("– \(name)/\(part) has no fixture") }
                }
            }
            if output.json {
                say(JSON.array(results).text)
            } else {
                say("\(results.count - failed) passed, \(failed) failed")
            }
            if failed > 0 { throw ExitCode.failure }
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
