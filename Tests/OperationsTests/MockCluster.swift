import CRdKafka
import Kafka

/// librdkafka's pretended broker, for the one answer that the embedded one doesn't give: offsets held by a transaction.
final class MockCluster {
    private let handle: OpaquePointer
    private let cluster: OpaquePointer
    let settings: Settings

    init() {
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

    func create(_ topic: String, partitions: Int32) {
        _ = rd_kafka_mock_topic_create(cluster, topic, partitions, 1)
    }

    /// From now on requests for a group's offsets (OffsetFetch, 9) are answered so, for longer than anybody waits.
    func holdOffsets() {
        var errors = Array(repeating: RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT, count: 20_000)
        rd_kafka_mock_push_request_errors_array(cluster, 9, errors.count, &errors)
    }
}
