import ArgumentParser
import Canonical
import Document
import Installation
import Operations

/// `omni drift`: which copies disagree with the golden records.
struct DriftCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drift", abstract: "Shows how every system's copies stand against the golden records.",
        discussion: """
            Fails (exit status 1) while any copy is diverged, missing, extra or parked; lagging copies are on their way.

            EXAMPLE
              omni drift
              omni drift --entity product --json
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var output: OutputOptions

    @Option(help: "Only this entity.")
    var entity: String?

    func run() throws {
        let installation = try global.installation(isShort: true)
        let model = try installation.model()
        var report = try APIClient(installation).get(["v1", "drift"], query: entity.map { [("entity", $0)] } ?? [])
        if !output.showsPersonalData { report = masked(report, model) }
        if output.json { say(report.text) } else { show(report) }
        let wrong = (report["entities"]?.array ?? []).reduce(0) { sum, entity in
            sum + ["diverged", "missing", "extra", "parked"].reduce(0) { $0 + (entity["counts"]?[$1]?.integer ?? 0) }
        }
        let (known, all) = (report["partitions"]?.integer ?? 0, report["of"]?.integer ?? 0)
        if known < all {
            throw CommandFailure(
                "the hub that was asked knows \(known) of \(all) partitions: ask the others too, or let hubs stand by (hub.standby)"
            )
        }
        if wrong > 0 { throw ExitCode.failure }
    }

    private func show(_ report: JSON) {
        var table = TextTable([("", .left), ("in sync", .right), ("", .left)])
        for entity in report["entities"]?.array ?? [] {
            let counts = entity["counts"]?.object ?? []
            let others = counts.filter { $0.key != "in sync" }.map { "\($0.value.text) \($0.key)" }
            table.add([
                entity["entity"]?.string ?? "", entity["counts"]?["in sync"]?.text ?? "0",
                others.joined(separator: "   "),
            ])
        }
        say(table.text)
        for entity in report["entities"]?.array ?? [] {
            for copy in entity["copies"]?.array ?? [] { say(line(copy, entity["entity"]?.string ?? "")) }
        }
    }

    private func line(_ copy: JSON, _ entity: String) -> String {
        var line =
            "  \(copy["condition"]?.string ?? "")  \(copy["system"]?.string ?? "")  \(entity) \(copy["key"]?.string ?? "")"
        let fields = (copy["fields"]?.array ?? []).map {
            "\($0["field"]?.string ?? "") \($0["held"]?.text ?? "") ≠ \($0["golden"]?.text ?? "")"
        }
        if !fields.isEmpty { line += "  " + fields.joined(separator: ", ") }
        if let since = copy["since"]?.string { line += "  since \(since)" }
        if let reason = copy["reason"]?.string { line += "  (\(reason))" }
        return line
    }

    private func masked(_ report: JSON, _ model: Model) -> JSON {
        var report = report
        report["entities"] = .array(
            (report["entities"]?.array ?? []).map { entity in
                let personal = model.entity(entity["entity"]?.string ?? "")?.personal ?? []
                var entity = entity
                entity["copies"] = .array((entity["copies"]?.array ?? []).map { Self.masked(copy: $0, personal) })
                return entity
            })
        return report
    }

    private static func masked(copy: JSON, _ personal: Set<String>) -> JSON {
        var copy = copy
        copy["fields"] = .array(
            (copy["fields"]?.array ?? []).map { field in
                guard personal.contains(field["field"]?.string ?? "") else { return field }
                var field = field
                field["held"] = field["held"].map(Mask.hidden)
                field["golden"] = field["golden"].map(Mask.hidden)
                return field
            })
        return copy
    }
}
