import ArgumentParser
import Canonical
import Connector
import Document
import Installation
import Schema

/// `omni schema …`: work on the schemas of an installation.
struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Says what a change of a schema breaks, and tests what lifts earlier versions.",
        subcommands: [Check.self, Test.self])

    /// `omni schema check`
    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check",
            abstract: "Compares the schemas with an earlier version: who can still read what, and what breaks here.",
            discussion: """
                backward: what was written before can be read with the schemas as they lie here.
                forward: what is written from now on can be read by those who still have the earlier ones.

                EXAMPLE
                  omni schema check
                  omni schema check --against v1.4 product
                  omni schema check --against ../other/product.schema.json product

                Ends with 1 when a direction that --need names is broken. A raised major version breaks nobody as long as the
                earlier one is kept (Schemas/<entity>.v1.schema.json) and lifted (Schemas/<entity>.v1.jsonata). A schema that is
                gone or that doesn't compile counts as broken. See docs/schemas.md.
                """)

        @OptionGroup var global: GlobalOptions
        @OptionGroup var output: OutputOptions

        @Option(help: "A git revision, a schema file, or a folder of schemas.")
        var against = "HEAD"

        @Option(help: "What must hold: backward, forward, full or none.")
        var need = Need.backward

        @Argument(help: "The entities; without a name, all.")
        var entities: [String] = []

        enum Need: String, ExpressibleByArgument, CaseIterable {
            case backward, forward, full, none
        }

        func run() throws {
            let installation = try global.installation(isShort: true)
            let model = try installation.model()
            let revision = SchemaRevision(against)
            var comparisons = try compare(model, revision, installation)
            let impact = try SchemaImpact(installation)
            for place in comparisons.indices { try comparisons[place].findUses(impact) }
            let earlier = try EarlierVersions(model, revision, installation, of: comparisons)
            let changed = Set(comparisons.filter { !$0.isUntouched }.map(\.kind))
            let failures = changed.isEmpty ? [] : try impact.failures(of: changed)
            if output.json {
                say(SchemaReport.json(comparisons, earlier, failures).text)
            } else {
                for line in SchemaReport.lines(comparisons, earlier, failures, against) { say(line) }
            }
            let isBroken =
                comparisons.contains { $0.isBroken(backward: needsBackward, forward: needsForward) }
                || needsBackward && !earlier.troubles.isEmpty
            if isBroken || (!failures.isEmpty && need != .none) { throw ExitCode.failure }
        }

        private var needsBackward: Bool { need == .backward || need == .full }
        private var needsForward: Bool { need == .forward || need == .full }

        private func compare(
            _ model: Model, _ revision: SchemaRevision, _ installation: Installation
        ) throws -> [SchemaComparison] {
            let before = try revision.entities(installation)
            let known = Set(model.entities.map(\.name)).union(before ?? [])
            for name in entities where !known.contains(name) {
                throw ValidationError(
                    "there is no entity '\(name)'; there are: \(known.sorted().joined(separator: ", "))")
            }
            let names: [String]
            if let before {
                names = entities.isEmpty ? known.union(before).sorted() : entities
            } else {
                guard entities.count == 1 else {
                    throw ValidationError("--against a file needs the name of the one entity that it is compared with")
                }
                names = entities
            }
            return try names.flatMap { name in
                let wasThere = before?.contains(name) ?? true
                return try SchemaComparison.all(
                    name, old: wasThere ? try revision.schema(name, installation) : nil, revision.name(of: name),
                    new: model.entity(name))
            }
        }
    }
}
