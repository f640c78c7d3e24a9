import CRdKafka

#if canImport(Glibc)
    import Glibc
#endif

/// A topic as it should be.
public struct TopicSpecification: Sendable, Hashable {
    /// The topic's name.
    public var name: String
    /// How many partitions. Never changed in place: keys would move.
    public var partitions: Int32
    /// How many replicas; -1 leaves it to the brokers.
    public var replicas: Int16
    /// Topic settings by Kafka's names, such as `cleanup.policy`.
    public var settings: [String: String]

    /// Specifies a topic.
    public init(_ name: String, partitions: Int32, replicas: Int16 = -1, settings: [String: String] = [:]) {
        self.name = name
        self.partitions = partitions
        self.replicas = replicas
        self.settings = settings
    }
}

/// A topic as the brokers have it.
public struct TopicDescription: Sendable, Hashable {
    /// The topic's name.
    public let name: String
    /// Its partitions, by number.
    public let partitions: [PartitionDescription]

    /// Its partitions by name.
    public var topicPartitions: [TopicPartition] { partitions.map { TopicPartition(name, $0.partition) } }
}

/// A partition as the brokers have it.
public struct PartitionDescription: Sendable, Hashable {
    /// The partition's number.
    public let partition: Int32
    /// The broker that leads it; nil while there is none.
    public let leader: Int32?
    /// The brokers that keep it.
    public let replicas: [Int32]
    /// Those of them that are up to date.
    public let inSyncReplicas: [Int32]
}

