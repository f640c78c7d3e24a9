import Kafka
import Testing

@Suite struct RoundTrip {
    @Test func keysValuesHeadersAndTimestampsComeBackAsTheyWent() throws {
        // Kept for ever: the record's time is long past.
        let topic = try Cluster.topic("round", settings: ["retention.ms": "-1"])
        let producer = try Cluster.producer()
        var headers = Headers([("ce_id", "7"), ("ce_type", "product"), ("ce_id", "8")])
        headers.add("null", nil as RawSpan?)
        headers.add("empty", "")
        #expect(headers.count == 5)
        try producer.produce(
            to: topic, key: "6438".utf8.span.bytes, value: "sofa".utf8.span.bytes, headers: headers,
            timestamp: 1_700_000_000_123)
        try producer.flush(timeout: patience)

        let reader = try Cluster.reader(topic)
        var seen = 0
        try eventually("the record") {
            try reader.poll(timeout: .milliseconds(50)) { batch in
                try batch.forEach { record in
                    seen += 1
                    #expect(record.topic == topic)
                    #expect(record.partition == 0)
                    #expect(record.offset == 0)
                    #expect(record.timestamp == 1_700_000_000_123)
                    #expect(record.key?.text == "6438")
                    #expect(record.value?.text == "sofa")
                    #expect(record.headerText("ce_id") == "8", "the last of a name")
                    #expect(record.headerText("ce_type") == "product")
                    #expect(record.headerText("none") == nil)
                    #expect(record.headerText("null") == nil)
                    #expect(record.headerText("empty") == "")
                    var names: [String] = []
                    record.forEachHeader { header in names.append("\(header.name)=\(header.value?.text ?? "nil")") }
                    #expect(names == ["ce_id=7", "ce_type=product", "ce_id=8", "null=nil", "empty="])
                    try producer.produce(to: topic, value: nil, headers: Headers(copying: record))
                }
            }
            return seen == 1
        }
        try producer.flush(timeout: patience)
        try eventually("the copied headers") {
            try reader.poll(timeout: .milliseconds(50)) { batch in
                guard !batch.isEmpty else { return false }
                #expect(batch[0].headerText("ce_type") == "product")
                #expect(batch[0].headerText("null") == nil)
                return true
            }
        }
    }

    @Test func nullAndEmptyAreDifferent() throws {
        let topic = try Cluster.topic("null")
        let producer = try Cluster.producer()
        try producer.produce(to: topic, value: nil)
        try producer.produce(to: topic, key: "".utf8.span.bytes, value: "".utf8.span.bytes)
        try producer.produce(to: topic, key: "k".utf8.span.bytes, value: nil)
        try producer.flush(timeout: patience)
        let records = try Cluster.reader(topic).read(3)
        #expect(records.map(\.key) == [nil, "", "k"])
        #expect(records.map(\.value) == [nil, "", nil])
    }

    @Test func headersThatWereLentCanBeAskedForAgain() throws {
        let topic = try Cluster.topic("again")
        let producer = try Cluster.producer()
        try producer.produce(
            to: topic, value: "v".utf8.span.bytes, headers: Headers([("ce_id", "1"), ("ce_type", "product")]))
        try producer.flush(timeout: patience)
        let reader = try Cluster.reader(topic)
        var names: [[String]] = []
        try eventually("the record") {
            try reader.poll(timeout: .milliseconds(50)) { batch in
                batch.forEach { record in
                    for _ in 0..<2 {
                        var found: [String] = []
                        record.forEachHeaderBytes { name, _ in found.append(String(decoding: name, as: UTF8.self)) }
                        names.append(found)
                    }
                    #expect(record.headerText("ce_type") == "product")
                }
            }
            return names.count == 2
        }
        #expect(names == [["ce_id", "ce_type"], ["ce_id", "ce_type"]])
    }

    @Test func recordsWithoutHeadersHaveNone() throws {
        let topic = try Cluster.topic("bare")
        let producer = try Cluster.producer()
        try "v".produce(by: producer, to: topic)
        try producer.flush(timeout: patience)
        let reader = try Cluster.reader(topic)
        var count = 0
        try eventually("the record") {
            try reader.poll(timeout: .milliseconds(50)) { batch in
                batch.forEach { record in
                    count += 1
                    #expect(record.headerText("x") == nil)
                    record.forEachHeader { _ in Issue.record("there is no header") }
                }
            }
            return count == 1
        }
    }

    @Test func batchesKeepTheOrderAndNeverExceedTheirMaximum() throws {
        let topic = try Cluster.topic("order", partitions: 3)
        let producer = try Cluster.producer()
        for number in 0..<3_000 { try "\(number)".produce(by: producer, to: topic, partition: Int32(number % 3)) }
        try producer.flush(timeout: patience)
        #expect(producer.waiting == 0)
        let delivered = producer.takeDelivered().sorted { $0.partition < $1.partition }
        #expect(delivered.map(\.highestOffset) == [999, 999, 999])
        #expect(delivered.map(\.count) == [1_000, 1_000, 1_000])
        #expect(delivered.allSatisfy { $0.isExact })
        #expect(producer.takeDelivered().isEmpty)

        let reader = try Cluster.reader(topic, partitions: 3)
        var next = [0, 1, 2]
        try eventually("all records") {
            try reader.poll(max: 100, timeout: .milliseconds(50)) { batch in
                #expect(batch.count <= 100)
                for index in batch.indices {
                    let partition = Int(batch[index].partition)
                    #expect(batch[index].value?.text == "\(next[partition])")
                    next[partition] += 3
                }
            }
            return next.allSatisfy { $0 >= 3_000 }
        }
        #expect(reader.positions().map(\.offset) == [1_000, 1_000, 1_000])
    }
}
