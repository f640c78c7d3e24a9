import CRdKafka

@testable import Kafka

/// librdkafka's pretended brokers: they answer with the errors they are told to. Good for nothing else: they fake
/// transactions and lack the administration requests.
final class MockCluster {
    private let handle: OpaquePointer
    private let cluster: OpaquePointer
    let settings: Settings

    /// Requests by the protocol's numbers.
    enum Request: Int16 {
        case produce = 0
        case offsetCommit = 8
        case offsetFetch = 9
        case heartbeat = 12
        case initProducerID = 22
        case addPartitions = 24
        case endTransaction = 26
        case transactionOffsetCommit = 28
    }

    init() {
        // The process' first client may be this one, which isn't made as ours are.
        SASLPlugins.spare(unless: [:])
        let configuration: OpaquePointer = rd_kafka_conf_new()
        var text = [CChar](repeating: 0, count: 256)
        handle = rd_kafka_new(RD_KAFKA_PRODUCER, configuration, &text, text.count)
        cluster = rd_kafka_mock_cluster_new(handle, 1)
        settings = ["bootstrap.servers": String(cString: rd_kafka_mock_cluster_bootstraps(cluster))]
    }

    deinit {
        rd_kafka_mock_cluster_destroy(cluster)
        rd_kafka_destroy(handle)
    }

    func create(_ topic: String, partitions: Int32 = 1) {
        _ = rd_kafka_mock_topic_create(cluster, topic, partitions, 1)
    }

    /// The next answers to these requests carry these errors.
    func fail(_ request: Request, with codes: [KafkaError.Code]) {
        var errors = codes.map { rd_kafka_resp_err_t(rawValue: $0.rawValue) }
        rd_kafka_mock_push_request_errors_array(cluster, request.rawValue, errors.count, &errors)
    }

    /// Every answer takes so long.
    func answer(after time: Duration) {
        rd_kafka_mock_broker_set_rtt(cluster, 1, Int32(time / .milliseconds(1)))
    }

    func stopFailing(_ request: Request) { rd_kafka_mock_clear_request_errors(cluster, request.rawValue) }
}
