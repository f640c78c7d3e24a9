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
    /// Queues a record whose value is not copied: `owner` keeps it as it is until the transaction has ended.
    func produce(
        to topic: String, partition: Int32?, key: UnsafeRawBufferPointer, lasting value: UnsafeRawBufferPointer?,
        of owner: AnyObject, headers: consuming Headers?
    ) throws(KafkaError)
    func sendOffsets(
        _ positions: [TopicPartitionOffset], group: borrowing ConsumerGroupMetadata, timeout: Duration
    ) throws(KafkaError)
    func commit(timeout: Duration) throws(KafkaError)
    func abort(timeout: Duration) throws(KafkaError)
    func takeDelivered() -> [Delivered]
    /// Sends what is queued without lingering, until all is acknowledged or the time is up. What fails shows in the commit.
    func hasten(timeout: Duration)
    func watermarks(of partitions: [TopicPartition], timeout: Duration) throws(KafkaError) -> [TopicPartition:
        Watermarks]
    func ends(of partitions: [TopicPartition], timeout: Duration) throws(KafkaError) -> [TopicPartition: Int64]
    func offsets(from times: [TopicPartition: Int64], timeout: Duration) throws(KafkaError) -> [TopicPartition: Int64]
    func partitionCount(of topic: String, timeout: Duration) throws(KafkaError) -> Int32?
}

extension TransactionalProducer {
    /// Copies the value all the same.
    package func produce(
        to topic: String, partition: Int32?, key: UnsafeRawBufferPointer, lasting value: UnsafeRawBufferPointer?,
        of owner: AnyObject, headers: consuming Headers?
    ) throws(KafkaError) {
        try produce(
            to: topic, partition: partition, key: key.bytes, value: value?.bytes, headers: headers, timestamp: nil,
            token: 0)
    }
}

extension Producer: TransactionalProducer {}
