import CRdKafka

/// One setting of a topic, as the brokers have it.
public struct TopicSetting: Sendable, Hashable {
    /// Kafka's name, such as `retention.ms`.
    public let name: String
    /// The value; nil if the broker keeps it to itself.
    public let value: String?
    /// True if it was set for this topic; else it is the brokers' own.
    public let isOwn: Bool
    /// True if it can't be changed.
    public let isReadOnly: Bool
}

/// How a topic differs from its specification.
public struct TopicDifference: Sendable, Hashable, CustomStringConvertible {
    /// The topic's name.
    public let topic: String
    /// What differs.
    public let kind: Kind

    /// Names a difference.
    public init(topic: String, kind: Kind) {
        self.topic = topic
        self.kind = kind
    }

    /// What may differ.
    public enum Kind: Sendable, Hashable {
        /// There is no such topic.
        case missing
        /// The number of partitions. It can't be mended in place: keys would move.
        case partitions(expected: Int32, actual: Int32)
        /// The number of replicas of some partition.
        case replicas(expected: Int16, actual: Int)
        /// A setting; nil if the broker does not have it.
        case setting(name: String, expected: String, actual: String?)
    }

    /// One line for operators.
    public var description: String {
        switch kind {
        case .missing: "\(topic) does not exist"
        case .partitions(let expected, let actual): "\(topic) has \(actual) partitions, not \(expected)"
        case .replicas(let expected, let actual): "\(topic) has \(actual) replicas, not \(expected)"
        case .setting(let name, let expected, let actual):
            "\(topic) has \(name)=\(actual ?? "(unknown)"), not \(expected)"
        }
    }
}

extension Admin {
    /// The settings of existing topics. A topic that does not exist is an error.
    public func settings(of topics: [String], timeout: Duration) throws(KafkaError) -> [String: [TopicSetting]] {
        guard !topics.isEmpty else { return [:] }
        var resources: [OpaquePointer?] = topics.map { rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, $0) }
        defer { for resource in resources { rd_kafka_ConfigResource_destroy(resource) } }
        let operation = "describe topic settings"
        return try request(
            RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, operation, timeout: timeout,
            send: { rd_kafka_DescribeConfigs(client.handle, &resources, resources.count, $0, $1) },
            read: { answer throws(KafkaError) in
                var count = 0
                let results = rd_kafka_DescribeConfigs_result_resources(
                    rd_kafka_event_DescribeConfigs_result(answer), &count)
                try Self.check(results, count, operation)
                var settings: [String: [TopicSetting]] = [:]
                for index in 0..<count {
                    let name = String(cString: rd_kafka_ConfigResource_name(results?[index]))
                    settings[name] = TopicSetting.read(results?[index])
                }
                return settings
            })
    }

    /// Changes some settings of a topic and leaves its other own settings as they are.
    ///
    /// librdkafka 2.0 offers only Kafka's AlterConfigs, which replaces all: what another administrator changes between
    /// reading and writing is lost. So one at a time.
    public func alter(_ topic: String, settings: [String: String], timeout: Duration) throws(KafkaError) {
        guard !settings.isEmpty else { return }
        let present = try self.settings(of: [topic], timeout: timeout)[topic] ?? []
        var wanted: [String: String] = [:]
        for setting in present where setting.isOwn && !setting.isReadOnly { wanted[setting.name] = setting.value }
        wanted.merge(settings) { $1 }
        let resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic)
        defer { rd_kafka_ConfigResource_destroy(resource) }
        for (name, value) in wanted.sorted(by: { $0.key < $1.key }) {
            _ = rd_kafka_ConfigResource_set_config(resource, name, value)
        }
        var resources = [resource]
        let operation = "alter topic settings"
        try request(
            RD_KAFKA_ADMIN_OP_ALTERCONFIGS, operation, timeout: timeout,
            send: { rd_kafka_AlterConfigs(client.handle, &resources, resources.count, $0, $1) },
            read: { answer throws(KafkaError) in
                var count = 0
                let results = rd_kafka_AlterConfigs_result_resources(
                    rd_kafka_event_AlterConfigs_result(answer), &count)
                try Self.check(results, count, operation)
            })
    }

    /// How the brokers' topics differ from what they should be; nothing if they agree. Settings that are not specified
    /// are not compared.
    public func differences(
        from specifications: [TopicSpecification], timeout: Duration
    ) throws(KafkaError) -> [TopicDifference] {
        let actual = Dictionary(
            try topics(specifications.map(\.name), timeout: timeout).map { ($0.name, $0) }
        ) { $1 }
        let settings = try settings(of: actual.keys.sorted(), timeout: timeout)
        return specifications.flatMap { specification in
            guard let topic = actual[specification.name] else {
                return [TopicDifference(topic: specification.name, kind: .missing)]
            }
            return specification.differences(from: topic, settings[topic.name] ?? [])
        }
    }

    private static func check(
        _ results: UnsafeMutablePointer<OpaquePointer?>?, _ count: Int, _ operation: String
    ) throws(KafkaError) {
        for index in 0..<count {
            let code = KafkaError.Code(rd_kafka_ConfigResource_error(results?[index]))
            guard code != .none else { continue }
            let message = rd_kafka_ConfigResource_error_string(results?[index]).map { String(cString: $0) }
            let topic = rd_kafka_ConfigResource_name(results?[index]).map { String(cString: $0) }
            throw KafkaError(code, operation: operation, message: message, topic: topic)
        }
    }
}

extension TopicSpecification {
    func differences(from topic: TopicDescription, _ settings: [TopicSetting]) -> [TopicDifference] {
        var kinds: [TopicDifference.Kind] = []
        if topic.partitions.count != Int(partitions) {
            kinds.append(.partitions(expected: partitions, actual: Int32(topic.partitions.count)))
        }
        if replicas >= 0, let other = topic.partitions.first(where: { $0.replicas.count != Int(replicas) }) {
            kinds.append(.replicas(expected: replicas, actual: other.replicas.count))
        }
        for (name, expected) in self.settings.sorted(by: { $0.key < $1.key }) {
            let actual = settings.first { $0.name == name }?.value
            // Lists such as cleanup.policy=compact,delete are sets.
            func items(_ text: String) -> Set<Substring> { Set(text.split { $0 == "," || $0 == " " }) }
            if actual.map(items) != items(expected) {
                kinds.append(.setting(name: name, expected: expected, actual: actual))
            }
        }
        return kinds.map { TopicDifference(topic: self.name, kind: $0) }
    }
}

extension TopicSetting {
    fileprivate static func read(_ resource: OpaquePointer?) -> [TopicSetting] {
        var count = 0
        let entries = rd_kafka_ConfigResource_configs(resource, &count)
        return (0..<count).map { index in
            let entry = entries?[index]
            return TopicSetting(
                name: String(cString: rd_kafka_ConfigEntry_name(entry)),
                value: rd_kafka_ConfigEntry_value(entry).map { String(cString: $0) },
                isOwn: rd_kafka_ConfigEntry_source(entry) == RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG,
                isReadOnly: rd_kafka_ConfigEntry_is_read_only(entry) != 0)
        }
    }
}
