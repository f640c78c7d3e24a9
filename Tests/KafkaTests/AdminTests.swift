import Kafka
import Testing

@Suite struct Administration {
    @Test func topicsAreCreatedOnceAndDescribed() throws {
        let admin = try Cluster.admin()
        let name = try Cluster.unique("create")
        let topic = TopicSpecification(name, partitions: 3, replicas: 1)
        #expect(try admin.create([topic], timeout: patience) == [name])
        #expect(try admin.create([topic], timeout: patience) == [], "it is there")
        let described = try admin.topics([name, "nobody-made-this"], timeout: patience)
        #expect(described.map(\.name) == [name])
        #expect(described[0].topicPartitions == (0..<3).map { TopicPartition(name, $0) })
        #expect(described[0].partitions.allSatisfy { $0.leader == 1 && $0.replicas == [1] && $0.inSyncReplicas == [1] })
        #expect(try admin.topics(timeout: patience).map(\.name).contains(name))
        try admin.deleteTopics([name, "nobody-made-this"], timeout: patience)
        try eventually("the topic is gone") { try admin.topics([name], timeout: patience).isEmpty }
    }

    @Test func differencesAreNamedAndMended() throws {
        let admin = try Cluster.admin()
        let name = try Cluster.topic(
            "verify", partitions: 2, settings: ["cleanup.policy": "compact", "max.compaction.lag.ms": "60000"])
        var wanted = TopicSpecification(
            name, partitions: 2, replicas: 1, settings: ["cleanup.policy": "compact", "max.compaction.lag.ms": "60000"])
        #expect(try admin.differences(from: [wanted], timeout: patience) == [])

        wanted.partitions = 4
        wanted.settings["max.compaction.lag.ms"] = "5000"
        wanted.settings["delete.retention.ms"] = "2592000000"
        let missing = TopicSpecification(try Cluster.unique("missing"), partitions: 1)
        let differences = try admin.differences(from: [wanted, missing], timeout: patience)
        #expect(differences.contains(TopicDifference(topic: missing.name, kind: .missing)))
        #expect(
            differences.contains(TopicDifference(topic: name, kind: .partitions(expected: 4, actual: 2))))
        #expect(
            differences.contains(
                TopicDifference(
                    topic: name,
                    kind: .setting(name: "max.compaction.lag.ms", expected: "5000", actual: "60000"))))
        #expect(differences.map(\.description).contains("\(name) has 2 partitions, not 4"))

        wanted.partitions = 2
        try admin.alter(name, settings: ["max.compaction.lag.ms": "5000"], timeout: patience)
        try admin.alter(name, settings: ["delete.retention.ms": "2592000000"], timeout: patience)
        #expect(try admin.differences(from: [wanted], timeout: patience) == [], "what was set before stays")
        let own = try #require(try admin.settings(of: [name], timeout: patience)[name]).filter(\.isOwn).map(\.name)
        #expect(Set(own).isSuperset(of: ["cleanup.policy", "max.compaction.lag.ms", "delete.retention.ms"]))
    }

    @Test func listsOfPoliciesAreSets() throws {
        let name = try Cluster.topic("policies", settings: ["cleanup.policy": "compact,delete"])
        let wanted = TopicSpecification(name, partitions: 1, settings: ["cleanup.policy": "delete, compact"])
        #expect(try Cluster.admin().differences(from: [wanted], timeout: patience) == [])
    }

    @Test func settingsOfAnUnknownTopicAreAnError() throws {
        let name = try Cluster.unique("unknown")
        let error = #expect(throws: KafkaError.self) {
            try Cluster.admin().settings(of: [name], timeout: patience)
        }
        #expect(error?.code == .unknownTopicOrPartition)
        #expect(error?.topic == name)
    }

    @Test func aSettingThatIsNotValidIsRefusedWithTheTopicsName() throws {
        let name = try Cluster.unique("invalid")
        let error = #expect(throws: KafkaError.self) {
            try Cluster.admin().create([TopicSpecification(name, partitions: 0, replicas: 1)], timeout: patience)
        }
        #expect(error?.topic == name)
        #expect(error?.isRetriable == false)
    }

    @Test func watermarksAndDeletedRecords() throws {
        let name = try Cluster.topic("marks", partitions: 2)
        let producer = try Cluster.producer()
        for _ in 0..<5 { try "v".produce(by: producer, to: name, partition: 1) }
        try producer.flush(timeout: patience)
        let admin = try Cluster.admin()
        let partitions = [TopicPartition(name, 0), TopicPartition(name, 1)]
        try admin.deleteRecords(before: [partitions[1].at(2)], timeout: patience)
        #expect(
            try admin.watermarks(of: partitions, timeout: patience) == [
                partitions[0]: Watermarks(low: 0, high: 0), partitions[1]: Watermarks(low: 2, high: 5),
            ])
        #expect(try admin.watermarks(of: [], timeout: patience).isEmpty)
        let error = #expect(throws: KafkaError.self) {
            try admin.watermarks(of: [TopicPartition(name, 9)], timeout: .milliseconds(300))
        }
        #expect(error?.isRetriable == true, "partitions may be on their way")
    }

    @Test func offsetsAreFoundByTime() throws {
        // Kept for ever: the records' times are long past, and a sweep may come at any moment.
        let name = try Cluster.topic("times", partitions: 2, settings: ["retention.ms": "-1"])
        let producer = try Cluster.producer()
        for number in 0..<10 {
            try "v".produce(by: producer, to: name, partition: 0, timestamp: 1_700_000_000_000 + Int64(number) * 1_000)
        }
        try producer.flush(timeout: patience)
        let partitions = [TopicPartition(name, 0), TopicPartition(name, 1)]
        let admin = try Cluster.admin()
        #expect(try admin.offsets(of: partitions, from: 1_700_000_003_500, timeout: patience) == [partitions[0]: 4])
        #expect(try admin.offsets(of: partitions, from: 0, timeout: patience) == [partitions[0]: 0])
        #expect(try admin.offsets(of: partitions, from: 1_800_000_000_000, timeout: patience) == [:])
        let times = [partitions[0]: 1_700_000_009_000, partitions[1]: 1_700_000_000_000] as [TopicPartition: Int64]
        #expect(try producer.offsets(from: times, timeout: patience) == [partitions[0]: 9])
    }
}
