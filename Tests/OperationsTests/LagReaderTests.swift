import Canonical
import Kafka
import Logging
import Operations
import TestHub
import Testing

/// A topic and a group of the test's own, on the shared broker.
struct Stand {
    let plant: Plant
    let topic: String
    let group: String

    init(partitions: Int32 = 2) throws {
        plant = try Plant(createsTopics: false)
        topic = "\(plant.prefix).lines"
        group = "\(plant.prefix).reader"
        try plant.admin().create(
            [TopicSpecification(topic, partitions: partitions, replicas: 1)], timeout: .seconds(30))
    }

    func write(_ count: Int, partition: Int32 = 0, timestamp: Int64? = nil) throws {
        let producer = try plant.producer()
        for number in 0..<count {
            try producer.produce(
                to: topic, partition: partition, value: "\(number)".utf8.span.bytes, timestamp: timestamp)
        }
        try producer.flush(timeout: .seconds(30))
    }

    func consumer(_ more: Settings = [:]) throws -> Consumer {
        try Consumer(
            plant.broker.merging(["group.id": group, "auto.offset.reset": "earliest"]).merging(more), log: plant.log)
    }

    func lag(now: Int64 = Plant.wall().milliseconds, settings: Settings? = nil) throws -> GroupLag {
        let reader = try LagReader(settings ?? plant.broker, log: plant.log)
        let lags = try reader.read([("reader", group, [topic])], now: now)
        return try #require(lags.first)
    }
}

@Suite struct LagReaderTests {
    @Test func aReaderThatIsLevelIsNotBehindTransactionMarkers() throws {
        let stand = try Stand(partitions: 1)
        let writer = try stand.plant.producer(["transactional.id": stand.group])
        try writer.initTransactions(timeout: .seconds(30))
        for isAborted in [false, true, false, true] {
            try writer.begin()
            try writer.produce(to: stand.topic, partition: 0, value: "x".utf8.span.bytes)
            try writer.flush(timeout: .seconds(30))
            if isAborted {
                try writer.abort(timeout: .seconds(30))
            } else {
                try writer.commit(timeout: .seconds(30))
            }
        }
        let consumer = try stand.consumer()
        try consumer.subscribe(to: [stand.topic])
        var count = 0
        try eventually("everything is read and committed") {
            let positions = try consumer.poll(timeout: .milliseconds(50)) { batch in
                count += batch.count
                return batch.positions()
            }
            try consumer.commit(positions)
            return positions.first?.offset == 8
        }
        #expect(count == 2, "two records, and six offsets of markers and of what was aborted")
        let lag = try stand.lag()
        #expect(lag.behind == 0 && lag.age == nil && lag.members == 1 && lag.verdict == .level)
        #expect(lag.partitions.map(\.committed) == [8] && lag.partitions.map(\.end) == [8])
        try consumer.close()
    }

    @Test func aReaderThatStoppedIsBehindAndAsOldAsWhatWaits() throws {
        let stand = try Stand()
        let old = Plant.wall().advanced(by: -3_600_000).milliseconds
        try stand.write(4, partition: 0, timestamp: old)
        try stand.write(3, partition: 1, timestamp: old + 1_800_000)
        let consumer = try stand.consumer()
        try consumer.subscribe(to: [stand.topic])
        try eventually("it has its partitions") {
            try consumer.poll(timeout: .milliseconds(50)) { _ in }
            return consumer.partitions.count == 2
        }
        try consumer.commit([TopicPartitionOffset(stand.topic, 0, 1), TopicPartitionOffset(stand.topic, 1, 3)])
        #expect(try stand.lag().verdict == .behind)
        try consumer.close()
        let now = Plant.wall().milliseconds
        let lag = try stand.lag(now: now)
        #expect(lag.members == 0 && lag.verdict == .stopped)
        #expect(lag.partitions.map(\.behind) == [3, 0])
        #expect(lag.partitions.map(\.age) == [now - old, nil])
        #expect(lag.behind == 3 && lag.age == now - old && lag.note == nil)
    }

    @Test func aGroupThatNeverCommittedHasEverythingBeforeIt() throws {
        let stand = try Stand()
        try stand.write(5)
        try stand.plant.admin().deleteRecords(before: [TopicPartitionOffset(stand.topic, 0, 2)], timeout: .seconds(30))
        let lag = try stand.lag()
        #expect(lag.partitions.map(\.committed) == [nil, nil])
        #expect(lag.partitions.map(\.behind) == [3, 0], "what retention has deleted waits for nobody")
        #expect(lag.partitions.allSatisfy { $0.isKnown })
    }

    @Test func aTopicThatIsNotThereIsSaid() throws {
        let stand = try Stand()
        let reader = try LagReader(stand.plant.broker, log: stand.plant.log)
        let lags = try reader.read([("reader", stand.group, [stand.topic, "\(stand.topic).none"])], now: 0)
        let lag = try #require(lags.first)
        #expect(lag.note?.contains("\(stand.topic).none") == true)
        #expect(lag.verdict != .level)
    }

    /// While a transaction holds a group's offsets they are unknown, which is not 0.
    @Test func offsetsThatATransactionHoldsAreUnknown() throws {
        let mock = MockCluster()
        let stand = try Stand()
        mock.create(stand.topic, partitions: 2)
        let level = try stand.lag(settings: mock.settings)
        #expect(level.behind == 0 && level.partitions.count == 2)
        mock.holdOffsets()
        let lag = try stand.lag(settings: mock.settings)
        #expect(lag.behind == nil)
        #expect(lag.note != nil && lag.partitions.allSatisfy { !$0.isKnown && $0.age == nil })
        #expect(lag.verdict == (lag.members == 0 ? .stopped : .unknown))
    }

    /// The hub itself, with its own transactions and markers.
    @Test func aHubThatIsLevelShowsZero() throws {
        let plant = try Plant()
        try plant.running { _ in
            try plant.send([.count("06438012345675", "kamppi", "1")], to: "stock")
            // A stray: the hub writes into its own input, and a marker after it.
            try plant.send([Foreign.product("06438012345675", "\"price\":1").keyed("elsewhere")], to: "product")
            try plant.settle()
            let reader = try LagReader(plant.broker, log: plant.log)
            let inputs = plant.model.domains.map { plant.names.input(domain: $0) }
            let lags = try reader.read([("hub", plant.names.hubGroup, inputs)], now: Plant.wall().milliseconds)
            let lag = try #require(lags.first)
            #expect(lag.behind == 0 && lag.members == 1 && lag.verdict == .level)
        }
    }
}
