import Kafka
import Synchronization
import Testing

@Suite struct Producing {
    @Test func tokensComeBackWithTheirOffsets() throws {
        let topic = try Cluster.topic("tokens")
        let acknowledged = Mutex<[UInt64: Int64]>([:])
        let producer = try Producer(Cluster.settings, log: Cluster.log) { delivery in
            acknowledged.withLock { $0[delivery.token] = delivery.error == nil ? delivery.place.offset : nil }
        }
        for number in 1...100 { try "\(number)".produce(by: producer, to: topic, token: UInt64(number)) }
        try "nobody asks".produce(by: producer, to: topic)
        try producer.flush(timeout: patience)
        let offsets = acknowledged.withLock { $0 }
        #expect(offsets == Dictionary(uniqueKeysWithValues: (1...100).map { (UInt64($0), Int64($0 - 1)) }))
    }

    @Test func pollingTakesAcknowledgementsInToo() throws {
        let topic = try Cluster.topic("poll")
        let count = Atomic(0)
        let producer = try Producer(Cluster.settings, log: Cluster.log) { _ in
            count.wrappingAdd(1, ordering: .relaxed)
        }
        try "v".produce(by: producer, to: topic, token: .max)
        try eventually("the acknowledgement") {
            producer.poll(timeout: .milliseconds(10))
            return count.load(ordering: .relaxed) == 1
        }
    }

    /// The broker's clock, not the producer's: who needs a witness for its own clock asks here.
    @Test func theBrokersTimeIsToldWhereTheTopicKeepsIt() throws {
        let brokers = try Cluster.topic("appended", settings: ["message.timestamp.type": "LogAppendTime"])
        let producers = try Cluster.topic("created")
        let producer = try Cluster.producer()
        for topic in [brokers, producers] {
            try producer.produce(to: topic, value: "v".utf8.span.bytes, timestamp: 1_700_000_000_123)
        }
        try producer.flush(timeout: patience)
        let delivered = Dictionary(
            uniqueKeysWithValues: producer.takeDelivered().map { ($0.partition.topic, $0.appended) })
        let reader = try Cluster.reader(brokers)
        var kept: Int64?
        try eventually("the record") {
            try reader.poll(timeout: .milliseconds(50)) { batch in
                if !batch.isEmpty { kept = batch[0].timestamp }
                return !batch.isEmpty
            }
        }
        #expect(kept ?? 0 > 1_700_000_000_123)
        #expect(delivered[brokers] == kept)
        #expect(delivered[producers] == .some(nil))
    }

    @Test func aFullQueueIsWaitedFor() throws {
        let topic = try Cluster.topic("full")
        let producer = try Cluster.producer(["queue.buffering.max.messages": "10", "linger.ms": "1"])
        for number in 0..<1_000 { try "\(number)".produce(by: producer, to: topic) }
        try producer.flush(timeout: patience)
        #expect(try Cluster.reader(topic).read(1_000).map(\.value) == (0..<1_000).map { "\($0)" })
    }

    @Test func aQueueThatStaysFullIsARetriableError() throws {
        let nobody: Settings = [
            "bootstrap.servers": "127.0.0.1:1", "queue.buffering.max.messages": "2", "message.timeout.ms": "300000",
        ]
        let producer = try Producer(nobody, log: Cluster.log, queuePatience: .milliseconds(100))
        let error = #expect(throws: KafkaError.self) {
            for _ in 0..<3 { try "v".produce(by: producer, to: "t", partition: nil) }
        }
        #expect(error?.code == .queueFull)
        #expect(error?.isRetriable == true)
        #expect(error?.topic == "t")
    }

    @Test func flushThrowsTheFirstFailureOnce() throws {
        let nobody: Settings = ["bootstrap.servers": "127.0.0.1:1", "message.timeout.ms": "50"]
        let failures = Mutex<[KafkaError.Code?]>([])
        let producer = try Producer(nobody.merging(["enable.idempotence": "false"]), log: Cluster.log) { delivery in
            failures.withLock { $0.append(delivery.error?.code) }
        }
        try "v".produce(by: producer, to: "lost", partition: 3, token: 1)
        let error = #expect(throws: KafkaError.self) { try producer.flush(timeout: patience) }
        #expect(error?.code == .messageTimedOut)
        #expect(error?.topic == "lost")
        #expect(error?.partition == 3)
        #expect(failures.withLock { $0 } == [.messageTimedOut])
        try producer.flush(timeout: patience)
    }

    @Test func flushSaysWhenTheTimeWasNotEnough() throws {
        let producer = try Producer(["bootstrap.servers": "127.0.0.1:1"], log: Cluster.log)
        try "v".produce(by: producer, to: "t", partition: nil)
        let error = #expect(throws: KafkaError.self) { try producer.flush(timeout: .milliseconds(50)) }
        #expect(error?.code == .timedOut)
        #expect(error?.isRetriable == true)
        #expect(producer.waiting == 1)
    }

    @Test func whatIsTooLargeIsRefusedAtOnce() throws {
        let topic = try Cluster.topic("large")
        let producer = try Cluster.producer(["message.max.bytes": "2000"])
        let error = #expect(throws: KafkaError.self) {
            try String(repeating: "x", count: 3_000).produce(by: producer, to: topic)
        }
        #expect(error?.code == .messageTooLarge)
        #expect(error?.verdict == .permanent)
        #expect(error?.topic == topic)
        #expect(throws: KafkaError.self, "and its headers are freed") {
            let bytes = [UInt8](repeating: 0, count: 3_000)
            try producer.produce(to: topic, value: bytes.span.bytes, headers: Headers([("name", "text")]))
        }
    }

    @Test func threadsShareAProducer() async throws {
        let topic = try Cluster.topic("threads", partitions: 4)
        let producer = try Cluster.producer()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for thread in 0..<4 as Range<Int32> {
                group.addTask {
                    for number in 0..<500 { try "\(number)".produce(by: producer, to: topic, partition: thread) }
                    try producer.flush(timeout: patience)
                }
            }
            try await group.waitForAll()
        }
        #expect(producer.takeDelivered().map(\.count) == [500, 500, 500, 500])
        for partition in 0..<4 as Range<Int32> {
            let reader = try Cluster.consumer()
            try reader.assign([TopicPartitionOffset(topic, partition, 0)])
            #expect(try reader.read(500).map(\.value) == (0..<500).map { "\($0)" })
        }
    }
}
