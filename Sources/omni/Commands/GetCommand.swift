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
        var record: JSON
        do {
            record = try find(installation, model)
        } catch let failure as CommandFailure {
            throw hint(model).map { CommandFailure("\(failure)\n\($0)") } ?? failure
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

    private func find(_ installation: Installation, _ model: Model) throws -> JSON {
        if local {
            return try LocalRecords(installation, model, now: wallClock()).record(entity, key: key, system: system)
        }
        let api = APIClient(installation)
        if let system { return try api.get(["v1", "records", entity], query: [("system", system), ("id", key)]) }
        guard entity == "reservation" else { return try api.get(["v1", "records", entity, key]) }
        return ["entity": "reservation", "key": .string(key), "document": try api.get(["v1", "reservations", key])]
    }

    /// What may have been meant, where there is nothing under the key.
    private func hint(_ model: Model) -> String? {
        guard system == nil, entity == "product" || entity == "stock" else { return nil }
        let parts = key.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        guard let number = parts.first, [8, 12, 13].contains(number.utf8.count),
            number.utf8.allSatisfy({ $0 &- 48 < 10 })
        else { return nil }
        let whole = String(repeating: "0", count: 14 - number.utf8.count) + number
        let meant = ([whole] + parts.dropFirst().map(String.init)).joined(separator: "@")
        return "a GTIN is a key with 14 digits: omni get \(entity) \(meant)"
    }
}
