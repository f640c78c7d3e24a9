import Canonical
import Consistency
import Document
import Hub
import Kafka
import TestHub
import Testing

/// What goes in at one end comes out at the other, as any Kafka client reads it.
@Suite struct GoldenTests {
    /// Revisions are counted from the partition's beginning, which a hub on another machine knows, too.
    @Test func everyGoldenRecordNamesItsEpoch() throws {
        let plant = try Plant(partitions: 1)
        let before = Plant.wall()
        for (number, data) in ["var", "machine-2", "var"].enumerated() {
            try plant.running(plant.elsewhere(data)) { running in
                try plant.send([.product("06438012345675", "\"name\":\"\(number)\"")], to: "product")
                try running.settle(plant)
            }
        }
        let epochs = try plant.records(plant.names.golden(entity: "product")).map {
            $0["ce_epoch"].flatMap { Int64($0) }
        }
        #expect(epochs.count == 3 && Set(epochs).count == 1)
        let epoch = Tick(epochs.first.flatMap { $0 } ?? 0)
        #expect(epoch >= before && epoch <= Plant.wall())
    }

    private let sofa = "06438012345675"

    @Test func twoSystemsMakeOneGoldenRecordWithItsHeaders() throws {
        let plant = try Plant()
        try plant.running { _ in
            let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            try plant.send(
                [
                    .product(sofa, "\"name\":\"Sofa\",\"price\":19.90", from: "till").with("ce_self", "4711"),
                    .product(sofa, "\"description\":\"Green, three seats\"", from: "shop").with("traceparent", trace),
                ], to: "product")
            let golden = try plant.records(plant.names.golden(entity: "product"), count: 2)
            try #require(golden.count == 2)
            #expect(golden.map(\.key) == [sofa, sofa])
            #expect(golden.map(\.revision) == [1, 2])
            #expect(
                golden[1].json == [
                    "gtin": .string(sofa), "name": "Sofa", "price": .number(Number("19.9")!),
                    "description": "Green, three seats",
                ])
            let text = String(decoding: golden[1].bytes ?? [], as: UTF8.self)
            #expect(text.contains("19.90"), "numbers keep their digits (I10): \(text)")
            for record in golden {
                #expect(record["ce_specversion"] == "1.0")
                #expect(record["ce_type"] == "omni.product.golden")
                #expect(record["ce_source"] == "/hub")
                #expect(record["ce_subject"] == sofa)
                #expect(record["ce_dataschema"] == "urn:omni:product:1")
                #expect(record["content-type"] == "application/json")
                #expect(record["ce_rules"] == plant.model.entity("product")?.rules.version)
                #expect(record["ce_time"].flatMap { Tick(rfc3339: $0) } != nil)
                #expect(record.place.partition.partition == partition(of: sofa, 2), "Java's partitioner")
            }
            #expect(Set(golden.map { $0["ce_id"] }).count == 2)
            #expect(golden[0]["traceparent"] == nil)
            #expect(golden[1]["traceparent"] == trace, "passed on through the hub")
            let numbers = try plant.records(plant.names.identity(entity: "product"))
            #expect(numbers.map(\.key) == ["till:4711"])
            #expect(numbers.first?.json == ["key": .string(sofa)])
        }
        // The state lies in the partition that was read, and makes the same golden record again.
        let states = try plant.table(plant.names.state(domain: "product"))
        let state = try #require(states[sofa]?.bytes)
        #expect(states[sofa]?.place.partition.partition == partition(of: sofa, 2))
        let view = try Engine(model: plant.model, subscribers: [:]).golden(of: "product", state: state)
        #expect(view?.revision == 2)
    }

    @Test func theSameEventTwiceIsDecidedOnce() throws {
        let plant = try Plant()
        try plant.running { _ in
            let event = Foreign.product(sofa, "\"name\":\"Sofa\"")
            try plant.send([event, event, .product(sofa, "\"name\":\"Couch\"")], to: "product")
            let golden = try plant.records(plant.names.golden(entity: "product"), count: 2)
            #expect(golden.map(\.revision) == [1, 2])
            #expect(golden.map { $0.json?["name"] } == ["Sofa", "Couch"])
        }
    }

    @Test func aDeletionByTheOwnerIsPublishedAndEndsAsATombstone() throws {
        let plant = try Plant()
        try plant.running { _ in
            try plant.send([.product(sofa, "\"name\":\"Sofa\"", from: "importer")], to: "product")
            try plant.send(
                [Foreign("omni.product.deleted", key: sofa, "{}", from: "/importer/test")], to: "product")
            let records = try plant.records(plant.names.golden(entity: "product"), count: 2)
            #expect(records[0].type == "omni.product.golden")
            #expect(records[1].type == "omni.product.erased")
            #expect(records[1].json == [:])
            #expect(records.dropFirst(2).allSatisfy { $0.bytes == nil }, "after it, the tombstone alone")
        }
    }

    @Test func customersOfTwoSystemsBecomeOneAndAreFoundByEitherNumber() throws {
        let plant = try Plant()
        try plant.running { running in
            func customer(_ system: String, _ id: String, _ fields: String) -> Foreign {
                Foreign("omni.customer.stated", key: "\(system):\(id)", "{\(fields)}", from: "/\(system)/test")
                    .with("ce_self", id)
            }
            try plant.send(
                [
                    customer("crm", "C-1", "\"email\":\"aino@example.org\""),
                    customer("till", "77", "\"phone\":\"+358401234567\""),
                    // Now they share something.
                    customer("till", "77", "\"phone\":\"+358401234567\",\"email\":\"Aino@example.org\""),
                ], to: "customer")
            try running.settle(plant)
            let numbers = try plant.table(plant.names.identity(entity: "customer"))
            let key = try #require(numbers["crm:C-1"]?.json?["key"]?.string)
            #expect(numbers["till:77"]?.json?["key"] == .string(key))
            #expect(
                try plant.records(plant.names.golden(entity: "customer")).contains { $0.type == "omni.customer.merged" }
            )
            // The store's index follows, whichever key lost its members.
            for name in ["crm:C-1", "till:77"] {
                let found = try running.hub.store.find(StateName("id.customer", name))
                #expect(found.map { String(decoding: $0.key, as: UTF8.self) } == Engine.stateKey(ofCustomer: key))
            }
        }
    }

    /// Transaction markers take offsets: the hub's own position must come to stand behind them.
    @Test func aHubThatIsLevelHasCommittedItsPositions() throws {
        let plant = try Plant()
        try plant.running { _ in
            let producer = try plant.producer(["transactional.id": plant.prefix])
            try producer.initTransactions(timeout: .seconds(30))
            for number in 0..<3 {
                try producer.begin()
                try plant.queue(.product(sofa, "\"name\":\"Sofa \(number)\""), to: "product", by: producer)
                try producer.commit(timeout: .seconds(30))
            }
            try plant.settle()
            #expect(try plant.records(plant.names.golden(entity: "product")).count == 3)
        }
    }

    /// (f) What was never committed was never said.
    @Test func recordsOfAnAbortedTransactionAreNeverDecided() throws {
        let plant = try Plant()
        try plant.running { _ in
            // Two producers, as the embedded broker names a producer's aborted transactions to readers who are past
            // them: they would take its later ones for aborted, too.
            let (honest, fickle) = (try transactional("honest", plant), try transactional("fickle", plant))
            for number in 0..<6 {
                let isAborted = number % 2 == 1
                let producer = isAborted ? fickle : honest
                try producer.begin()
                try plant.queue(
                    .product(sofa, "\"name\":\"\(isAborted ? "never" : "said") \(number)\""), to: "product",
                    by: producer)
                // Garbage too: it must leave no dead letter.
                if isAborted { try plant.queue(.product("nonsense", ""), to: "product", by: producer) }
                try producer.flush(timeout: .seconds(30))
                if isAborted {
                    try producer.abort(timeout: .seconds(30))
                } else {
                    try producer.commit(timeout: .seconds(30))
                }
            }
            try plant.settle()
            let golden = try plant.records(plant.names.golden(entity: "product"))
            #expect(golden.map { $0.json?["name"] } == ["said 0", "said 2", "said 4"])
            #expect(try plant.records(plant.names.dead(of: "hub")).isEmpty)
        }
    }

    private func transactional(_ name: String, _ plant: Plant) throws -> Producer {
        let producer = try plant.producer(["transactional.id": "\(plant.prefix)-\(name)"])
        try producer.initTransactions(timeout: .seconds(30))
        return producer
    }
}

func partition(of key: String, _ count: Int32) -> Int32 {
    Partitioner.partition(key: key.utf8.span.bytes, count: count)
}
