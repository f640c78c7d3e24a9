import CRdKafka
import Glibc
import Synchronization

/// Kafka transactions of a producer with a `transactional.id`. One thread runs them; others may produce meanwhile.
///
/// Retriable errors are retried inside until `timeout` has passed. What is thrown then says what to do:
/// ``KafkaError/Verdict/retriable``: call the same function again (a commit's outcome is open until it returns);
/// ``KafkaError/Verdict/abortable``: ``abort(timeout:)``, and go on from the committed offsets;
/// ``KafkaError/Verdict/fenced`` and ``KafkaError/Verdict/fatal``: this producer is finished.
extension Producer {
    /// Announces the transactional id to the broker: fences the producer that used it before, and ends what that one
    /// left open. Once, before the first transaction.
    public func initTransactions(timeout: Duration) throws(KafkaError) {
        try client.asking { () throws(KafkaError) in
            try retry("initialise transactions", timeout) { rd_kafka_init_transactions(client.handle, $0) }
        }
    }

    /// Begins a transaction. Records may be produced until it is committed or aborted.
    public func begin() throws(KafkaError) {
        forget()
        try client.check(rd_kafka_begin_transaction(client.handle), "begin transaction")
        inTransaction.store(true, ordering: .relaxed)
    }

    /// Adds consumed positions to the transaction: they are committed with it, or not at all. The consumer's group
    /// metadata lets the broker refuse a member that has been replaced.
    public func sendOffsets(
        _ positions: [TopicPartitionOffset], group: borrowing ConsumerGroupMetadata, timeout: Duration
    ) throws(KafkaError) {
        guard !positions.isEmpty else { return }
        try PartitionList(positions).lend { offsets throws(KafkaError) in
            try group.lend { group throws(KafkaError) in
                try client.asking { () throws(KafkaError) in
                    try retry("send offsets to transaction", timeout) {
                        rd_kafka_send_offsets_to_transaction(client.handle, offsets, group, $0)
                    }
                }
            }
        }
    }

    /// Waits for all records of the transaction, then commits it.
    public func commit(timeout: Duration) throws(KafkaError) {
        awaitFullBatches()
        do {
            try client.asking { () throws(KafkaError) in
                try retry("commit transaction", timeout) { rd_kafka_commit_transaction(client.handle, $0) }
            }
        } catch {
            // The record that spoilt it says more.
            guard error.verdict == .abortable, let cause = context.takeFailure() else { throw error }
            throw KafkaError(
                cause.code, operation: error.operation, message: "\(error.message) (\(cause.message))",
                verdict: .abortable, topic: cause.topic, partition: cause.partition)
        }
        inTransaction.store(false, ordering: .relaxed)
    }

    /// Aborts the transaction: drops what is queued, and undoes what was written. Offsets sent with it don't count.
    public func abort(timeout: Duration) throws(KafkaError) {
        try retry("abort transaction", timeout) { rd_kafka_abort_transaction(client.handle, $0) }
        inTransaction.store(false, ordering: .relaxed)
        forget()
    }

    /// Waits as long as acknowledgements come in quick succession, where much is queued.
    ///
    /// A commit sends everything at once. Of that, an idempotent producer has one request of a partition on its way; as long as
    /// records wait that could leave but for that, librdkafka 2.0's thread polls without a pause, which took a third of a
    /// busy hub's processor time. Full batches that leave before their `linger.ms` is over are waited for asleep; what is
    /// left then is mostly less than a batch of each partition.
    private func awaitFullBatches() {
        while rd_kafka_outq_len(client.handle) > 1_000, rd_kafka_poll(client.handle, 20) > 0 {}
    }

    /// Acknowledgements of what is no longer wanted.
    private func forget() {
        _ = context.takeFailure()
        _ = context.takeDelivered()
    }

    private func retry(
        _ operation: String, _ timeout: Duration, _ call: (Int32) -> OpaquePointer?
    ) throws(KafkaError) {
        let deadline = Deadline(after: timeout)
        while true {
            do {
                return try client.check(call(max(1, deadline.milliseconds)), operation)
            } catch {
                guard error.isRetriable, !deadline.passed else { throw error }
                usleep(10_000)
            }
        }
    }
}
