import Kafka
import Logging
import Synchronization
import Testing

/// Errors that a broker in good health does not show, from librdkafka's mock cluster.
@Suite struct Faults {
    private func transactional(_ mock: MockCluster) throws -> Producer {
        try Producer(mock.settings.merging(["transactional.id": "t"]), log: Cluster.log)
    }

    @Test func passingErrorsAreRetriedInside() throws {
        let mock = MockCluster()
        mock.create("t")
        mock.fail(.initProducerID, with: [.coordinatorNotAvailable, .concurrentTransactions])
        mock.fail(.produce, with: [.notLeader, .notEnoughReplicas])
        mock.fail(.addPartitions, with: [.concurrentTransactions])
        mock.fail(.endTransaction, with: [.coordinatorLoadInProgress, .concurrentTransactions])
        let producer = try transactional(mock)
        try producer.initTransactions(timeout: patience)
        try producer.begin()
        try "v".produce(by: producer, to: "t")
        try producer.commit(timeout: patience)
        #expect(producer.takeDelivered().map(\.count) == [1])
    }

    @Test func aCommitThatTakesTooLongIsCalledAgain() throws {
        let mock = MockCluster()
        mock.create("t")
        let producer = try transactional(mock)
        try producer.initTransactions(timeout: patience)
        try producer.begin()
        try "v".produce(by: producer, to: "t")
        mock.fail(.endTransaction, with: Array(repeating: .coordinatorLoadInProgress, count: 1_000))
        let error = #expect(throws: KafkaError.self) { try producer.commit(timeout: .milliseconds(200)) }
        #expect(error?.isRetriable == true)
        mock.stopFailing(.endTransaction)
        try producer.commit(timeout: patience)
        try producer.begin()
        try producer.abort(timeout: patience)
    }

