import ArgumentParser
import Connector
import Document
import Installation
import Logging
import Mapping
import Transports

#if canImport(Glibc)
    import Glibc
#endif

/// `omni map …`: work on mappings.
struct MapCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "map", abstract: "Checks mappings, and runs them over what you give them.",
        subcommands: [Check.self, Run.self, Try.self, Functions.self])

    /// `omni map check`
    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check",
            abstract: "Reads every mapping against the schema that it must produce and the fixtures that it gets.",
            discussion: """
                Finds, before any record comes: what doesn't compile, paths that match nothing in any fixture, comparisons that
                can never hold, operands of a wrong type, fields that the schema doesn't know, required fields that are never
                given, values that the schema never takes. Without a name also what lifts earlier versions (Schemas/), and rules that speak of systems and fields that
                nothing else knows.

                EXAMPLE
                  omni map check
                  omni map check retailer importer

                Ends with 1 when there is an error; with --strict, when there is a warning.
                """)

        @OptionGroup var global: GlobalOptions
        @OptionGroup var output: OutputOptions

        @Flag(help: "Take warnings for errors.")
        var strict = false

        @Argument(help: "The connectors; without a name, all.")
        var names: [String] = []

        func run() throws {
            let installation = try global.installation(isShort: true)
            // What lifts earlier versions is no connector's.
            var reports = names.isEmpty ? LiftCheck.reports(try installation.model()) : []
            for name in names.isEmpty ? installation.connectors : names {
                reports += try MappingCheck(installation, name).reports()
            }
            // Rules are no connector's: they are looked at where all are.
            let doubts = names.isEmpty ? try installation.ruleDoubts(try installation.model()) : []
            if output.json {
                say(JSON.array(reports.flatMap(FindingText.json) + doubts.map(FindingText.json)).text)
            } else {
                for report in reports { FindingText.lines(of: report).forEach { say($0) } }
                for doubt in doubts { say("! \(doubt)") }
                say(FindingText.summary(reports, doubts: doubts.count))
            }
            let findings = reports.flatMap(\.findings)
            let isWrong = findings.contains { $0.severity == .error || strict } || strict && !doubts.isEmpty
            if isWrong { throw ExitCode.failure }
        }
    }

    /// `omni map run FILE`
    struct Run: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "run", abstract: "Maps standard input, or a file, and prints what comes of it.",
            discussion: """
                A mapping of a connector runs as it does there: a source's gives events, a sink's gives writes, and what the
                schema refuses is said on standard error. A sink's input is a golden record, {"key": …, "revision": …,
                "data": {…}}, or its data alone, or what 'omni get --json' prints. Any other file is a plain JSONata expression.

                EXAMPLE
                  omni map run Connectors/retailer/articles.jsonata < article.json
                  omni map run Connectors/importer/price.jsonata --input list.csv
                  echo '{"a": [1, 2]}' | omni map run sum.jsonata
                  omni map run Connectors/wholesaler/product.jsonata --as-file < golden.json

                Ends with 1 when a record is refused.
                """)

        @OptionGroup var global: GlobalOptions

        @Option(
            help:
                "The input's file: in the source's format; where it has none (SQLite, HTTP), a record as JSON, its name ending in .json."
        )
        var input: String?

        @Option(name: .customLong("as"), help: "The source or sink, where several use the mapping.")
        var part: String?

        @Flag(help: "Each result in one line.")
        var compact = false

        @Flag(help: "The file that the sink writes (CSV, XML, EDIFACT, …), in place of documents.")
        var asFile = false

        @Argument(help: "The mapping.", completion: .file(extensions: ["jsonata"]))
        var file: String

        func run() throws {
            StructuredLog.install(level: .critical, style: nil)
            let bench = try Workbench.open(file, global, as: part)
            let bytes = try input.map { try AtomicFile.read($0) } ?? StandardInput.read()
            let trial = try bench.run(bytes, ext: input.map(StandardInput.ext) ?? bench.extensionOfInput(bytes))
            if asFile {
                guard let bytes = trial.file else {
                    throw ValidationError("--as-file: \(file) is no mapping of a sink that writes a file")
                }
                say(bytes: bytes)
            } else {
                for result in trial.results { say(compact ? result.text : result.pretty) }
            }
            for note in trial.notes { complain("note: \(note)") }
            for refusal in trial.refusals { complain(refusal) }
            if !trial.refusals.isEmpty { throw ExitCode.failure }
        }
    }

    /// `omni map try FILE`
    struct Try: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "try", abstract: "Shows what a mapping gives, again whenever you save it.",
            discussion: """
                Edit the mapping, its input or the schema in your editor; on each save the check's findings, the result and the
                schema's verdict appear here. Without an input, all fixtures of the mapping's source or sink. Ctrl-C ends it.

                EXAMPLE
                  omni map try Connectors/retailer/articles.jsonata
                  omni map try Connectors/retailer/articles.jsonata articles/changed
                  omni map try sum.jsonata numbers.json
                """)

        @OptionGroup var global: GlobalOptions

        @Option(name: .customLong("as"), help: "The source or sink, where several use the mapping.")
        var part: String?

        @Flag(help: "Show it once, and end.")
        var once = false

        @Argument(help: "The mapping.", completion: .file(extensions: ["jsonata"]))
        var file: String

        @Argument(help: "A fixture's name, or a file.")
        var input: String?

        func run() throws {
            let stop = try StopFlag()
            StructuredLog.install(level: .critical, style: nil)
            let trial = MappingTrial(file: file, input: input, part: part, global: global)
            var seen: [String: FileMark]?
            while !stop.isSet {
                let now = trial.watched()
                if now != seen {
                    seen = now
                    if !once, isatty(STDOUT_FILENO) == 1 { say("\u{1B}[2J\u{1B}[H") }
                    trial.lines().forEach { say($0) }
                    if once { return }
                }
                // A signal ends the waiting.
                _ = poll(nil, 0, 200)
            }
        }
    }

    /// `omni map functions`
    struct Functions: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "functions", abstract: "Lists the functions that mappings may call, with examples.",
            discussion: """
                EXAMPLE
                  omni map functions
                  omni map functions gtin
                """)

        @Argument(help: "Part of a name; without it, all.")
        var name: String?

        func run() throws {
            let functions = MappingFunction.all.filter { name == nil || $0.name.contains(name!) }
            guard !functions.isEmpty else { throw CommandFailure("no function's name holds \"\(name ?? "")\"") }
            for function in functions {
                let note = function.isAllowedInConnectors ? "" : "   (refused in connectors)"
                say("\(function.name)\(function.signature)\(note)")
                say("    \(function.summary)")
                guard name != nil else { continue }
                for example in function.examples { say("    \(example.expression)  →  \(example.result ?? "nothing")") }
            }
        }
    }
}
