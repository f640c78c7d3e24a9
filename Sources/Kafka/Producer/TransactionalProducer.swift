/// What a process needs of a producer with a `transactional.id`: ``Producer``, or a stand-in whose broker is simulated.
///
/// The functions are described at ``Producer``.
package protocol TransactionalProducer: AnyObject {
    func initTransactions(timeout: Duration) throws(KafkaError)
    func begin() throws(KafkaError)
    func produce(
        to topic: String, partition: Int32?, key: RawSpan?, value: RawSpan?, headers: consuming Headers?,
        timestamp: Int64?, token: UInt64
    ) throws(KafkaError)
    func sendOffsets(
        _ positions: [TopicPartitionOffset], group: borrowing ConsumerGroupMetadata, timeout: Duration
    ) throws(KafkaError)
    func commit(timeout: Duration) throws(KafkaError)
    func abort(timeout: Duration) throws(KafkaError)
    func takeDelivered() -> [Delivered]
}

extension Producer: TransactionalProducer {}
