import Canonical
import Hub
import Kafka
import TestHub
import Testing

/// A record for a topic or a partition that isn't there would be tried for ever: the hub refuses to start instead.
@Suite struct TopicCheckTests {
    private func create(_ plant: Plant, without missing: String? = nil, partitions: [String: Int32] = [:]) throws {
        let table = TopicTable(names: plant.names, model: plant.model, connectors: [], partitions: { _ in 2 })
        try plant.admin().create(
            table.topics.filter { $0.name != missing }.map {
                TopicSpecification($0.name, partitions: partitions[$0.name] ?? Int32($0.partitions), replicas: 1)
            }, timeout: .seconds(30))
    }

    @Test(arguments: ["in.stock", "hub.product", "order", "id.product", "dead.hub"])
    func aTopicThatIsMissingIsNamed(name: String) throws {
        let plant = try Plant(createsTopics: false)
        try create(plant, without: "\(plant.prefix).\(name)")
        let error = #expect(throws: HubError.self) {
            try HubProcess(plant.installation, instance: "1", log: plant.log)
        }
        #expect(error?.description.contains("\(plant.prefix).\(name):") == true)
        #expect(error?.description.contains("omni topics") == true)
    }

    @Test func stateThatCanNotFollowItsInputIsRefused() throws {
        let plant = try Plant(createsTopics: false)
        let state = plant.names.state(domain: "stock")
        try create(plant, partitions: [state: 1])
        let error = #expect(throws: HubError.self) {
            try HubProcess(plant.installation, instance: "1", log: plant.log)
        }
        #expect(error?.description.contains("\(state) has 1") == true)
    }
}
