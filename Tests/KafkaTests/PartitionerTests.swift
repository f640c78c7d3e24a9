import Kafka
import Testing

@Suite struct Partitioning {
    /// From Apache Kafka's own UtilsTest.testMurmur2.
    @Test(arguments: [
        ("21", -973_932_308), ("foobar", -790_332_482), ("a-little-bit-long-string", -985_981_536),
        ("a-little-bit-longer-string", -1_486_304_829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971), ("abc", 479_470_107),
    ])
    func murmur2AgreesWithJava(key: String, hash: Int) {
        #expect(Int32(bitPattern: Partitioner.murmur2(key.utf8.span.bytes)) == Int32(hash))
    }

    @Test func librdkafkaPutsEveryKeyWhereThePartitionerSays() throws {
        let count: Int32 = 7
        let topic = try Cluster.topic("keys", partitions: count)
        let producer = try Cluster.producer()
        let keys =
            ["", "a", "ab", "abc", "abcd", "abcde", "äöü", "6438012345675@helsinki"]
            + (0..<200).map { "product-\($0)" }
        for key in keys { try "".produce(by: producer, to: topic, key: key, partition: nil) }
        try producer.flush(timeout: patience)
        let records = try Cluster.reader(topic, partitions: count).read(keys.count)
        for record in records {
            let key = try #require(record.key)
            #expect(Partitioner.partition(key: key.utf8.span.bytes, count: count) == record.partition, "\(key)")
        }
        #expect(Set(records.map(\.partition)).count == Int(count))
    }

    @Test func anotherPartitionerIsRefused() throws {
        let error = #expect(throws: KafkaError.self) { try Cluster.producer(["partitioner": "random"]) }
        #expect(error?.message.contains("murmur2_random") == true)
    }
}