    @Test func aStaticMemberThatWasReplacedIsFenced() throws {
        let mock = MockCluster()
        mock.create("t")
        let consumer = try Consumer(
            mock.settings.merging([
                "group.id": "g", "group.instance.id": "one", "auto.offset.reset": "earliest",
                "heartbeat.interval.ms": "50", "session.timeout.ms": "6000",
            ]), log: Cluster.log)
        try consumer.subscribe(to: ["t"])
        try eventually("an assignment") {
            try consumer.poll(timeout: .milliseconds(20)) { _ in }
            return !consumer.partitions.isEmpty
        }
        mock.fail(.heartbeat, with: [.fencedInstanceID])
        let error = #expect(throws: KafkaError.self) {
            try eventually("the error") { try consumer.poll(timeout: .milliseconds(20)) { _ in false } }
        }
        #expect(error?.code == .fencedInstanceID)
        #expect(error?.verdict == .fenced)
    }

    /// Its broker answers too late, as on a busy machine; it has heard of the member all the while, and takes a commit without its id for
    /// a replaced one's.
    @Test func aMemberThatIsAboutToJoinAgainCommitsNothing() throws {
        let sink = Logs.Sink()
        let mock = MockCluster()
        mock.create("t")
        let consumer = try Consumer(
            mock.settings.merging([
                "group.id": "g", "group.instance.id": "one", "auto.offset.reset": "earliest",
                "heartbeat.interval.ms": "100", "session.timeout.ms": "6000",
            ]), log: Logger(label: "test", factory: { _ in sink }))
        try consumer.subscribe(to: ["t"])
        func awaitAssignment() throws {
            try eventually("an assignment") {
                try consumer.poll(timeout: .milliseconds(20)) { _ in }
                return !consumer.partitions.isEmpty
            }
        }
        try awaitAssignment()
        let place = TopicPartitionOffset("t", 0, 0)
        try consumer.commit([place])
        mock.answer(after: .seconds(8))
        mock.fail(.offsetCommit, with: Array(repeating: .fencedInstanceID, count: 1_000))
        try eventually("its place is given up") {
            sink.lines.withLock { lines in lines.contains { $0.text.contains("SESSTMOUT") } }
        }
        let error = #expect(throws: KafkaError.self) { try consumer.commit([place], wait: false) }
        #expect(error?.code == .assignmentLost)
        #expect(error?.verdict == .abortable)
        mock.answer(after: .zero)
        mock.stopFailing(.offsetCommit)
        // It is told that its partitions are lost, and has them again.
        try eventually("they are lost") {
            try consumer.poll(timeout: .milliseconds(20)) { _ in }
            return consumer.partitions.isEmpty
        }
        try awaitAssignment()
        try consumer.commit([place])
    }

    @Test func aRefusedRecordSpoilsTheTransactionNotTheProducer() throws {
        let mock = MockCluster()
        mock.create("t")
        let producer = try transactional(mock)
        try producer.initTransactions(timeout: patience)
        try producer.begin()
        mock.fail(.produce, with: [.messageTooLarge])
        try "v".produce(by: producer, to: "t")
        let error = #expect(throws: KafkaError.self) { try producer.commit(timeout: patience) }
        #expect(error?.verdict == .abortable)
        #expect(error?.code == .messageTooLarge, "the cause, not what followed")
        #expect(error?.place == "t[0]")
        let next = #expect(throws: KafkaError.self) { try "w".produce(by: producer, to: "t") }
        #expect(next?.verdict == .abortable)
        try producer.abort(timeout: patience)
        // librdkafka takes a new epoch behind the scenes, which may spoil the next transaction too.
        try eventually("a transaction that commits") {
            do throws(KafkaError) {
                try producer.begin()
                try producer.produce(to: "t", value: "v".utf8.span.bytes)
                try producer.commit(timeout: patience)
                return true
            } catch {
                #expect(error.verdict == .abortable)
                try producer.abort(timeout: patience)
                return false
            }
        }
    }

    @Test(arguments: [KafkaError.Code.illegalGeneration, .unknownMemberID, .fencedInstanceID])
    func aMemberThatWasReplacedMustAbort(code: KafkaError.Code) throws {
        let mock = MockCluster()
        let producer = try transactional(mock)
        try producer.initTransactions(timeout: patience)
        try producer.begin()
        mock.create("t")
        try "v".produce(by: producer, to: "t")
        mock.fail(.transactionOffsetCommit, with: [code])
        let error = #expect(throws: KafkaError.self) {
            try producer.sendOffsets(
                [TopicPartitionOffset("t", 0, 1)], group: ConsumerGroupMetadata(group: "g"), timeout: patience)
        }
        #expect(error?.code == code)
        #expect(error?.verdict == .abortable)
        try producer.abort(timeout: patience)
    }

    @Test func offsetsHeldByATransactionAreNeverTakenForOldOnes() throws {
        let mock = MockCluster()
        mock.create("t")
        let admin = try Admin(mock.settings, log: Cluster.log)
        let place = TopicPartition("t", 0)
        #expect(try admin.committed(group: "g", [place], timeout: patience) == [:])
        mock.fail(.offsetFetch, with: Array(repeating: .unstableOffsetCommit, count: 3))
        #expect(try admin.committed(group: "g", [place], timeout: patience) == [:], "it is soon over")
        mock.fail(.offsetFetch, with: Array(repeating: .unstableOffsetCommit, count: 5_000))
        let error = #expect(throws: KafkaError.self) {
            try admin.committed(group: "g", [place], timeout: .milliseconds(300))
        }
        #expect(error?.code == .unstableOffsetCommit)
        #expect(error?.isRetriable == true)
        #expect(error?.remedy.contains("lag 0") == true)
    }

    @Test func partitionsThatAreLostAreToldApart() throws {
        let mock = MockCluster()
        mock.create("t", partitions: 2)
        let consumer = try Consumer(
            mock.settings.merging([
                "group.id": "g", "auto.offset.reset": "earliest", "heartbeat.interval.ms": "50",
                "session.timeout.ms": "6000",
            ]), log: Cluster.log)
        var events: [String] = []
        try consumer.subscribe(
            to: ["t"],
            hooks: RebalanceHooks(
                assigned: { partitions in
                    events.append("assigned \(partitions.count)")
                    return []
                },
                revoked: { events.append("revoked \($0.count)") }, lost: { events.append("lost \($0.count)") }))
        try eventually("an assignment") {
            try consumer.poll(timeout: .milliseconds(20)) { _ in }
            return events == ["assigned 2"]
        }
        mock.fail(.heartbeat, with: [.unknownMemberID])
        try eventually("the loss") {
            try consumer.poll(timeout: .milliseconds(20)) { _ in }
            return events.count >= 2
        }
        #expect(events == ["assigned 2", "lost 2"])
        #expect(consumer.partitions.isEmpty)
        try consumer.close()
    }

    @Test func aFencedProducerIsToldApartFromABrokenOne() throws {
        let mock = MockCluster()
        mock.create("t")
        let producer = try transactional(mock)
        try producer.initTransactions(timeout: patience)
        try producer.begin()
        try "v".produce(by: producer, to: "t")
        mock.fail(.endTransaction, with: [.producerFenced])
        let error = #expect(throws: KafkaError.self) { try producer.commit(timeout: patience) }
        #expect(error?.verdict == .fenced)
        #expect(throws: KafkaError.self) { try producer.abort(timeout: patience) }
    }

    @Test func commitsThatAGroupRefusesSaySo() throws {
        let mock = MockCluster()
        mock.create("t")
        let consumer = try Consumer(mock.settings.merging(["group.id": "g"]), log: Cluster.log)
        try consumer.assign([TopicPartitionOffset("t", 0, 0)])
        mock.fail(.offsetCommit, with: [.illegalGeneration])
        let error = #expect(throws: KafkaError.self) { try consumer.commit([TopicPartitionOffset("t", 0, 1)]) }
        #expect(error?.verdict == .abortable)
        try consumer.commit([TopicPartitionOffset("t", 0, 1)])
    }
}
