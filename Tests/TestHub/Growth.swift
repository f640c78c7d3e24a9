import CRdKafka
import Kafka

extension Plant {
    /// Gives a topic more partitions, as an administrator does who means well.
    package func grow(_ topic: String, to count: Int) throws {
        let configuration: OpaquePointer = rd_kafka_conf_new()
        let servers = broker["bootstrap.servers"] ?? ""
        guard rd_kafka_conf_set(configuration, "bootstrap.servers", servers, nil, 0) == RD_KAFKA_CONF_OK,
            let client = rd_kafka_new(RD_KAFKA_PRODUCER, configuration, nil, 0)
        else { throw Failure("no client") }
        defer { rd_kafka_destroy(client) }
        let queue = rd_kafka_queue_new(client)
        defer { rd_kafka_queue_destroy(queue) }
        var request = rd_kafka_NewPartitions_new(topic, count, nil, 0)
        defer { rd_kafka_NewPartitions_destroy(request) }
        rd_kafka_CreatePartitions(client, &request, 1, nil, queue)
        guard let event = rd_kafka_queue_poll(queue, 30_000) else { throw Failure("\(topic): no answer") }
        defer { rd_kafka_event_destroy(event) }
        var many = 0
        let results = rd_kafka_CreatePartitions_result_topics(rd_kafka_event_CreatePartitions_result(event), &many)
        for index in 0..<many {
            let code = rd_kafka_topic_result_error(results?[index])
            guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
                throw Failure("\(topic): \(String(cString: rd_kafka_err2str(code)))")
            }
        }
        guard rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR else {
            throw Failure("\(topic): \(String(cString: rd_kafka_event_error_string(event)))")
        }
        try eventually("\(topic) has grown") {
            try admin().topics([topic], timeout: .seconds(30)).first?.partitions.count == count
        }
    }
}
