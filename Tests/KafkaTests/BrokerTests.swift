import EmbeddedBroker
import Kafka
import Testing
import TestBroker

@Suite struct Brokers {
    @Test func aBrokerThatIsStoppedIsGone() throws {
        let broker = try TestBroker()
        let admin = try Admin(["bootstrap.servers": broker.bootstrapServers], log: Cluster.log)
        #expect(try admin.create([TopicSpecification("t", partitions: 1, replicas: 1)], timeout: patience) == ["t"])
        broker.stop()
        let error = #expect(throws: KafkaError.self) {
            try Admin(["bootstrap.servers": broker.bootstrapServers], log: Cluster.log).topics(
                timeout: .milliseconds(300))
        }
        #expect(error?.isRetriable == true)
    }

    @Test func aBrokerThatIsMissingIsNamed() throws {
        let error = #expect(throws: BrokerProcess.Failure.self) {
            try BrokerProcess(executable: "/nowhere/broker", folder: "/tmp")
        }
        #expect(error?.description.contains("/nowhere/broker") == true)
        #expect(error?.description.contains("make setup") == true)
    }

    @Test func aProgramThatEndsAtOnceIsNotWaitedFor() throws {
        #expect(throws: BrokerProcess.Failure.self) {
            try BrokerProcess(executable: "/bin/false", folder: "/tmp", patienceSeconds: 3_600)
        }
    }
}
