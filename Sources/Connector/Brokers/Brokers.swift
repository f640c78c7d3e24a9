import Document
package import Kafka

/// What a connector needs of the brokers: Kafka's, or a simulator's in their place.
package protocol Brokers: Sendable {
    /// The largest record that they take, in bytes.
    var largest: Int { get }
    /// The one producer.
    ///
    /// - Parameter onDelivery: hears what became of each record.
    func producer(_ onDelivery: @escaping @Sendable (Kafka.Delivery) -> Void) throws(KafkaError) -> any Outlet
    /// The member of the connector's group that reads for its sinks.
    func member() throws(KafkaError) -> any Member
    /// A reader outside of any group, of committed records.
    func follower() throws(KafkaError) -> any Follower
    /// The partitions of topics that must exist.
    func partitions(of topics: [String]) throws -> [TopicPartition]
    /// What partitions hold, uncommitted records included.
    func watermarks(of partitions: [TopicPartition]) throws(KafkaError) -> [TopicPartition: Watermarks]
    /// Where partitions end, uncommitted records included.
    func ends(of partitions: [TopicPartition]) throws(KafkaError) -> [TopicPartition: Int64]
    /// Reads partitions from their beginnings to the ends that they have now.
    func read(_ partitions: [TopicPartition], _ body: (borrowing Batch) throws -> Void) throws
}

/// Where records leave; described at ``Producer``.
package protocol Outlet: AnyObject, Sendable {
    func produce(
        to topic: String, partition: Int32?, key: RawSpan?, value: RawSpan?, headers: consuming Headers?,
        timestamp: Int64?, token: UInt64
    ) throws(KafkaError)
    func poll(timeout: Duration)
    func flush(timeout: Duration) throws(KafkaError)
}

/// A member of a group; described at ``Consumer``.
package protocol Member: AnyObject {
    func subscribe(to topics: [String], hooks: RebalanceHooks) throws(KafkaError)
    func poll<Result>(max: Int, timeout: Duration, _ body: (borrowing Batch) throws -> Result) throws -> Result
    func commit(_ positions: [TopicPartitionOffset], wait: Bool) throws(KafkaError)
    func committed(_ partitions: [TopicPartition], timeout: Duration) throws(KafkaError) -> [TopicPartition: Int64]
    func close() throws
}

/// Reads partitions that are assigned by hand; described at ``Consumer``.
package protocol Follower: AnyObject {
    func assign(_ places: [TopicPartitionOffset]) throws(KafkaError)
    func poll<Result>(max: Int, timeout: Duration, _ body: (borrowing Batch) throws -> Result) throws -> Result
    func close() throws
}

extension Producer: Outlet {}
extension Consumer: Member, Follower {}

extension Brokers {
    package func ends(of partitions: [TopicPartition]) throws(KafkaError) -> [TopicPartition: Int64] {
        try watermarks(of: partitions).mapValues(\.high)
    }

    /// Reads topics of ours from their beginnings to their ends: of each topic the newest value of each key, nothing where it
    /// was deleted, null where it can't be read.
    func tables(_ topics: [String]) throws -> [String: [String: JSON]] {
        var tables = Dictionary(uniqueKeysWithValues: topics.map { ($0, [String: JSON]()) })
        try read(try partitions(of: topics)) { batch in
            batch.forEach { record in
                guard let key = record.key?.withUnsafeBytes({ String(decoding: $0, as: UTF8.self) }) else { return }
                guard let value = record.value else {
                    tables[record.topic]?[key] = nil
                    return
                }
                tables[record.topic]?[key] =
                    value.withUnsafeBytes { try? JSON(parsing: Array($0)) } ?? .null
            }
        }
        return tables
    }
}
