import CRdKafka

/// What a transaction needs to know of the consumer whose offsets it commits: its group, member and generation. The
/// broker refuses the offsets of a member that the group has moved on from.
public struct ConsumerGroupMetadata: ~Copyable, @unchecked Sendable {
    private let pointer: OpaquePointer
    /// What ``init(_:)`` was given: librdkafka doesn't tell.
    package let membership: Membership?

    /// A member of a simulated group, as its coordinator must know it again.
    package struct Membership: Sendable {
        package let group: String
        package let generation: Int32
        package let member: String

        package init(group: String, generation: Int32, member: String) {
            self.group = group
            self.generation = generation
            self.member = member
        }
    }

    init(owning pointer: OpaquePointer) {
        self.pointer = pointer
        membership = nil
    }

    /// Names a member of a simulated group.
    package init(_ membership: Membership) {
        self.membership = membership
        pointer = rd_kafka_consumer_group_metadata_new_with_genid(
            membership.group, membership.generation, membership.member, nil)
    }

    /// Names a group without a member, for offsets that no member reads. Such offsets are not fenced.
    public init(group: String) {
        pointer = rd_kafka_consumer_group_metadata_new(group)
        membership = nil
    }

    borrowing func lend<Result, Failure: Error>(
        _ body: (OpaquePointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(pointer)
    }

    deinit { rd_kafka_consumer_group_metadata_destroy(pointer) }
}
