import Kafka
import Testing

@Suite struct Transactions {
    @Test func onlyCommittedRecordsAreSeenAndPositionsPassTheMarkers() throws {
        let topic = try Cluster.topic("txn")
        let producer = try Cluster.producer(["transactional.id": Cluster.unique("txn")])
        try producer.initTransactions(timeout: patience)
        try producer.begin()
        for value in ["a", "b"] { try value.produce(by: producer, to: topic) }
        try producer.commit(timeout: patience)
        try producer.begin()
        try "aborted".produce(by: producer, to: topic)
        try producer.flush(timeout: patience)
        try producer.abort(timeout: patience)
        try producer.begin()
        try "c".produce(by: producer, to: topic)
        try producer.commit(timeout: patience)

        let reader = try Cluster.reader(topic)
        #expect(try reader.read(3).map(\.value) == ["a", "b", "c"])
        // 2 records, marker, aborted record, marker, record, marker.
        try eventually("the position behind the last marker") {
            try reader.poll(timeout: .milliseconds(50)) { batch in batch.positions() }
                == [TopicPartitionOffset(topic, 0, 7)]
        }
        let uncommitted = try Cluster.reader(topic, ["isolation.level": "read_uncommitted"])
        #expect(try uncommitted.read(4).map(\.value) == ["a", "b", "aborted", "c"])
    }

    @Test func abortForgetsWhatItUndid() throws {
        let topic = try Cluster.topic("undo")
        let producer = try Cluster.producer(["transactional.id": Cluster.unique("undo")])
        try producer.initTransactions(timeout: patience)
        try producer.begin()
        try "x".produce(by: producer, to: topic)
        try producer.flush(timeout: patience)
        try producer.abort(timeout: patience)
        #expect(producer.takeDelivered().isEmpty)
        try producer.begin()
        try "y".produce(by: producer, to: topic)
        try producer.commit(timeout: patience)
        #expect(producer.takeDelivered().map(\.highestOffset) == [2])
        #expect(try Cluster.reader(topic).read(1).map(\.value) == ["y"])
    }

    @Test func offsetsCommitWithTheTransactionOrNotAtAll() throws {
        let topic = try Cluster.topic("input")
        let producer = try Cluster.producer()
        for number in 0..<4 { try "\(number)".produce(by: producer, to: topic) }
        try producer.flush(timeout: patience)
        let group = try Cluster.unique("group")
        let consumer = try Cluster.consumer(["group.id": group, "auto.offset.reset": "earliest"])
        try consumer.subscribe(to: [topic])
        let place = TopicPartition(topic, 0)
        _ = try consumer.read(4)
        let writer = try Cluster.producer(["transactional.id": Cluster.unique("offsets")])
        try writer.initTransactions(timeout: patience)
        try writer.begin()
        try writer.sendOffsets([place.at(2)], group: consumer.groupMetadata(), timeout: patience)
        try writer.abort(timeout: patience)
        #expect(try Cluster.admin().committed(group: group, timeout: patience) == [:])
        try writer.begin()
        try writer.sendOffsets(consumer.positions(), group: consumer.groupMetadata(), timeout: patience)
        try writer.commit(timeout: patience)
        #expect(try Cluster.admin().committed(group: group, timeout: patience) == [place: 4])
        #expect(try consumer.committed([place], timeout: patience) == [place: 4])
        try consumer.close()
    }

    @Test func aSecondProducerOfTheSameIdFencesTheFirst() throws {
        let topic = try Cluster.topic("fence")
        let id = try Cluster.unique("fence")
        let first = try Cluster.producer(["transactional.id": id])
        try first.initTransactions(timeout: patience)
        try first.begin()
        try "zombie".produce(by: first, to: topic)
        try first.flush(timeout: patience)
        let second = try Cluster.producer(["transactional.id": id])
        try second.initTransactions(timeout: patience)

        let error = #expect(throws: KafkaError.self) {
            try "again".produce(by: first, to: topic)
            try first.commit(timeout: patience)
        }
        #expect(error?.verdict == .fenced)
        #expect(error?.isFatal == true)
        // And so for ever.
        #expect(throws: KafkaError.self) { try "more".produce(by: first, to: topic) }

        try second.begin()
        try "living".produce(by: second, to: topic)
        try second.commit(timeout: patience)
        #expect(try Cluster.reader(topic).read(1).map(\.value) == ["living"])
    }

    @Test func stepsOutOfOrderAreRefusedWithTheirName() throws {
        let producer = try Cluster.producer(["transactional.id": Cluster.unique("order")])
        let error = #expect(throws: KafkaError.self) { try producer.begin() }
        #expect(error?.operation == "begin transaction")
        #expect(error?.code == .state)
        #expect(error?.isRetriable == false)
        let plain = try Cluster.producer()
        #expect(throws: KafkaError.self) { try plain.initTransactions(timeout: patience) }
    }
}
