import Canonical
import Kafka
import TestHub
import Testing

@testable import Hub

extension Plant {
    /// Deletes topics, and makes them anew, empty.
    func makeAnew(_ topics: [String], partitions: Int) throws {
        let table = TopicTable(names: names, model: model, connectors: [], partitions: { _ in partitions })
        let admin = try admin()
        try admin.deleteTopics(topics, timeout: .seconds(30))
        try eventually("the broker has forgotten the ones before") {
            try admin.topics(topics, timeout: .seconds(30)).isEmpty
        }
        try admin.create(
            topics.map { topic in
                let wanted = try #require(table[topic])
                return TopicSpecification(
                    topic, partitions: Int32(wanted.partitions), replicas: 1, settings: wanted.settings)
            }, timeout: .seconds(30))
    }
}

/// I2: an input topic that was deleted and made anew is read from its beginning, however far it has come since.
@Suite struct NewInputTests {
    @Test func aNewInputThatIsLongerThanTheOldOneIsReadFromItsBeginning() throws {
        let plant = try Plant(partitions: 1)
        let topic = plant.names.input(domain: "order")
        try plant.running { running in
            try plant.send((0..<10).map { .order("old-\($0)") }, to: "order")
            try running.settle(plant)
        }
        try plant.makeAnew([topic], partitions: 1)
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

    /// Whether its consumer notices the deletion or not: the new topic may have grown past the position by then.
    @Test(arguments: [30, 3]) func aHubThatRunsReadsANewInputFromItsBeginning(count: Int) throws {
        let plant = try Plant(partitions: 1)
        let topic = plant.names.input(domain: "order")
        try plant.running { running in
            try plant.send((0..<10).map { .order("old-\($0)") }, to: "order")
            try running.settle(plant)
            try plant.makeAnew([topic], partitions: 1)
            try plant.send((0..<count).map { .order("new-\($0)") }, to: "order")
            try eventually("all orders are decided", within: .seconds(60)) {
                if let failure = running.failure { throw failure }
                let orders = try plant.table(plant.names.golden(entity: "order")).keys
                return orders.filter { $0.hasPrefix("new-") }.count == count
            }
            try running.settle(plant)
            try plant.send([.order("later")], to: "order")
            try running.settle(plant)
            #expect(try plant.table(plant.names.golden(entity: "order")).count == 10 + count + 1)
        }
        #expect(try plant.records(plant.names.dead(of: "hub")).isEmpty)
    }

    /// A broker that lost power comes back without the last records: the same topic all the same.
    @Test func aTopicThatHasLostItsEndIsToldFromANewOne() {
        // Offsets 0 to 9 at times 100 to 190; the hub has read to 9, and knows the topic by 6.
        let mark = LogMark(offset: 6, appended: 160)
        #expect(mark.stands(before: 8, asYoung: 6, younger: 7), "8 and 9 are gone")
        #expect(mark.stands(before: 7, asYoung: 6, younger: 7), "nothing is behind the mark")
        #expect(!mark.stands(before: 5, asYoung: 5, younger: 5), "the mark is gone too")
        #expect(!mark.stands(before: 8, asYoung: 0, younger: 0), "a new topic")
        #expect(!mark.stands(before: 8, asYoung: 8, younger: 8), "a new topic, of older times")
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
