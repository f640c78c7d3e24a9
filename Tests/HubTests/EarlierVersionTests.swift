import Canonical
import Document
import Kafka
import TestHub
import Testing

@testable import Hub

/// The hub reads what earlier major versions say: checked by the schema they name, and lifted to the present one.
@Suite struct EarlierVersionTests {
    private static let sofa = "06438012345675"
    private static let chair = "06438012345682"

    /// Version 2 of product calls `brand` `maker`, and has objects for prices.
    private static func raise(_ plant: Plant, keeps: Bool = true, lift: String?) throws {
        let path = "\(plant.folder)/Schemas/product"
        let before = try #require(Plant.read("\(path).schema.json"))
        if keeps { try Plant.write("\(path).v1.schema.json", before) }
        if let lift { try Plant.write("\(path).v1.jsonata", lift) }
        var schema = try JSON(parsing: before)
        schema["$id"] = "urn:omni:product:2"
        schema["properties"]?["brand"] = nil
        schema["properties"]?["maker"] = ["type": ["string", "null"]]
        schema["properties"]?["price"] = ["type": "object", "required": ["amount"]]
        try Plant.write("\(path).schema.json", schema.utf8)
    }

    private static let lift = """
        $ ~> |$|{"maker": brand, "price": $exists(price) ? {"amount": price}}, ["brand"]|
        """

    private static func golden(_ plant: Plant, _ gtin: String) throws -> [JSON] {
        try plant.records(plant.names.golden(entity: "product")).filter { $0.key == gtin }.compactMap(\.json)
    }

    @Test func whatAnEarlierVersionSaysIsLiftedBeforeItIsMerged() throws {
        let plant = try Plant(partitions: 1)
        try Self.raise(plant, lift: Self.lift)
        try plant.running(plant.elsewhere("machine-2")) { running in
            try plant.send(
                [
                    .product(Self.sofa, "\"brand\":\"Kotona\",\"price\":19.90,\"x\":1"),
                    .product(Self.sofa, "\"maker\":\"Lehto\"", from: "shop").with(
                        "ce_dataschema", "urn:omni:product:2"),
                    .product(Self.chair, "\"brand\":7"),
                ], to: "product")
            try running.settle(plant)
        }
        let golden = try Self.golden(plant, Self.sofa)
        #expect(
            golden.first == [
                "gtin": .string(Self.sofa), "maker": "Kotona", "price": ["amount": .number(Number("19.90")!)], "x": 1,
            ])
        #expect(golden.last?["maker"] == "Lehto" && golden.last?["brand"] == nil)
        let dead = try plant.records(plant.names.dead(of: "hub"))
        #expect(dead.count == 1)
        #expect(dead.first?["omni_reason"]?.hasPrefix("of version 1 of 'product': /brand: ") == true)
    }

    /// What it said keeps its bytes, to be sent again when there is something that lifts it.
    @Test(arguments: [true, false]) func whatNothingLiftsIsTakenWhereItFitsAndElseSaysWhatToAdd(isKept: Bool) throws {
        let plant = try Plant(partitions: 1)
        try Self.raise(plant, keeps: isKept, lift: nil)
        let priced = Foreign.product(Self.sofa, "\"price\":19.90")
        try plant.running(plant.elsewhere("machine-2")) { running in
            try plant.send([priced, .product(Self.sofa, "\"name\":\"Sofa\"")], to: "product")
            try running.settle(plant)
        }
        #expect(try Self.golden(plant, Self.sofa) == [["gtin": .string(Self.sofa), "name": "Sofa"]])
        let dead = try plant.records(plant.names.dead(of: "hub"))
        #expect(dead.map(\.bytes) == [priced.value] && dead.first?["ce_dataschema"] == "urn:omni:product:1")
        let reason = try #require(dead.first?["omni_reason"])
        #expect(reason.contains(isKept ? "Schemas/product.v1.jsonata" : "Schemas/product.v1.schema.json"), "\(reason)")
    }

    /// I6: what a sink of the earlier version wrote, and its source then reads, is an echo and no edit.
    @Test func whatACopyHoldsIsLiftedLikeWhatItsSystemSays() throws {
        let plant = try Plant(
            partitions: 1,
            connectors: [
                "shop": """
                system: shop
                connections: { out: { folder: "\(Plant.repository)/none" } }
                sinks:
                  list: { of: product, map: m.jsonata, to: { out: { file: a.csv, format: { csv: { fields: { a: text } } } } } }
                """
            ])
        try Self.raise(plant, lift: Self.lift)
        let rules = try #require(Plant.read("\(plant.folder)/Schemas/product.rules.yaml"))
        try Plant.write(
            "\(plant.folder)/Schemas/product.rules.yaml",
            String(decoding: rules, as: UTF8.self) + "  maker: { priority: [shop, importer] }\n")
        func said(_ maker: String) -> Foreign {
            .product(Self.sofa, "\"maker\":\"\(maker)\"", from: "importer").with(
                "ce_dataschema", "urn:omni:product:2")
        }
        let report = Foreign(
            "omni.product.written", key: Self.sofa,
            "{\"revision\":1,\"status\":\"written\",\"held\":{\"gtin\":\"\(Self.sofa)\",\"brand\":\"M\"}}",
            from: "/shop/list"
        ).with("ce_revision", "1").with("ce_dataschema", "urn:omni:product:1")
        try plant.running(plant.elsewhere("machine-2")) { running in
            try plant.send(
                [said("M"), report, .product(Self.sofa, "\"brand\":\"M\"", from: "shop"), said("N")], to: "product")
            try running.settle(plant)
        }
        #expect(try Self.golden(plant, Self.sofa).map { $0["maker"] } == ["M", "N"])
    }

    /// The key follows from what the document is now.
    @Test func aDocumentWhoseKeyHasChangedIsWrittenAgainUnderIt() throws {
        let plant = try Plant(partitions: 1)
        try Self.raise(plant, lift: "$ ~> |$|{\"gtin\": \"\(Self.chair)\"}|")
        try plant.running(plant.elsewhere("machine-2")) { running in
            try plant.send([.product(Self.sofa, "\"name\":\"Sofa\"")], to: "product")
            try eventually("it is under the other key") { try !Self.golden(plant, Self.chair).isEmpty }
            try running.settle(plant)
        }
        #expect(try Self.golden(plant, Self.sofa).isEmpty)
    }

    /// The report of a connector that was upgraded before the hub waits like all else that it says.
    @Test func aReportOfALaterVersionWaits() throws {
        let plant = try Plant(partitions: 1)
        let report = Foreign(
            "omni.product.written", key: Self.sofa,
            "{\"revision\":1,\"status\":\"written\",\"held\":{\"maker\":\"M\"}}",
            from: "/shop/list"
        ).with("ce_revision", "1").with("ce_dataschema", "urn:omni:product:2")
        try plant.running { running in
            try plant.send([.product(Self.sofa, "\"name\":\"Sofa\""), report], to: "product")
            try plant.settle()
            try eventually("it waits") { running.hub.waiting == 1 }
        }
        #expect(try plant.records(plant.names.dead(of: "hub")).isEmpty)
    }
}
