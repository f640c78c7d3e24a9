import Kafka
import Testing

/// Groups whose members come and go, with both ways of handing partitions out.
@Suite struct Rebalancing {
    /// Where a group meets. The embedded broker forgets to answer a member that is joining when another joins or leaves
    /// within milliseconds. So tests wait until all members have their partitions before one goes, and for cooperative
    /// members, which join twice at once, librdkafka's mock cluster stands in.
    struct Place {
        let settings: Settings
        let topic: String
        let mock: MockCluster?

        init(_ name: String, assignor: String) throws {
            topic = try Cluster.unique(name)
            let connection: Settings
            if assignor == "cooperative-sticky" {
                let mock = MockCluster()
                mock.create(topic, partitions: 4)
                connection = mock.settings
                self.mock = mock
            } else {
                try Cluster.admin().create(
                    [TopicSpecification(topic, partitions: 4, replicas: 1)], timeout: patience)
                connection = try Cluster.settings
                mock = nil
            }
            settings = connection.merging([
                "group.id": try Cluster.unique(name), "auto.offset.reset": "earliest",
                "partition.assignment.strategy": assignor, "heartbeat.interval.ms": "50",
                // The mock cluster lets each member that joins wait for this time less one second.
                "session.timeout.ms": "6000",
            ])
        }

        func consumer() throws -> Consumer { try Consumer(settings, log: Cluster.log) }

        /// Numbers from 0, one partition after the other.
        func fill(_ count: Int) throws {
            let connection = settings["bootstrap.servers"] ?? ""
            let producer = try Producer(["bootstrap.servers": connection], log: Cluster.log)
            for number in 0..<count { try "\(number)".produce(by: producer, to: topic, partition: Int32(number % 4)) }
            try producer.flush(timeout: patience)
        }
    }

    @Test(arguments: ["range", "cooperative-sticky"])
    func partitionsAreHandedOutTakenBackAndReadOnce(assignor: String) throws {
        let place = try Place("balance", assignor: assignor)
        let (one, two) = (Journal(), Journal())
        let first = try place.consumer()
        try first.subscribe(to: [place.topic], hooks: one.hooks())
        try eventually("all partitions with the first") {
            try first.poll(timeout: .milliseconds(20)) { _ in }
            return one.held == [0, 1, 2, 3]
        }
        let second = try place.consumer()
        try second.subscribe(to: [place.topic], hooks: two.hooks())
        try eventually("half of the partitions each") {
            try first.poll(timeout: .milliseconds(20)) { _ in }
            try second.poll(timeout: .milliseconds(20)) { _ in }
            return one.held.count == 2 && two.held.count == 2
        }
        #expect(one.held.isDisjoint(with: two.held))
        #expect(Set(first.partitions.map(\.partition)) == one.held)
        #expect(Set(second.partitions.map(\.partition)) == two.held)
        if place.mock == nil { try expectDescription(of: place, assignor: assignor) }

        try place.fill(40)
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

        try second.close()
        #expect(two.held.isEmpty)
        #expect(two.events.last == "revoked")
        try eventually("all partitions with the first again") {
            try first.poll(timeout: .milliseconds(20)) { _ in }
            return one.held == [0, 1, 2, 3]
        }
        let partitions = (0..<4).map { TopicPartition(place.topic, $0) }
        #expect(
            try first.committed(partitions, timeout: patience)
                == Dictionary(uniqueKeysWithValues: partitions.map { ($0, 10) }))
        try first.close()
        #expect(one.held.isEmpty && first.partitions.isEmpty)
        #expect(throws: KafkaError.self) { try first.poll(timeout: .zero) { _ in } }
    }

    private func expectDescription(of place: Place, assignor: String) throws {
        let group = place.settings["group.id"]
        let described = try #require(try Cluster.admin().groups(group, timeout: patience).first)
        #expect(described.state == "Stable")
        #expect(described.assignor == assignor)
        #expect(described.members.count == 2)
        #expect(described.members.flatMap(\.partitions).sorted() == (0..<4).map { TopicPartition(place.topic, $0) })
    }

    /// Members come and go while a backlog is read in small batches. What counts is what was committed, at the batch's
    /// position; a batch whose commit the group refuses is dropped and its partitions rewound, as far as they are still
    /// there. So no record is skipped, and none counts twice.
    @Test func noRecordIsSkippedOrReadTwice() throws {
        let place = try Place("churn", assignor: "range")
        let total = 8_000
        try place.fill(total)
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
        let first = try place.consumer()
        try first.subscribe(to: [place.topic])
        try eventually("the first reads") {
            try step(first)
            return count >= 500
        }
        for round in 1...2 {
            let second = try place.consumer()
            try second.subscribe(to: [place.topic])
            var reads = false
            try eventually("the second joins and reads") {
                try step(first)
                let before = count
                try step(second)
                reads = reads || count > before
                return reads && count >= round * 2_000 && first.partitions.count == 2
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

    /// One member reads without a break while another comes and goes. librdkafka pauses and resumes the partitions that
    /// a member keeps, in parallel to its batch reads; that must not cost a record. A partition's offsets go up by one
    /// from wherever it was assigned or sought, and what a hook sees as the position was handed out.
    @Test(arguments: ["range", "cooperative-sticky"])
    func partitionsThatStayLoseNothing(assignor: String) throws {
        let place = try Place("load", assignor: assignor)
        try place.fill(20_000)
        let first = try place.consumer()
        var next: [TopicPartition: Int64] = [:]
        var rebalances = 0
        func check(_ positions: [TopicPartitionOffset]) {
            for position in positions { #expect(next[position.partition] == position.offset, "\(position)") }
        }
        let hooks = RebalanceHooks(
            assigned: { partitions in
                rebalances += 1
                check(first.positions())
                for partition in partitions { next[partition] = 0 }
                return partitions.map { $0.at(0) }
            },
            revoked: { partitions in
                rebalances += 1
                check(first.positions())
                for partition in partitions { next[partition] = nil }
            })
        try first.subscribe(to: [place.topic], hooks: hooks)
        func read() throws {
            try first.poll(max: 2_000, timeout: .milliseconds(5)) { batch in
                batch.forEach { record in
                    #expect(next[record.topicPartition] == record.offset)
                    next[record.topicPartition] = record.offset + 1
                }
            }
            let finished = next.filter { $0.value >= 5_000 }.map { $0.key.at(0) }
            try first.seek(to: finished, timeout: patience)
            for start in finished { next[start.partition] = 0 }
        }
        for _ in 0..<(place.mock == nil ? 5 : 1) {
            let second = try place.consumer()
            try second.subscribe(to: [place.topic])
            try eventually("the second holds partitions") {
                try read()
                try second.poll(max: 1, timeout: .zero) { _ in }
                return first.partitions.count == 2 && second.partitions.count == 2
            }
            let before = rebalances
            try second.close()
            try eventually("the first holds all") {
                try read()
                return rebalances > before && first.partitions.count == 4
            }
        }
        try first.close()
    }
}
