import CRdKafka

#if canImport(Glibc)
    import Glibc
#endif

extension Admin {
    /// What a group has committed, for `partitions` or for all it ever committed; partitions without a commit are left
    /// out.
    ///
    /// While an open transaction holds offsets of the group, brokers don't tell them. When that has lasted for `timeout`, the error is
    /// ``KafkaError/Code/unstableOffsetCommit``, retriable: the offsets are unknown, which is not lag 0. `stable: false`
    /// reads the offsets from before the transaction instead.
    public func committed(
        group: String, _ partitions: [TopicPartition]? = nil, stable: Bool = true, timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: Int64] {
        if partitions?.isEmpty == true { return [:] }
        let end = ContinuousClock.now + timeout
        while true {
            do {
                return try readCommitted(
                    group, partitions, stable: stable, timeout: max(end - .now, .milliseconds(1)))
            } catch {
                guard stable, error.code == .timedOut || error.code == .unstableOffsetCommit else { throw error }
                // Apache Kafka says at once that a transaction is open; most are over in some milliseconds.
                if error.code == .unstableOffsetCommit, ContinuousClock.now < end {
                    usleep(5_000)
                    continue
                }
                // Brokers that are silent look like a transaction that is. The unstable view tells them apart.
                _ = try readCommitted(group, partitions, stable: false, timeout: min(timeout, .seconds(2)))
                throw KafkaError(
                    .unstableOffsetCommit, operation: error.operation,
                    message: "an open transaction holds offsets of the group")
            }
        }
    }

    /// Sets a group's offsets. The group must have no members.
    public func commit(_ offsets: [TopicPartitionOffset], group: String, timeout: Duration) throws(KafkaError) {
        guard !offsets.isEmpty else { return }
        var requests: [OpaquePointer?] = [
            PartitionList(offsets).lend { rd_kafka_AlterConsumerGroupOffsets_new(group, $0) }
        ]
        defer { for request in requests { rd_kafka_AlterConsumerGroupOffsets_destroy(request) } }
        let operation = "set offsets of group \(group)"
        try request(
            RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS, operation, timeout: timeout,
            send: { rd_kafka_AlterConsumerGroupOffsets(client.handle, &requests, requests.count, $0, $1) },
            read: { answer throws(KafkaError) in
                var count = 0
                let results = rd_kafka_AlterConsumerGroupOffsets_result_groups(
                    rd_kafka_event_AlterConsumerGroupOffsets_result(answer), &count)
                _ = try Self.entries(results, count, operation)
            })
    }

    private func readCommitted(
        _ group: String, _ partitions: [TopicPartition]?, stable: Bool, timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: Int64] {
        let operation = "read offsets of group \(group)"
        var requests: [OpaquePointer?] = [Self.query(group, partitions)]
        defer { for request in requests { rd_kafka_ListConsumerGroupOffsets_destroy(request) } }
        let entries = try request(
            RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, operation, timeout: timeout,
            options: { options in
                if let error = rd_kafka_AdminOptions_set_require_stable_offsets(options, stable ? 1 : 0) {
                    rd_kafka_error_destroy(error)
                }
            },
            send: { rd_kafka_ListConsumerGroupOffsets(client.handle, &requests, requests.count, $0, $1) },
            read: { answer throws(KafkaError) in
                var count = 0
                let results = rd_kafka_ListConsumerGroupOffsets_result_groups(
                    rd_kafka_event_ListConsumerGroupOffsets_result(answer), &count)
                return try Self.entries(results, count, operation)
            })
        return Dictionary(entries.filter { $0.offset >= 0 }.map { ($0.partition, $0.offset) }) { $1 }
    }

    private static func query(_ group: String, _ partitions: [TopicPartition]?) -> OpaquePointer? {
        guard let partitions else { return rd_kafka_ListConsumerGroupOffsets_new(group, nil) }
        return PartitionList(partitions).lend { rd_kafka_ListConsumerGroupOffsets_new(group, $0) }
    }

    private static func entries(
        _ results: UnsafeMutablePointer<OpaquePointer?>?, _ count: Int, _ operation: String
    ) throws(KafkaError) -> [PartitionEntry] {
        var entries: [PartitionEntry] = []
        for index in 0..<count {
            if let error = rd_kafka_group_result_error(results?[index]) {
                throw KafkaError(borrowing: error, operation)
            }
            entries += PartitionEntry.read(rd_kafka_group_result_partitions(results?[index]))
        }
        for entry in entries { if let error = entry.error(operation) { throw error } }
        return entries
    }
}
