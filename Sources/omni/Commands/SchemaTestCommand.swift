import ArgumentParser
import Connector
import Document

extension SchemaCommand {
    /// `omni schema test`
    struct Test: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "test", abstract: "Runs the fixtures of what lifts earlier versions.",
            discussion: """
                Schemas/fixtures/product.v1/<case>.in.json is a document of version 1; <case>.out.json beside it is what
                Schemas/product.v1.jsonata must make of it in the present version. See docs/schemas.md.

                EXAMPLE
                  omni schema test
                  omni schema test --update
                """)

        @OptionGroup var global: GlobalOptions
        @OptionGroup var output: OutputOptions

        @Flag(help: "Write what came out as what is expected from now on.")
        var update = false

        @Flag(help: "With --update: also write results that are refused.")
        var refused = false

        func validate() throws {
            if refused, !update { throw ValidationError("--refused needs --update.") }
        }

        func run() throws {
            let fixtures = try LiftFixtures(try global.installation(isShort: true))
            let outcomes = try fixtures.run(updating: update ? refused ? .everything : .meant : .nothing)
            let strays = fixtures.strays
            let failed = outcomes.count { !$0.isFine } + strays.count
            if output.json {
                let complaints = strays.map { name -> JSON in
                    ["connector": "Schemas", "passed": false, "complaint": .string(Self.complaint(name))]
                }
                say(JSON.array(outcomes.map { OutcomeText.json(of: $0, in: "Schemas") } + complaints).text)
            } else {
                for outcome in outcomes { OutcomeText.lines(of: outcome, in: "Schemas").forEach { say($0) } }
                for name in strays { say("✗ \(Self.complaint(name))") }
                for name in fixtures.unshown { say("– Schemas/\(name).jsonata has no fixture") }
                say("\(outcomes.count { $0.isFine }) passed, \(failed) failed")
            }
            if failed > 0 { throw ExitCode.failure }
        }

        private static func complaint(_ name: String) -> String {
            "Schemas/fixtures/\(name): no version of that name is kept"
        }
    }
}
