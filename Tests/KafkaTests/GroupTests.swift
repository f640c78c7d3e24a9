@testable import Kafka
import Testing

@Suite struct Groups {
    /// What the hooks of one member heard.
    final class Journal {
        var events: [String] = []
        var held: Set<Int32> = []

        func hooks(startingAt offset: Int64? = nil) -> RebalanceHooks {
            RebalanceHooks(
                assigned: { partitions in
                    self.held.formUnion(partitions.map(\.partition))
                    self.events.append("assigned")
                    return offset.map { offset in partitions.map { $0.at(offset) } } ?? []
                },
                revoked: { partitions in
                    self.held.subtract(partitions.map(\.partition))
                    self.events.append("revoked")
                },
                lost: { partitions in
                    self.held.subtract(partitions.map(\.partition))
                    self.events.append("lost")
                })
        }
    }

    @Test(arguments: ["range", "cooperative-sticky"])
    func partitionsAreHandedOutTakenBackAndReadOnce(assignor: String) throws {
        let topic = try Cluster.topic("balance", partitions: 4)
        let group = try Cluster.unique("balance")
        let settings: Settings = [
            "group.id": group, "auto.offset.reset": "earliest", "partition.assignment.strategy": assignor,
            "session.timeout.ms": "6000", "heartbeat.interval.ms": "200",
        ]
        let (one, two) = (Journal(), Journal())
        let first = try Cluster.consumer(settings)
        try first.subscribe(to: [topic], hooks: one.hooks())
        try eventually("all partitions with the first") {
            try first.poll(timeout: .milliseconds(20)) { _ in }
            return one.held == [0, 1, 2, 3]
        }
        let second = try Cluster.consumer(settings)
        try second.subscribe(to: [topic], hooks: two.hooks())
        try eventually("half of the partitions each") {
            try first.poll(timeout: .milliseconds(20)) { _ in }
            try second.poll(timeout: .milliseconds(20)) { _ in }
            return one.held.count == 2 && two.held.count == 2
        }
        #expect(one.held.isDisjoint(with: two.held))
        #expect(Set(first.partitions.map(\.partition)) == one.held)
        #expect(Set(second.partitions.map(\.partition)) == two.held)

        let producer = try Cluster.producer()
        for number in 0..<40 { try "\(number)".produce(by: producer, to: topic, partition: Int32(number % 4)) }
        try producer.flush(timeout: patience)
        var values: [String] = []
        try eventually("all records, once") {
            for consumer in [first, second] {
                try consumer.poll(timeout: .milliseconds(20)) { batch in
                    batch.forEach { values.append($0.value?.text ?? "") }
                    try consumer.commit(batch.positions())
                }
            }
            return values.count >= 40
        }
        #expect(Set(values).count == 40 && values.count == 40)

        let described = try #require(try Cluster.admin().groups(group, timeout: patience).first)
        #expect(described.state == "Stable")
        #expect(described.assignor == assignor)
        #expect(described.members.count == 2)
        #expect(described.members.flatMap(\.partitions).sorted() == (0..<4).map { TopicPartition(topic, $0) })

        try second.close()
        #expect(two.held.isEmpty)
        #expect(two.events.last == "revoked")
        try eventually("all partitions with the first again") {
            try first.poll(timeout: .milliseconds(20)) { _ in }
            return one.held == [0, 1, 2, 3]
        }
        try first.close()
        #expect(one.held.isEmpty && first.partitions.isEmpty)
        #expect(throws: KafkaError.self) { try first.poll(timeout: .zero) { _ in } }
        let committed = try Cluster.admin().committed(group: group, timeout: patience)
        #expect(committed == Dictionary(uniqueKeysWithValues: (0..<4).map { (TopicPartition(topic, $0), 10) }))
    }

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

@Suite struct Rebalancing {
    /// Members come and go while a backlog is read in small batches. What counts is what was committed, at the batch's
    /// position; a batch whose commit the group refuses is dropped and its partitions rewound, as far as they are still
    /// there. So no record is skipped, and none counts twice.
    @Test(arguments: ["range", "cooperative-sticky"])
    func noRecordIsSkippedOrReadTwice(assignor: String) throws {
        let topic = try Cluster.topic("churn", partitions: 4)
        let producer = try Cluster.producer()
        let total = 8_000
        for number in 0..<total { try "\(number)".produce(by: producer, to: topic, partition: Int32(number % 4)) }
        try producer.flush(timeout: patience)
        let settings: Settings = [
            "group.id": try Cluster.unique("churn"), "auto.offset.reset": "earliest",
            "partition.assignment.strategy": assignor, "session.timeout.ms": "6000", "heartbeat.interval.ms": "100",
        ]
        var seen = [Int](repeating: 0, count: total)
        var count = 0
        func step(_ consumer: Consumer) throws {
            var (values, first): ([Int], [TopicPartition: Int64]) = ([], [:])
            try consumer.poll(max: 20, timeout: .milliseconds(5)) { batch in
                batch.forEach { record in
                    values.append(Int(record.value?.text ?? "") ?? 0)
                    if first[record.topicPartition] == nil { first[record.topicPartition] = record.offset }
                }
                guard !batch.isEmpty else { return }
                do throws(KafkaError) {
                    try consumer.commit(batch.positions())
                } catch {
                    guard error.verdict == .abortable || error.isRetriable else { throw error }
                    values = []
                    let rewound = first.filter { consumer.partitions.contains($0.key) }.map { $0.key.at($0.value) }
                    try consumer.seek(to: rewound, timeout: patience)
                }
            }
            for value in values { seen[value] += 1 }
            count += values.count
        }
        let first = try Cluster.consumer(settings)
        try first.subscribe(to: [topic])
        try eventually("the first reads") {
            try step(first)
            return count >= 500
        }
        for round in 1...2 {
            let second = try Cluster.consumer(settings)
            try second.subscribe(to: [topic])
            var reads = false
            try eventually("the second joins and reads") {
                try step(first)
                let before = count
                try step(second)
                reads = reads || count > before
                return reads && count >= round * 2_000
            }
            try second.close()
        }
        try eventually("all records") {
            try step(first)
            return count >= total
        }
        try first.close()
        #expect(seen.allSatisfy { $0 == 1 })
    }
}
