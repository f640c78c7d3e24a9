import Kafka
import Testing

@Suite struct Positions {
    private func filled(_ name: String) throws -> String {
        let topic = try Cluster.topic(name)
        let producer = try Cluster.producer()
        for number in 0..<100 { try "\(number)".produce(by: producer, to: topic) }
        try producer.flush(timeout: patience)
        return topic
    }

    @Test func nothingIsKnownBeforeTheFirstBatch() throws {
        let consumer = try Cluster.reader(filled("first"))
        #expect(consumer.positions() == [])
        #expect(try consumer.poll(timeout: .zero) { $0.positions().count } <= 1)
    }

    @Test func seekingGoesBackAndForth() throws {
        let topic = try filled("seek")
        let consumer = try Cluster.reader(topic)
        let place = TopicPartition(topic, 0)
        // At once: the fetcher may not have started.
        try consumer.seek(to: [place.at(50)], timeout: patience)
        #expect(try consumer.read(50).first?.value == "50")
        #expect(consumer.positions() == [place.at(100)])
        try consumer.seek(to: [place.at(10)], timeout: patience)
        #expect(consumer.positions() == [], "unknown until something is read")
        let again = try consumer.read(90)
        #expect(again.map(\.offset) == Array(10..<100))
        try consumer.seek(to: [place.at(Offset.beginning)], timeout: patience)
        #expect(try consumer.read(100).first?.offset == 0)
    }

    @Test func seekingInTheMiddleOfABacklogDropsWhatWasFetched() throws {
        let topic = try filled("middle")
        let consumer = try Cluster.reader(topic)
        let place = TopicPartition(topic, 0)
        for start in [60, 3, 97, 0, 42] as [Int64] {
            try eventually("a first part") {
                try consumer.poll(max: 3, timeout: .milliseconds(50)) { !$0.isEmpty }
            }
            try consumer.seek(to: [place.at(start)], timeout: patience)
            var next = start
            try eventually("what follows") {
                try consumer.poll(max: 2, timeout: .milliseconds(50)) { batch in
                    batch.forEach { record in
                        #expect(record.offset == next)
                        next = record.offset + 1
                    }
                }
                return next >= min(100, start + 4)
            }
            try consumer.seek(to: [place.at(0)], timeout: patience)
        }
    }

    @Test func commitsAreReadBack() throws {
        let topic = try filled("commit")
        let group = try Cluster.unique("commit")
        let place = TopicPartition(topic, 0)
        let consumer = try Cluster.reader(topic, ["group.id": group])
        #expect(try consumer.committed([place], timeout: patience) == [:])
        var positions: [TopicPartitionOffset] = []
        try eventually("a batch") {
            try consumer.poll(max: 7, timeout: .milliseconds(50)) { batch in
                positions = batch.positions()
                return !batch.isEmpty
            }
        }
        try consumer.commit(positions)
        #expect(try consumer.committed([place], timeout: patience) == [place: positions[0].offset])
        try consumer.commit([place.at(99)], wait: false)
        try eventually("the commit that nobody waited for") {
            try consumer.committed([place], timeout: patience) == [place: 99]
        }
        let next = try Cluster.consumer(["group.id": group])
        try next.assign([place.at(Offset.committed)])
        #expect(try next.read(1).map(\.value) == ["99"])
    }

    @Test func endsAreReportedOnRequest() throws {
        let topic = try filled("eof")
        let consumer = try Cluster.reader(topic, ["enable.partition.eof": "true"])
        var ends: [TopicPartitionOffset] = []
        try eventually("the end") {
            try consumer.poll(timeout: .milliseconds(50)) { ends += $0.ends }
            return !ends.isEmpty
        }
        #expect(ends == [TopicPartitionOffset(topic, 0, 100)])
    }
}
