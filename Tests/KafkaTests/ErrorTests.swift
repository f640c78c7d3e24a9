@testable import Kafka
import Logging
import Synchronization
import Testing

@Suite struct Errors {
    @Test func settingsAreCheckedByName() throws {
        let typo = #expect(throws: KafkaError.self) { try Cluster.producer(["compresion.codec": "lz4"]) }
        #expect(typo?.description.contains("compresion.codec") == true)
        #expect(typo?.description.contains("did you mean compression.codec?") == true)
        #expect(typo?.verdict == .permanent)
        let value = #expect(throws: KafkaError.self) { try Cluster.producer(["compression.type": "zip"]) }
        #expect(value?.description.contains("compression.type") == true)
        #expect(value?.description.contains("zip") == true)
        let group = #expect(throws: KafkaError.self) { try Consumer(Cluster.settings, log: Cluster.log) }
        #expect(group?.description.contains("group.id") == true)
        let pair = #expect(throws: KafkaError.self) {
            try Cluster.producer(["enable.idempotence": "true", "acks": "1"])
        }
        #expect(pair?.description.contains("acks") == true)
    }

    @Test func secretsAreNeverShown() throws {
        let settings: Settings = [
            "sasl.username": "till", "sasl.password": "hunter2", "ssl.key.password": "hunter2",
            "ssl.key.pem": "hunter2", "sasl.oauthbearer.client.secret": "hunter2",
        ]
        #expect(settings.description.contains("till"))
        #expect(!settings.description.contains("hunter2"))
        let error = #expect(throws: KafkaError.self) {
            try Producer(["security.protocol": "ssl", "ssl.key.pem": "hunter2"], log: Cluster.log)
        }
        #expect(error?.description.contains("hunter2") == false)
    }

    @Test func settingsKeepTheirOrderAndMerge() {
        var settings: Settings = ["b": "1", "a": "2", "b": "3"]
        #expect(settings.description == "b=3 a=2")
        settings["a"] = nil
        #expect(settings.merging(["c": "4", "b": "5"]).description == "b=5 c=4")
        #expect(settings["b"] == "3")
        #expect(settings["a"] == nil)
    }

    @Test func aStartThatIsGoneIsAnError() throws {
        let topic = try Cluster.topic("gone")
        let producer = try Cluster.producer()
        for _ in 0..<5 { try "v".produce(by: producer, to: topic) }
        try producer.flush(timeout: patience)
        try Cluster.admin().deleteRecords(before: [TopicPartitionOffset(topic, 0, 3)], timeout: patience)
        let reader = try Cluster.reader(topic, from: 1)
        let error = #expect(throws: KafkaError.self) { try reader.read(1) }
        #expect(error?.code == .autoOffsetReset)
        #expect(error?.verdict == .permanent)
        #expect(error?.place?.hasPrefix("\(topic)[0]") == true)
        #expect(error?.remedy.contains("snapshot") == true)
    }

    @Test func aTopicThatIsNotThereIsARetriableError() throws {
        let topic = try Cluster.unique("not-there")
        let consumer = try Cluster.consumer(["allow.auto.create.topics": "false"])
        try consumer.subscribe(to: [topic])
        let error = #expect(throws: KafkaError.self) { try consumer.read(1) }
        #expect(error?.code == .unknownTopicOrPartition)
        #expect(error?.topic == topic)
        #expect(error?.isRetriable == true)
        #expect(error?.remedy.contains("Create the topic") == true)
        try consumer.close()
    }

    @Test func timeoutsTellWhatTheConnectionReported() throws {
        let admin = try Admin(["bootstrap.servers": "127.0.0.1:1"], log: Cluster.log)
        var error: KafkaError?
        try eventually("a reason") {
            error = #expect(throws: KafkaError.self) { try admin.topics(timeout: .milliseconds(200)) }
            return error?.message.contains("refused") == true
        }
        #expect(error?.isRetriable == true)
        #expect(error?.operation == "list topics")
    }

    @Test(arguments: [
        (KafkaError.Code.timedOut, KafkaError.Verdict.retriable), (.notLeader, .retriable), (.queueFull, .retriable),
        (.unstableOffsetCommit, .retriable), (.producerFenced, .fenced), (.fencedInstanceID, .abortable),
        (.invalidProducerEpoch, .fenced), (.illegalGeneration, .abortable), (.maxPollExceeded, .abortable),
        (.outOfOrderSequence, .fatal), (.messageTooLarge, .permanent), (.topicAuthorizationFailed, .permanent),
        (.invalidArgument, .permanent), (.offsetOutOfRange, .permanent),
    ])
    func codesHaveTheirVerdict(code: KafkaError.Code, verdict: KafkaError.Verdict) {
        #expect(KafkaError.Verdict(of: code) == verdict)
        #expect(!verdict.remedy.isEmpty)
    }

    @Test func whatLibrdkafkaSaysOfAnOccurrenceCountsMoreThanTheCode() {
        typealias Verdict = KafkaError.Verdict
        #expect(Verdict(of: .invalidArgument, fatal: true, abortable: false, retriable: false) == .fatal)
        #expect(Verdict(of: .invalidArgument, fatal: false, abortable: true, retriable: false) == .abortable)
        #expect(Verdict(of: .invalidArgument, fatal: false, abortable: false, retriable: true) == .retriable)
        #expect(Verdict(of: .producerFenced, fatal: false, abortable: true, retriable: false) == .fenced)
        #expect(Verdict(of: .timedOut, fatal: false, abortable: true, retriable: false) == .abortable)
        #expect(Verdict(of: .fencedInstanceID, fatal: true, abortable: false, retriable: false) == .fenced)
        #expect(Verdict(of: .fencedInstanceID, fatal: false, abortable: true, retriable: false) == .abortable)
    }
}
