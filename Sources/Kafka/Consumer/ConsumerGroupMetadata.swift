import CRdKafka

/// What a transaction needs to know of the consumer whose offsets it commits: its group, member and generation. The
/// broker refuses the offsets of a member that the group has moved on from.
public struct ConsumerGroupMetadata: ~Copyable, @unchecked Sendable {
    private let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) { self.pointer = pointer }

    /// Names a group without a member, for offsets that no member reads. Such offsets are not fenced.
    public init(group: String) { pointer = rd_kafka_consumer_group_metadata_new(group) }

    borrowing func lend<Result, Failure: Error>(
        _ body: (OpaquePointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(pointer)
    }

    deinit { rd_kafka_consumer_group_metadata_destroy(pointer) }
}
