import CRdKafka

/// A consumer group as its coordinator has it.
public struct GroupDescription: Sendable, Hashable {
    /// The group's name.
    public let name: String
    /// Kafka's word: `Stable`, `Empty`, `PreparingRebalance`, `CompletingRebalance` or `Dead`.
    public let state: String
    /// How partitions are handed out, such as `range`; empty without members.
    public let assignor: String
    /// Its members.
    public let members: [GroupMember]
}

/// A member of a consumer group.
public struct GroupMember: Sendable, Hashable {
    /// The id its coordinator gave it.
    public let id: String
    /// Its `client.id`.
    public let clientID: String
    /// Where it connects from.
    public let host: String
    /// The partitions it was handed.
    public let partitions: [TopicPartition]
}

extension Admin {
    /// The consumer groups, or the one of a name, by name; none if it does not exist. With `timeout` passed before all
    /// brokers have answered, a retriable error, never half a list.
    public func groups(_ name: String? = nil, timeout: Duration) throws(KafkaError) -> [GroupDescription] {
        // The older call. The newer ones (rd_kafka_ListConsumerGroups, rd_kafka_DescribeConsumerGroups) abort the
        // process in librdkafka 2.0 when a broker lacks the request.
        var list: UnsafePointer<rd_kafka_group_list>?
        let code = rd_kafka_list_groups(client.handle, name, &list, max(1, timeout.milliseconds))
        defer { if let list { rd_kafka_group_list_destroy(list) } }
        let operation = "describe groups"
        if code == RD_KAFKA_RESP_ERR__PARTIAL { throw client.error(RD_KAFKA_RESP_ERR__TIMED_OUT, operation) }
        try client.check(code, operation)
        guard let list else { return [] }
        var groups: [GroupDescription] = []
        for index in 0..<Int(list.pointee.group_cnt) {
            let group = list.pointee.groups[index]
            try client.check(group.err, operation)
            let type = String(orEmpty: group.protocol_type)
            // Kafka Connect's groups and others have protocols of their own.
            guard type == "consumer" || type.isEmpty else { continue }
            groups.append(GroupDescription(group))
        }
        return groups.sorted { $0.name < $1.name }
    }

    /// Deletes groups without members, with their offsets. Those that don't exist are passed over.
    public func deleteGroups(_ names: [String], timeout: Duration) throws(KafkaError) {
        for name in names { try deleteGroup(name, timeout: timeout) }
    }

    private func deleteGroup(_ name: String, timeout: Duration) throws(KafkaError) {
        var requests: [OpaquePointer?] = [rd_kafka_DeleteGroup_new(name)]
        defer { for request in requests { rd_kafka_DeleteGroup_destroy(request) } }
        let operation = "delete group \(name)"
        try request(
            RD_KAFKA_ADMIN_OP_DELETEGROUPS, operation, timeout: timeout,
            send: { rd_kafka_DeleteGroups(client.handle, &requests, requests.count, $0, $1) },
            read: { answer throws(KafkaError) in
                var count = 0
                let results = rd_kafka_DeleteGroups_result_groups(rd_kafka_event_DeleteGroups_result(answer), &count)
                for index in 0..<count {
                    guard let error = rd_kafka_group_result_error(results?[index]) else { continue }
                    let failure = KafkaError(borrowing: error, operation)
                    if failure.code != .groupIDNotFound { throw failure }
                }
            })
    }
}

extension GroupDescription {
    fileprivate init(_ group: rd_kafka_group_info) {
        name = String(orEmpty: group.group)
        state = String(orEmpty: group.state)
        assignor = String(orEmpty: group.protocol)
        members = (0..<Int(group.member_cnt)).map { GroupMember(group.members[$0]) }.sorted { $0.id < $1.id }
    }
}

extension GroupMember {
    fileprivate init(_ member: rd_kafka_group_member_info) {
        id = String(orEmpty: member.member_id)
        clientID = String(orEmpty: member.client_id)
        host = String(orEmpty: member.client_host)
        let bytes = UnsafeRawBufferPointer(
            start: member.member_assignment, count: max(0, Int(member.member_assignment_size)))
        partitions = MemberAssignment.partitions(of: bytes).sorted()
    }
}

/// Reads `ConsumerProtocolAssignment`: a version, then topics with their partitions, then user data.
struct MemberAssignment {
    private var rest: Slice<UnsafeRawBufferPointer>

    /// The partitions; none if the bytes are not an assignment.
    static func partitions(of bytes: UnsafeRawBufferPointer) -> [TopicPartition] {
        var reader = MemberAssignment(rest: bytes[...])
        return reader.partitions()
    }

    private mutating func partitions() -> [TopicPartition] {
        guard integer(Int16.self) != nil, let topics = integer(Int32.self) else { return [] }
        var partitions: [TopicPartition] = []
        for _ in 0..<max(0, topics) {
            guard let topic = string(), let count = integer(Int32.self) else { return [] }
            for _ in 0..<max(0, count) {
                guard let partition = integer(Int32.self) else { return [] }
                partitions.append(TopicPartition(topic, partition))
            }
        }
        return partitions
    }

    private mutating func integer<Integer: FixedWidthInteger>(_: Integer.Type) -> Integer? {
        let size = MemoryLayout<Integer>.size
        guard rest.count >= size else { return nil }
        defer { rest = rest.dropFirst(size) }
        return Integer(bigEndian: UnsafeRawBufferPointer(rebasing: rest).loadUnaligned(as: Integer.self))
    }

    private mutating func string() -> String? {
        guard let count = integer(Int16.self), count >= 0, rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(Int(count)) }
        return String(validating: rest.prefix(Int(count)), as: UTF8.self)
    }
}

extension String {
    /// A C string, or an empty one for none.
    fileprivate init(orEmpty text: UnsafePointer<CChar>?) { self = text.map { String(cString: $0) } ?? "" }
}
