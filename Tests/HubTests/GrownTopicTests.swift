import Canonical
import Document
import Hub
import Installation
import Kafka
import TestBroker
import TestHub
import Testing

/// Partition counts never change in place. Who changes them all the same ends the hubs, before keys are decided apart from their states.
@Suite struct GrownTopicTests {
    private let sofas = [
        "06438012345668", "06438012345675", "06438012345682", "06438012345699",
        "06438012345705", "06438012345712", "06438012345729", "06438012345736",
    ]

    private func tell(_ plant: Plant, price: Int) throws {
        try plant.send(
            sofas.map { .product($0, "\"name\":\"Sofa \($0)\",\"price\":\(price)").with("ce_self", "number \($0)") },
            to: "product")
    }

    private func prices(_ plant: Plant) throws -> [JSON?] {
        let golden = try plant.table(plant.names.golden(entity: "product"))
        return sofas.map { golden[$0]?.json?["price"] }
    }

    /// Why a hub can't go on, or can't begin.
    private func ending(_ plant: Plant, _ installation: Installation? = nil) throws -> String {
        let hub: RunningHub
        do { hub = try RunningHub(plant, installation, waits: false) } catch { return "\(error)" }
        defer { hub.end() }
        try eventually("it ends") { hub.failure != nil }
        return hub.failure.map { "\($0)" } ?? ""
    }

    @Test(arguments: ["in.product", "product", "id.product"])
    func aTopicThatGrowsEndsTheHubAndItBeginsNoMore(name: String) throws {
        let plant = try Plant(partitions: 2)
        let hub = try RunningHub(plant)
        defer { hub.end() }
        try tell(plant, price: 1)
        try hub.settle(plant)
        let topic = "\(plant.prefix).\(name)"
        try plant.grow(topic, to: 4)
        try eventually("the hub ends") { hub.failure != nil }
        let reason = hub.failure.map { "\($0)" } ?? ""
        #expect(hub.failure is HubError)
        #expect(reason.contains("\(topic) has 4 partitions, and had 2"), "\(reason)")
        let again = try ending(plant)
        #expect(again.contains(topic) && again.contains("4"), "\(again)")
        // What is told meanwhile waits.
        try tell(plant, price: 2)
        #expect(try prices(plant) == sofas.map { _ in 1 })
    }

    /// What the hub says is to be done about it.
    @Test(arguments: ["product", "id.product"])
    func outputsThatHaveGrownAreMadeAnew(name: String) throws {
        let plant = try Plant(partitions: 2)
        let topic = "\(plant.prefix).\(name)"
        let hub = try RunningHub(plant)
        defer { hub.end() }
        try tell(plant, price: 1)
        try hub.settle(plant)
        try hub.note([topic], plant)
        try plant.grow(topic, to: 4)
        try eventually("the hub ends") { hub.failure != nil }
        let reason = hub.failure.map { "\($0)" } ?? ""
        #expect(reason.contains("omni topics --create"), "\(reason)")
        try tell(plant, price: 2)
        try plant.makeAnew([topic], partitions: 2)
        try plant.running { _ in
            try eventually("all is told again, and what came since") {
                let numbers = try plant.table(plant.names.identity(entity: "product"))
                return try prices(plant) == sofas.map { _ in 2 } && numbers.count == sofas.count
            }
        }
    }

    /// Then all counts agree. But states lie where their keys belong no more.
    @Test(arguments: [true, false])
    func aDomainWhoseTopicsAllGrewWhileNoHubRanIsNotDecided(hasStore: Bool) throws {
        let plant = try Plant(partitions: 2)
        try plant.running { hub in
            try tell(plant, price: 1)
            try hub.settle(plant)
        }
        for name in ["in.product", "hub.product", "product", "id.product"] {
            try plant.grow("\(plant.prefix).\(name)", to: 4)
        }
        // Without a store all is restored from the changelog.
        let reason = try ending(plant, hasStore ? nil : plant.elsewhere("anew"))
        #expect(reason.contains("\(plant.prefix).in.product has 4 partitions, and had 2"), "\(reason)")
        try tell(plant, price: 2)
        #expect(try prices(plant) == sofas.map { _ in 1 })
    }

    /// It is written by number, where the input was read: nothing of it moves.
    @Test func aChangelogThatGrowsIsNoticedByTheNextStart() throws {
        let plant = try Plant(partitions: 2)
        let state = plant.names.state(domain: "product")
        try plant.running { hub in
            try tell(plant, price: 1)
            try hub.settle(plant)
            try plant.grow(state, to: 4)
            try tell(plant, price: 2)
            try hub.settle(plant)
        }
        #expect(try prices(plant) == sofas.map { _ in 2 })
        let places = Set(try plant.records(state).map(\.place.partition.partition))
        #expect(places == [0, 1])
        let reason = try ending(plant)
        #expect(reason.contains("\(state) has 4"), "\(reason)")
    }
}
