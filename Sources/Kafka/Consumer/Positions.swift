import CRdKafka
import Glibc

/// Where a consumer stands, has been and goes: positions, commits, seeks.
extension Consumer {
    /// The next offset of each partition that has handed out anything since it was assigned or sought. Moves with each
    /// poll; to commit what a batch holds, take ``Batch/positions()``.
    public func positions() -> [TopicPartitionOffset] { assignment.positions() }

    /// Commits positions for the group. `wait: false` returns at once, and a failure is only logged: right where the
    /// next commit makes up for it.
    ///
    /// A member that has lost its place in the group for want of an answer, and not joined it again yet, is told so:
    /// ``KafkaError/Code/assignmentLost``. Poll on.
    public func commit(_ positions: [TopicPartitionOffset], wait: Bool = true) throws(KafkaError) {
        guard !positions.isEmpty else { return }
        guard !isBetweenMemberships else {
            throw KafkaError(
                .assignmentLost, operation: "commit offsets", message: "this member is about to join its group again")
        }
        let code = PartitionList(positions).lend { rd_kafka_commit(client.handle, $0, wait ? 0 : 1) }
        try client.check(code, "commit offsets")
    }

    /// librdkafka gives its place up when nothing was heard of the group for `session.timeout.ms`, as on a machine that is too busy. What
    /// it commits before it has joined again goes out under no member's id. The broker, which has heard of that member all the
    /// while, takes a named one for a process that another has replaced, and librdkafka 2.0 ends the client for good.
    private var isBetweenMemberships: Bool {
        guard isStatic, isMember, let id = rd_kafka_memberid(client.handle) else { return false }
        defer { rd_kafka_mem_free(client.handle, id) }
        return id.pointee == 0
    }

    /// What the group has committed for partitions; those without a commit are left out.
    ///
    /// While a transaction holds offsets, brokers answer only when it has ended: a retriable error then says that the
    /// time was not enough, never an old offset.
    public func committed(
        _ partitions: [TopicPartition], timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: Int64] {
        guard !partitions.isEmpty else { return [:] }
        let list = PartitionList(partitions)
        let operation = "read committed offsets"
        try client.asking { () throws(KafkaError) in
            try client.check(list.lend { rd_kafka_committed(client.handle, $0, timeout.milliseconds) }, operation)
        }
        let places = try list.places(operation).filter { $0.offset >= 0 }
        return Dictionary(places.map { ($0.partition, $0.offset) }) { $1 }
    }

    /// Goes on from these offsets. Records fetched before are dropped; positions are unknown until something is read.
    public func seek(to places: [TopicPartitionOffset], timeout: Duration) throws(KafkaError) {
        let deadline = Deadline(after: timeout)
        for place in places {
            guard let topic = rd_kafka_topic_new(client.handle, place.topic, nil) else {
                throw client.error(rd_kafka_last_error(), "seek").at(place.partition)
            }
            defer { rd_kafka_topic_destroy(topic) }
            try seek(topic, to: place, until: deadline)
            assignment.sought(place)
        }
    }

    /// One partition by the older call: rd_kafka_seek_partitions waits a thousandth of its timeout in librdkafka 2.0.
    private func seek(
        _ topic: OpaquePointer, to place: TopicPartitionOffset, until deadline: Deadline
    ) throws(KafkaError) {
        let starting = Deadline(after: .milliseconds(500))
        while true {
            let left = max(1, deadline.milliseconds)
            let code = rd_kafka_seek(topic, place.partition.partition, place.offset, left)
            if code == RD_KAFKA_RESP_ERR_NO_ERROR { return }
            // Just assigned, and its fetcher has not started yet: it does so on librdkafka's own thread.
            let isStarting = code == RD_KAFKA_RESP_ERR__STATE || code == RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS
            // Or it was stopped, by a position that isn't there, and starts no more.
            if code == RD_KAFKA_RESP_ERR__STATE, starting.passed, client.isCooperative { return try restart(at: place) }
            guard isStarting, !deadline.passed else {
                throw client.error(code, "seek to \(place.offset)").at(place.partition)
            }
            usleep(1_000)
        }
    }

    /// Gives a partition back to librdkafka and takes it again, which starts its fetcher anew. The group isn't asked.
    private func restart(at place: TopicPartitionOffset) throws(KafkaError) {
        if let refusal = client.unassign([place.partition]) { throw refusal }
        let result = PartitionList([place]).lend { rd_kafka_incremental_assign(client.handle, $0) }
        if let refusal = KafkaError.take(result, "take a partition again", client: client.handle) { throw refusal }
    }

    /// This member, for ``Producer/sendOffsets(_:group:timeout:)``. Take it anew for each transaction: it changes with
    /// every rebalance.
    public func groupMetadata() -> ConsumerGroupMetadata {
        // nil only without a group.id, which the initialiser demands.
        ConsumerGroupMetadata(owning: rd_kafka_consumer_group_metadata(client.handle))
    }
}
