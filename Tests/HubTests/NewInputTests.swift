import Canonical
import Kafka
import TestHub
import Testing

/// I2: an input topic that was deleted and made anew is read from its beginning, however far it has come since.
@Suite struct NewInputTests {
    private func make(_ topic: String, _ plant: Plant) throws {
        let table = TopicTable(names: plant.names, model: plant.model, connectors: [], partitions: { _ in 1 })
        let wanted = try #require(table[topic])
        let admin = try plant.admin()
        try eventually("the broker has forgotten the one before") {
            try admin.topics([topic], timeout: .seconds(30)).isEmpty
        }
        try admin.create(
            [TopicSpecification(topic, partitions: 1, replicas: 1, settings: wanted.settings)], timeout: .seconds(30))
    }

    @Test func aNewInputThatIsLongerThanTheOldOneIsReadFromItsBeginning() throws {
        let plant = try Plant(partitions: 1)
        let topic = plant.names.input(domain: "order")
        try plant.running { running in
            try plant.send((0..<10).map { .order("old-\($0)") }, to: "order")
            try running.settle(plant)
        }
        try plant.admin().deleteTopics([topic], timeout: .seconds(30))
        try make(topic, plant)
        try plant.send((0..<30).map { .order("new-\($0)") }, to: "order")
        for name in ["var", "elsewhere"] {
            try plant.running(plant.elsewhere(name)) { running in
                try running.settle(plant)
                let orders = try plant.table(plant.names.golden(entity: "order")).keys
                #expect(orders.filter { $0.hasPrefix("new-") }.count == 30)
                #expect(orders.filter { $0.hasPrefix("old-") }.count == 10)
            }
            // It is no news any more: what follows is decided once.
            try plant.send([.order("later-\(name)")], to: "order")
        }
        try plant.running { running in
            try running.settle(plant)
            let dead = try plant.records(plant.names.dead(of: "hub"))
            #expect(dead.isEmpty)
        }
    }

    @Test func whatIsReadInOrderIsNeverTakenForANewTopic() throws {
        let plant = try Plant(partitions: 2)
        let unusable = Foreign("omni.nonsense.stated", key: "o-1", "{}")
        for round in 0..<4 {
            try plant.running { running in
                // Not idempotent: read again it is another dead letter.
                try plant.send([.order("o-\(round)"), unusable], to: "order")
                try running.settle(plant)
            }
        }
        #expect(try plant.records(plant.names.dead(of: "hub")).count == 4)
    }
}
