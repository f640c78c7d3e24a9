import Canonical
import Kafka
import Operations
import TestHub
import Testing

@Suite struct TopicSetupTests {
    @Test func topicsAreCreatedOnceAndDifferencesAreReported() throws {
        let plant = try Plant(partitions: 2, createsTopics: false)
        let setup = try TopicSetup(plant.installation, log: plant.log)
        let all = Set(setup.table.topics.map(\.name))
        #expect(Set(try setup.missing()) == all)
        #expect(try setup.differences() == [], "what isn't there doesn't differ")
        #expect(try setup.createMissing() == all)
        #expect(try setup.missing() == [])
        #expect(try setup.createMissing() == [], "a second run creates nothing")
        #expect(try setup.differences() == [])

        let admin = try plant.admin()
        let described = try admin.topics(Array(all), timeout: .seconds(30))
        let counts = Dictionary(uniqueKeysWithValues: described.map { ($0.name, $0.partitions.count) })
        #expect(counts[plant.names.input(domain: "stock")] == 2)
        #expect(counts[plant.names.state(domain: "stock")] == 2)
        #expect(counts[plant.names.golden(entity: "reservation")] == 2)
        #expect(counts[plant.names.input(domain: "customer")] == 1, "linking compares any customer with any other")
        #expect(counts[plant.names.dead(of: "hub")] == 1)

        // Somebody changes a setting, and deletes a topic's only promise.
        let golden = plant.names.golden(entity: "product")
        try admin.alter(golden, settings: ["cleanup.policy": "delete"], timeout: .seconds(30))
        var found: [String] = []
        try eventually("the brokers tell of the change") {
            found = try setup.differences()
            return !found.isEmpty
        }
        #expect(found.count == 1)
        #expect(found.first?.contains(golden) == true && found.first?.contains("cleanup.policy=delete") == true)
        #expect(try setup.createMissing() == [], "it mends nothing by itself")
    }

    @Test func anotherNumberOfPartitionsIsReportedNotMended() throws {
        let plant = try Plant(partitions: 2, createsTopics: false)
        let setup = try TopicSetup(plant.installation, log: plant.log)
        let name = plant.names.input(domain: "order")
        let topic = try #require(setup.table[name])
        try plant.admin().create(
            [TopicSpecification(name, partitions: 5, replicas: 1, settings: topic.settings)], timeout: .seconds(30))
        #expect(try setup.createMissing(evenLost: true).count == setup.table.topics.count - 1)
        #expect(try setup.differences() == ["\(name) has 5 partitions, not 2"])
    }

    /// A changelog, a golden topic or the numbers made anew would be empty, and nobody would know.
    @Test func aTopicThatSomebodyDeletedIsNotMadeAnewWithoutAWord() throws {
        let plant = try Plant(partitions: 2, createsTopics: false)
        let setup = try TopicSetup(plant.installation, log: plant.log)
        let lost = [plant.names.state(domain: "product"), plant.names.identity(entity: "customer")]
        try plant.admin().create(
            setup.table.topics.filter { !lost.contains($0.name) && !$0.name.contains("order") }.map {
                TopicSpecification($0.name, partitions: Int32($0.partitions), replicas: 1, settings: $0.settings)
            }, timeout: .seconds(30))
        let error = #expect(throws: LostTopics.self) { try setup.createMissing() }
        #expect(Set(error?.names ?? []) == Set(lost))
        #expect(error?.description.contains("omni topics --create") == true)
        #expect(Set(try setup.createMissing(evenLost: true)).isSuperset(of: lost))
        #expect(try setup.missing() == [])
    }

    @Test func connectorsBringTheirTopics() throws {
        let connector = """
            system: till
            connections: { db: { sqlite: "/nowhere" } }
            sources:
              articles: { from: { db: { outbox: article, key: [id] } }, map: articles.jsonata, of: product }
            """
        let plant = try Plant(connectors: ["retailer": connector], createsTopics: false)
        let created = try TopicSetup(plant.installation, log: plant.log).createMissing()
        for name in [
            plant.names.position(connector: "retailer"), plant.names.parked(connector: "retailer"),
            plant.names.dead(of: "retailer"),
        ] {
            #expect(created.contains(name))
        }
    }
}
