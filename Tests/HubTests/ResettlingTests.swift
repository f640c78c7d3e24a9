import Canonical
import Document
import Kafka
import TestHub
import Testing

@testable import Hub

/// Every golden record follows the rules that are in force: a hub that starts with others settles what there is again.
@Suite struct ResettlingTests {
    private static let count = Chore.size * 2 + 7
    private static let gtins = (0..<count).map { digits($0) }

    /// A GTIN of 14 digits with its check digit.
    private static func digits(_ number: Int) -> String {
        let body = "0200000" + String(number + 100_000)
        let sum = body.utf8.enumerated().reduce(0) { $0 + Int($1.element - 48) * ($1.offset % 2 == 0 ? 3 : 1) }
        return body + String((10 - sum % 10) % 10)
    }

    private static func rules(_ plant: Plant, _ name: String) throws {
        try Plant.write(
            "\(plant.folder)/Schemas/product.rules.yaml",
            "key: gtin\ndefault: { latest: any }\ndelete: { owner: importer }\nfields: { name: { priority: \(name) } }\n"
        )
    }

    private static func golden(_ plant: Plant) throws -> [String: [Seen]] {
        Dictionary(grouping: try plant.records(plant.names.golden(entity: "product")), by: { $0.key ?? "" })
    }

    @Test func otherRulesReachEveryRecordWithoutInput() throws {
        let plant = try Plant(partitions: 2)
        try Self.rules(plant, "[shop, till]")
        try plant.running(plant.elsewhere("var")) { _ in
            let producer = try plant.producer()
            for system in ["shop", "till"] {
                try plant.send(
                    Self.gtins.map { .product($0, "\"name\":\"\(system)\"", from: system) }, to: "product", by: producer
                )
            }
            try plant.settle()
        }
        #expect(try Self.golden(plant).count == Self.count)
        try Self.rules(plant, "[till, shop]")
        // It is stopped at once, wherever it is; the next one goes on.
        let first = try RunningHub(plant, plant.elsewhere("var"))
        try first.stop()
        try plant.running(plant.elsewhere("machine-2")) { running in
            try plant.send([.product(Self.gtins[0], "\"brand\":\"Aalto\"", from: "shop")], to: "product")
            try eventually("all of them are settled") {
                try plant.table(plant.names.golden(entity: "product")).values.allSatisfy { $0.json?["name"] == "till" }
            }
            try eventually("the partitions say so") {
                try (0..<2).allSatisfy {
                    try running.hub.store.stateBytes(DomainPartition("product", Int32($0)), Array(Note.settled.utf8))
                        != nil
                }
            }
            try running.settle(plant)
        }
        let golden = try Self.golden(plant)
        for (gtin, records) in golden where gtin != Self.gtins[0] {
            #expect(records.map { $0.json?["name"] } == ["shop", "till"], "once, and once only")
            #expect(records.map(\.revision) == [1, 2])
            #expect(Set(records.map { $0["ce_rules"] }).count == 2)
        }
        // By the same rules again there is nothing to do, and nothing is written.
        let ends = try plant.records(plant.names.golden(entity: "product")).count
        let states = try plant.records(plant.names.state(domain: "product")).filter { $0.key == Self.gtins[1] }.count
        try plant.running(plant.elsewhere("machine-2")) { running in try running.settle(plant) }
        #expect(try plant.records(plant.names.golden(entity: "product")).count == ends)
        #expect(
            try plant.records(plant.names.state(domain: "product")).filter { $0.key == Self.gtins[1] }.count == states)
    }
}
