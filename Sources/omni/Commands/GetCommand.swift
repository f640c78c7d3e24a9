import ArgumentParser
import Canonical
import Document
import Installation
import Logging
import Operations

/// `omni get ENTITY KEY`: a golden record.
struct GetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Shows a golden record, by its key or by a system's own number.",
        discussion: """
            EXAMPLE
              omni get product 09521234567897
              omni get customer --system crm C-000017
              omni get stock 09521234567897@helsinki-1 --json
              omni get product 09521234567897 --local     # from the hub's store on this machine, also while it is down
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The entity, for example 'product'.")
    var entity: String

    @Argument(help: "The key; with --system, the system's own number.")
    var key: String

    @Option(help: "The system whose number KEY is.")
    var system: String?

    @Flag(help: "Reads the local store of this machine's hubs instead of asking one; says how old it is.")
    var local = false

    func run() throws {
        let installation = try global.installation(isShort: true)
        let model = try installation.model()
        let api = APIClient(installation)
        var record: JSON
        if local {
            record = try LocalRecords(installation, model, now: wallClock()).record(entity, key: key, system: system)
        } else if let system {
            record = try api.get(["v1", "records", entity], query: [("system", system), ("id", key)])
        } else if entity == "reservation" {
            record = [
                "entity": "reservation", "key": .string(key), "document": try api.get(["v1", "reservations", key]),
            ]
        } else {
            record = try api.get(["v1", "records", entity, key])
        }
        if !output.showsPersonalData, let document = record["document"] {
            record["document"] = Mask.document(document, personal: model.entity(entity)?.personal ?? [])
        }
        if output.json {
            say(record.text)
        } else {
            let revision = record["revision"].map { "  revision \($0.text)" } ?? ""
            say("\(entity) \(record["key"]?.string ?? key)\(revision)")
            if local {
                let age =
                    (record["ageMs"]?.integer).map { readable(milliseconds: Int64($0)) + " old" } ?? "of unknown age"
                say("\(record["store"]?.string ?? ""), \(record["partition"]?.string ?? ""): \(age)")
            }
            say((record["document"] ?? .null).pretty)
        }
    }
}
