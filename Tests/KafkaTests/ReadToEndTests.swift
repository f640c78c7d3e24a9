import Testing

@testable import Kafka

@Suite struct ReadingToTheEnd {
    @Test func aTableIsReadThroughMarkersAndAbortedTails() throws {
        let topic = try Cluster.topic("table", partitions: 3, settings: ["cleanup.policy": "compact"])
        let producer = try Cluster.producer(["transactional.id": Cluster.unique("table")])
        try producer.initTransactions(timeout: patience)
        for round in 0..<5 {
            try producer.begin()
            for key in 0..<20 { try "\(round)".produce(by: producer, to: topic, key: "\(key)", partition: nil) }
            try producer.commit(timeout: patience)
        }
        try producer.begin()
        try "aborted".produce(by: producer, to: topic, key: "1", partition: nil)
        try producer.flush(timeout: patience)
        try producer.abort(timeout: patience)

        var table: [String: String] = [:]
        let partitions = (0..<3).map { TopicPartition(topic, $0) }
        let positions = try Table.read(
            partitions, Cluster.settings.merging(["group.id": Cluster.unique("table")]), timeout: patience,
            log: Cluster.log
        ) { batch in
            batch.forEach { table[$0.key?.text ?? "", default: ""] = $0.value?.text ?? "" }
        }
        #expect(table.count == 20)
        #expect(Set(table.values) == ["4"])
        let ends = try Cluster.admin().watermarks(of: partitions, timeout: patience).mapValues(\.high)
        #expect(Dictionary(uniqueKeysWithValues: positions.map { ($0.partition, $0.offset) }) == ends)
    }

    @Test func emptyPartitionsAndDeletedOnesEndAtOnce() throws {
        let topic = try Cluster.topic("empty", partitions: 2)
        let producer = try Cluster.producer()
        for _ in 0..<10 { try "v".produce(by: producer, to: topic, partition: 1) }
        try producer.flush(timeout: patience)
        try Cluster.admin().deleteRecords(before: [TopicPartitionOffset(topic, 1, Offset.end)], timeout: patience)
        let partitions = (0..<2).map { TopicPartition(topic, $0) }
        let positions = try Table.read(
            partitions, Cluster.settings.merging(["group.id": Cluster.unique("empty")]), timeout: patience,
            log: Cluster.log
        ) { _ in Issue.record("there is no record") }
        #expect(positions.map(\.offset) == [0, 10])

        let consumer = try Cluster.reader(topic, partitions: 2, from: Offset.beginning)
        try consumer.read(to: [partitions[0]: 0, partitions[1]: 10], timeout: patience) { _ in }
    }

    @Test func anOpenTransactionBeforeTheEndIsNotPassed() throws {
        let topic = try Cluster.topic("open")
        let producer = try Cluster.producer(["transactional.id": Cluster.unique("open")])
        try producer.initTransactions(timeout: patience)
        try producer.begin()
        try "in flight".produce(by: producer, to: topic)
        try producer.flush(timeout: patience)

        let consumer = try Cluster.reader(topic)
        let place = TopicPartition(topic, 0)
        let end = try #require(try Cluster.admin().watermarks(of: [place], timeout: patience)[place]?.high)
        #expect(end == 1)
        #expect(try producer.watermarks(of: [place], timeout: patience)[place]?.high == 0, "the last stable offset")
        let error = #expect(throws: KafkaError.self) {
            try consumer.read(to: [place: end], timeout: .milliseconds(200)) { _ in }
        }
        #expect(error?.code == .timedOut)
        #expect(error?.isRetriable == true)
        #expect(error?.place == "\(topic)[0]")

        try producer.commit(timeout: patience)
        var values: [String?] = []
        try consumer.read(to: [place: end], timeout: patience) { batch in
            batch.forEach { values.append($0.value?.text) }
        }
        #expect(values == ["in flight"])
    }

    /// A large topic takes as long as it takes.
    @Test func patienceCountsFromWhereAPositionLastMoved() {
        let (one, two) = (TopicPartition("table", 0), TopicPartition("table", 1))
        let start = ContinuousClock.now
        var progress = ReadProgress(from: [one: 3, two: 0], to: [one: 10, two: 5], now: start)
        progress.reach([one.at(7), two.at(0)], now: start + .seconds(100))
        #expect(progress.standstill(start + .seconds(150)) == .seconds(50))
        // The same again is no progress.
        progress.reach([one.at(7)], now: start + .seconds(200))
        #expect(progress.standstill(start + .seconds(220)) == .seconds(120))
        progress.reach([two.at(5)], now: start + .seconds(230))
        #expect(progress.behind == [one: 10])
        // Nor is what comes behind an end that was reached.
        progress.reach([two.at(9)], now: start + .seconds(300))
        #expect(progress.standstill(start + .seconds(300)) == .seconds(70))
        progress.reach([one.at(11)], now: start + .seconds(310))
        #expect(progress.behind.isEmpty)
    }

    @Test func readingGoesOnFromWhereTheEndWas() throws {
        let topic = try Cluster.topic("follow")
        let producer = try Cluster.producer()
        try "1".produce(by: producer, to: topic)
        try producer.flush(timeout: patience)
        let consumer = try Cluster.reader(topic)
        var values: [String?] = []
        try consumer.read(to: [TopicPartition(topic, 0): 1], timeout: patience) { batch in
            batch.forEach { values.append($0.value?.text) }
        }
        #expect(values == ["1"])
        try "2".produce(by: producer, to: topic)
        try producer.flush(timeout: patience)
        #expect(try consumer.read(1).map(\.value) == ["2"])
    }

    @Test func partitionsThatAreNotAssignedAreRefused() throws {
        let consumer = try Cluster.reader(Cluster.topic("assigned"))
        let error = #expect(throws: KafkaError.self) {
            try consumer.read(to: [TopicPartition("elsewhere", 0): 1], timeout: patience) { _ in }
        }
        #expect(error?.code == .invalidArgument)
    }
}
