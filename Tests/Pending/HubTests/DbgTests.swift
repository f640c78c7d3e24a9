import Kafka
import TestHub
import Testing
import Transports

@Suite struct DbgTests {
    @Test(arguments: [true, false]) func live(flushes: Bool) throws {
        let plant = try Plant(partitions: 1, createsTopics: false)
        let topic = "\(plant.prefix).t"
        try plant.admin().create([TopicSpecification(topic, partitions: 1, replicas: 1)], timeout: .seconds(10))
        let consumer = try Consumer(
            plant.broker.merging(["group.id": plant.prefix, "fetch.wait.max.ms": "50", "auto.offset.reset": "earliest"]
            ), log: plant.log)
        try consumer.assign([TopicPartitionOffset(topic, 0, 0)])
        let done = Monitor(false)
        let writer = try NamedThread("w") {
            let producer = try! plant.producer(["transactional.id": plant.prefix])
            try! producer.initTransactions(timeout: .seconds(30))
            for number in 0..<6 {
                try! producer.begin()
                try! producer.produce(to: topic, value: "\(number)".utf8.span.bytes)
                if flushes { try! producer.flush(timeout: .seconds(30)) }
                if number % 2 == 1 {
                    try! producer.abort(timeout: .seconds(30))
                } else {
                    try! producer.commit(timeout: .seconds(30))
                }
            }
            done.withLock { $0 = true }
        }
        var idle = 0
        while idle < 20 {
            try consumer.poll(timeout: .milliseconds(100)) { batch in
                batch.forEach {
                    print("DBG", flushes, $0.offset, $0.value!.withUnsafeBytes { String(decoding: $0, as: UTF8.self) })
                }
                if done.withLock({ $0 }) { idle += 1 }
                print("DBG pos", flushes, batch.positions().map(\.offset))
            }
        }
        writer.join()
        if flushes {
            let port = String(plant.broker["bootstrap.servers"]!.split(separator: ":")[1]);
            _ = try ChildProcess("/usr/bin/python3", ["/tmp/fetch.py", port, topic], options: .init(output: .inherit))
                .wait()
        }
    }
}