extension Admin {
    /// Creates topics, and waits until the brokers have them. Returns the names of those created; existing ones are
    /// left as they are (``differences(from:timeout:)`` tells how they differ).
    @discardableResult
    public func create(_ topics: [TopicSpecification], timeout: Duration) throws(KafkaError) -> Set<String> {
        guard !topics.isEmpty else { return [] }
        var requests: [OpaquePointer?] = []
        defer { for request in requests { rd_kafka_NewTopic_destroy(request) } }
        for topic in topics { requests.append(try Self.newTopic(topic)) }
        let results = try request(
            RD_KAFKA_ADMIN_OP_CREATETOPICS, "create topics", timeout: timeout,
            options: { Self.wait(for: timeout, in: $0) },
            send: { rd_kafka_CreateTopics(client.handle, &requests, requests.count, $0, $1) },
            read: { answer throws(KafkaError) in
                var count = 0
                let results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(answer), &count)
                return TopicResult.read(results, count)
            })
        let failure = results.first { $0.code != .none && $0.code != .topicAlreadyExists }
        if let failure { throw failure.error("create topic") }
        let created = Set(results.filter { $0.code == .none }.map(\.topic))
        try awaitLeaders(of: created, timeout: timeout)
        return created
    }

    /// Apache Kafka answers when the controller has created a topic; the brokers hear of it a little later.
    private func awaitLeaders(of names: Set<String>, timeout: Duration) throws(KafkaError) {
        let end = ContinuousClock.now + timeout
        while true {
            let known = try topics(Array(names), timeout: timeout)
            let isReady =
                known.count == names.count && known.allSatisfy { $0.partitions.allSatisfy { $0.leader != nil } }
            guard !isReady else { return }
            guard ContinuousClock.now < end else {
                throw KafkaError(.timedOut, operation: "wait for leaders of new topics")
            }
            usleep(20_000)
        }
    }

    /// Deletes topics with all they hold. Those that don't exist are passed over.
    public func deleteTopics(_ names: [String], timeout: Duration) throws(KafkaError) {
        guard !names.isEmpty else { return }
        var requests: [OpaquePointer?] = names.map { rd_kafka_DeleteTopic_new($0) }
        defer { for request in requests { rd_kafka_DeleteTopic_destroy(request) } }
        let results = try request(
            RD_KAFKA_ADMIN_OP_DELETETOPICS, "delete topics", timeout: timeout,
            options: { Self.wait(for: timeout, in: $0) },
            send: { rd_kafka_DeleteTopics(client.handle, &requests, requests.count, $0, $1) },
            read: { answer throws(KafkaError) in
                var count = 0
                let results = rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(answer), &count)
                return TopicResult.read(results, count)
            })
        let failure = results.first { $0.code != .none && $0.code != .unknownTopicOrPartition }
        if let failure { throw failure.error("delete topic") }
    }

    /// The topics there are, or those of `names` that exist; by name. Asking for a name does not create the topic.
    public func topics(_ names: [String]? = nil, timeout: Duration) throws(KafkaError) -> [TopicDescription] {
        // All of them: asking for single names may create them, if the brokers allow that.
        var metadata: UnsafePointer<rd_kafka_metadata>?
        try client.check(rd_kafka_metadata(client.handle, 1, nil, &metadata, timeout.milliseconds), "list topics")
        guard let metadata else { return [] }
        defer { rd_kafka_metadata_destroy(metadata) }
        let wanted = names.map { Set($0) }
        return (0..<Int(metadata.pointee.topic_cnt)).map { metadata.pointee.topics[$0] }
            .filter { $0.err == RD_KAFKA_RESP_ERR_NO_ERROR }
            .map { TopicDescription($0) }
            .filter { wanted?.contains($0.name) ?? true }
            .sorted { $0.name < $1.name }
    }

    /// Deletes the records before these offsets; ``Offset/end`` deletes all.
    public func deleteRecords(before places: [TopicPartitionOffset], timeout: Duration) throws(KafkaError) {
        guard !places.isEmpty else { return }
        var requests: [OpaquePointer?] = [PartitionList(places).lend { rd_kafka_DeleteRecords_new($0) }]
        defer { for request in requests { rd_kafka_DeleteRecords_destroy(request) } }
        let operation = "delete records"
        let entries = try request(
            RD_KAFKA_ADMIN_OP_DELETERECORDS, operation, timeout: timeout,
            send: { rd_kafka_DeleteRecords(client.handle, &requests, requests.count, $0, $1) },
            read: { answer throws(KafkaError) in
                PartitionEntry.read(
                    rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(answer)))
            })
        for entry in entries { if let error = entry.error(operation) { throw error } }
    }

    private static func newTopic(_ topic: TopicSpecification) throws(KafkaError) -> OpaquePointer {
        var text = [CChar](repeating: 0, count: 512)
        let request = rd_kafka_NewTopic_new(
            topic.name, topic.partitions, Int32(topic.replicas), &text, text.count)
        guard let request else {
            throw KafkaError(
                .invalidArgument, operation: "create topic", message: String(nulTerminated: text), topic: topic.name)
        }
        for (name, value) in topic.settings.sorted(by: { $0.key < $1.key }) {
            _ = rd_kafka_NewTopic_set_config(request, name, value)
        }
        return request
    }

    /// The brokers answer when all of them know.
    private static func wait(for timeout: Duration, in options: OpaquePointer) {
        var text = [CChar](repeating: 0, count: 256)
        let milliseconds = min(max(1, timeout.milliseconds), 3_600_000)
        _ = rd_kafka_AdminOptions_set_operation_timeout(options, milliseconds, &text, text.count)
    }
}

/// What a request did to one topic.
private struct TopicResult {
    let topic: String
    let code: KafkaError.Code
    let message: String?

    func error(_ operation: String) -> KafkaError {
        KafkaError(code, operation: operation, message: message, topic: topic)
    }

    static func read(_ results: UnsafeMutablePointer<OpaquePointer?>?, _ count: Int) -> [TopicResult] {
        (0..<count).map { index in
            let result = results?[index]
            return TopicResult(
                topic: String(cString: rd_kafka_topic_result_name(result)),
                code: KafkaError.Code(rd_kafka_topic_result_error(result)),
                message: rd_kafka_topic_result_error_string(result).map { String(cString: $0) })
        }
    }
}

extension TopicDescription {
    fileprivate init(_ topic: rd_kafka_metadata_topic) {
        name = String(cString: topic.topic)
        partitions = (0..<Int(topic.partition_cnt)).map { PartitionDescription(topic.partitions[$0]) }
            .sorted { $0.partition < $1.partition }
    }
}

extension PartitionDescription {
    fileprivate init(_ metadata: rd_kafka_metadata_partition) {
        partition = metadata.id
        leader = metadata.leader < 0 ? nil : metadata.leader
        replicas = (0..<Int(metadata.replica_cnt)).map { metadata.replicas[$0] }
        inSyncReplicas = (0..<Int(metadata.isr_cnt)).map { metadata.isrs[$0] }
    }
}
