/// What a process needs of a consumer that is a member of a group: ``Consumer``, or a stand-in whose broker is simulated.
///
/// The functions are described at ``Consumer``. One thread owns it.
package protocol GroupConsumer: AnyObject {
    func subscribe(to topics: [String], hooks: RebalanceHooks) throws(KafkaError)
    var partitions: [TopicPartition] { get }
    func poll<Result>(max: Int, timeout: Duration, _ body: (borrowing Batch) throws -> Result) throws -> Result
    func positions() -> [TopicPartitionOffset]
    func commit(_ positions: [TopicPartitionOffset], wait: Bool) throws(KafkaError)
    func committed(_ partitions: [TopicPartition], timeout: Duration) throws(KafkaError) -> [TopicPartition: Int64]
    func seek(to places: [TopicPartitionOffset], timeout: Duration) throws(KafkaError)
    func groupMetadata() -> ConsumerGroupMetadata
    func close() throws
}

extension Consumer: GroupConsumer {}
