@testable import Kafka
import Testing

@Suite struct Groups {
    @Test func hooksChooseWhereToStart() throws {
        let topic = try Cluster.topic("start")
        let producer = try Cluster.producer()
        for number in 0..<10 { try "\(number)".produce(by: producer, to: topic) }
        try producer.flush(timeout: patience)
        let consumer = try Cluster.consumer()
        try consumer.subscribe(to: [topic], hooks: Journal().hooks(startingAt: 7))
        #expect(try consumer.read(3).map(\.value) == ["7", "8", "9"])
        try consumer.close()
    }

    @Test func aHookThatThrowsStopsTheConsumer() throws {
        struct Broken: Error {}
        let topic = try Cluster.topic("throws")
        let consumer = try Cluster.consumer(["auto.offset.reset": "earliest"])
        try consumer.subscribe(to: [topic], hooks: RebalanceHooks(assigned: { _ in throw Broken() }))
        #expect(throws: Broken.self) {
            try eventually("the hook runs") { try consumer.poll(timeout: .milliseconds(50)) { _ in false } }
        }
        #expect(throws: Broken.self) { try consumer.poll(timeout: .zero) { _ in } }
        #expect(consumer.partitions.isEmpty)
    }

    @Test func aConsumerThatIsForgottenLeavesItsGroup() throws {
        let topic = try Cluster.topic("forgotten")
        let group = try Cluster.unique("forgotten")
        do {
            let journal = Journal()
            let consumer = try Cluster.consumer(["group.id": group, "auto.offset.reset": "earliest"])
            try consumer.subscribe(to: [topic], hooks: journal.hooks())
            try eventually("it holds the partition") {
                try consumer.poll(timeout: .milliseconds(20)) { _ in }
                return !journal.held.isEmpty
            }
        }
        try eventually("the group is empty") {
            try Cluster.admin().groups(group, timeout: patience).allSatisfy { $0.members.isEmpty }
        }
    }

    @Test func offsetsOfAGroupAreSetReadAndDeleted() throws {
        let topic = try Cluster.topic("offsets", partitions: 2)
        let group = try Cluster.unique("offsets")
        let admin = try Cluster.admin()
        let place = TopicPartition(topic, 1)
        #expect(try admin.committed(group: group, timeout: patience) == [:], "no group")
        try admin.commit([place.at(42)], group: group, timeout: patience)
        #expect(try admin.committed(group: group, timeout: patience) == [place: 42])
        #expect(try admin.committed(group: group, [TopicPartition(topic, 0), place], timeout: patience) == [place: 42])
        #expect(try admin.committed(group: group, [], timeout: patience) == [:])
        #expect(try admin.groups(timeout: patience).map(\.name).contains(group))
        try admin.deleteGroups([group, "nobody-made-this"], timeout: patience)
        #expect(try admin.committed(group: group, timeout: patience) == [:])
        #expect(try admin.groups(group, timeout: patience).isEmpty)
    }

    @Test func assignmentsAreParsedOrLeftEmpty() {
        let bytes: [UInt8] = [
            0, 1, 0, 0, 0, 2, 0, 1, 0x61, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 5, 0, 1, 0x62, 0, 0, 0, 1, 0, 0, 0, 3,
        ]
        let partitions = [TopicPartition("a", 0), TopicPartition("a", 5), TopicPartition("b", 3)]
        bytes.withUnsafeBytes { #expect(MemberAssignment.partitions(of: $0) == partitions) }
        for count in bytes.indices {
            bytes.prefix(count).withUnsafeBytes { #expect(MemberAssignment.partitions(of: $0).isEmpty) }
        }
    }
}
