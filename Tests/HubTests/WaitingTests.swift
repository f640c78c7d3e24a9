import Canonical
import Document
import Kafka
import TestHub
import Testing

@testable import Hub

/// I2, I7: a record of a schema version that the hub doesn't know waits, with what comes behind it, for a hub that does.
@Suite struct WaitingTests {
    private static let sofa = "06438012345675"
    private static let chair = "06438012345682"

    private static func product(_ gtin: String, _ name: String, major: Int = 1) -> Foreign {
        .product(gtin, "\"name\":\"\(name)\"").with("ce_dataschema", "urn:omni:product:\(major)")
    }

    /// Another version of an entity's schema, on the disk.
    private static func upgrade(_ plant: Plant, _ entity: String, to major: Int) throws {
        let path = "\(plant.folder)/Schemas/\(entity).schema.json"
        let text = String(decoding: try #require(Plant.read(path)), as: UTF8.self)
        var schema = try JSON(parsing: Array(text.utf8))
        schema["$id"] = .string("urn:omni:\(entity):\(major)")
        try Plant.write(path, schema.utf8)
    }

    private static func names(_ plant: Plant, _ gtin: String) throws -> [JSON?] {
        try plant.records(plant.names.golden(entity: "product")).filter { $0.key == gtin }.map { $0.json?["name"] }
    }

    @Test func aNewerVersionWaitsInItsRowUntilAHubKnowsIt() throws {
        let plant = try Plant(partitions: 1)
        try plant.running { running in
            try plant.send(
                [
                    Self.product(Self.sofa, "1"), Self.product(Self.sofa, "2", major: 2),
                    Self.product(Self.sofa, "3"), Self.product(Self.chair, "1"),
                ], to: "product")
            try plant.settle()
            try eventually("it is told") { running.hub.waiting == 2 }
            #expect(try Self.names(plant, Self.chair) == ["1"], "others don't wait")
        }
        // The same hub again, without its store: they wait on, and what comes now stands behind them.
        try plant.running(plant.elsewhere("machine-2")) { running in
            try plant.send([Self.product(Self.sofa, "4", major: 2), Self.product(Self.sofa, "5")], to: "product")
            try plant.settle()
            try eventually("it is told") { running.hub.waiting == 4 }
        }
        #expect(try Self.names(plant, Self.sofa) == ["1"])
        try Self.upgrade(plant, "product", to: 2)
        try plant.running(plant.elsewhere("var")) { running in
            try plant.send([Self.product(Self.sofa, "6", major: 2)], to: "product")
            try eventually("nobody waits") { try Self.names(plant, Self.sofa).count == 6 && running.hub.waiting == 0 }
            #expect(try Self.names(plant, Self.sofa) == ["1", "2", "3", "4", "5", "6"])
            try running.settle(plant)
            let dump = try running.hub.store.dump(plant.model, partitions: 1)["product[0]"] ?? [:]
            #expect(!dump.keys.contains { $0.starts(with: Note.waiting) }, "nothing is left of them")
        }
        #expect(try plant.records(plant.names.dead(of: "hub")).isEmpty)
    }

    /// Waiting is no pardon: what can't be used then is a dead letter that tells where it came from.
    @Test func whatHasWaitedIsCheckedLikeAnythingElse() throws {
        let plant = try Plant(partitions: 1)
        let bad = Self.product(Self.sofa, "1", major: 2).valued("{\"gtin\":\"\(Self.sofa)\",\"price\":-1}")
        let elsewhere = Self.product(Self.chair, "1", major: 2)
            .valued("{\"gtin\":\"\(Self.sofa)\",\"name\":\"moved\"}")
        try plant.running { _ in
            try plant.send([bad, Self.product(Self.sofa, "2"), elsewhere], to: "product")
            try plant.settle()
        }
        try Self.upgrade(plant, "product", to: 3)
        try plant.running(plant.elsewhere("var")) { _ in
            try eventually("the rest goes on") { try Self.names(plant, Self.sofa) == ["2", "moved"] }
        }
        let dead = try plant.records(plant.names.dead(of: "hub"))
        #expect(dead.count == 1 && dead.first?.bytes == bad.value)
        #expect(dead.first?["omni_where"] == "\(plant.names.input(domain: "product"))[0]@0")
        #expect(dead.first?["omni_reason"]?.contains("price") == true && dead.first?["ce_id"] != nil)
    }

    /// A count that can't be read yet must not be passed by a request that it decides.
    @Test func aRequestWaitsBehindACountThatIsNotUnderstood() throws {
        let plant = try Plant(partitions: 1)
        let first = Foreign.count(Self.sofa, "kamppi", "1")
        let count = Foreign.count(Self.sofa, "kamppi", "0").with("ce_dataschema", "urn:omni:count:2")
            .with("ce_time", Plant.wall().rfc3339)
        try plant.running { _ in
            try plant.send([first, count, .hold("r1", Self.sofa, "kamppi")], to: "stock")
            try plant.settle()
            #expect(try plant.records(plant.names.golden(entity: "reservation")).isEmpty)
        }
        try Self.upgrade(plant, "stock", to: 2)
        try plant.running(plant.elsewhere("machine-2")) { _ in
            let decided = try plant.records(plant.names.golden(entity: "reservation"), count: 1)
            #expect(decided.map { $0.json?["state"] } == ["refused"])
        }
    }

    @Test func aWaitingRecordIsKeptAsItCame() throws {
        let plant = try Plant(partitions: 1)
        let odd = Self.product(Self.sofa, "1", major: 2).with("x-empty", "").with("x-ä", "ö\u{0}")
        try plant.running { running in
            try plant.send([odd], to: "product")
            try running.settle(plant)
            var kept: [WaitingRecord] = []
            try running.hub.store.scan(DomainPartition("product", 0), keysFrom: Note.waiting) { note, bytes in
                #expect(WaitingRecord.key(ofNote: note) == Self.sofa)
                if let record = WaitingRecord(Array(bytes)) { kept.append(record) }
                return true
            }
            let record = try #require(kept.first)
            #expect(record.value == odd.value && record.key == Array(Self.sofa.utf8) && record.offset == 0)
            #expect(record.timestamp != nil)
            #expect(record.headers.map(\.name) == odd.headers.map(\.name))
            #expect(record.headers.map { $0.value } == odd.headers.map { Array($0.text.utf8) })
        }
    }
}
