import CRdKafka

/// The records that one poll has handed out, in the order of each partition. Freed when it ends.
///
/// ```swift
/// try consumer.poll(timeout: .milliseconds(100)) { batch in
///     for index in batch.indices { use(batch[index].value) }
///     offsets = batch.positions()
/// }
/// ```
public struct Batch: ~Copyable {
    private let messages: UnsafeMutablePointer<UnsafeMutablePointer<rd_kafka_message_t>?>
    /// nil for made records.
    let assignment: Assignment?
    private let made: [MadeRecord]
    private let standing: [TopicPartitionOffset]
    /// How many records there are; 0 if none came in time.
    public let count: Int
    /// The partitions whose end was reached, with the position then; only if `enable.partition.eof` is set.
    public let ends: [TopicPartitionOffset]

    init(
        _ messages: UnsafeMutablePointer<UnsafeMutablePointer<rd_kafka_message_t>?>, count: Int,
        ends: [TopicPartitionOffset], assignment: Assignment
    ) {
        self.messages = messages
        self.count = count
        self.ends = ends
        self.assignment = assignment
        made = []
        standing = []
    }

    /// What a simulated broker hands out.
    ///
    /// - Parameter positions: what ``positions()`` answers.
    package init(
        _ records: [MadeRecord], positions: [TopicPartitionOffset], ends: [TopicPartitionOffset] = []
    ) {
        messages = .allocate(capacity: records.count)
        for (index, record) in records.enumerated() {
            // The message is the body's first member, so their addresses are the same.
            let message = UnsafeMutableRawPointer(record.body).assumingMemoryBound(to: rd_kafka_message_t.self)
            (messages + index).initialize(to: message)
        }
        count = records.count
        self.ends = ends
        assignment = nil
        made = records
        standing = positions
    }

    deinit {
        guard assignment == nil else {
            for index in 0..<count { rd_kafka_message_destroy(messages[index]) }
            return
        }
        messages.deallocate()
    }

    /// True if there is no record.
    public var isEmpty: Bool { count == 0 }

    /// The records' indices.
    public var indices: Range<Int> { 0..<count }

    /// A record, lent.
    public subscript(index: Int) -> Record {
        @_lifetime(borrow self)
        get {
            precondition(index >= 0 && index < count, "no such record in the batch")
            return Record(messages[index]!, of: self)
        }
    }

    /// Lends every record in its order.
    public func forEach<Failure: Error>(_ body: (borrowing Record) throws(Failure) -> Void) throws(Failure) {
        for index in indices { try body(self[index]) }
    }

    /// The positions behind this batch, to be committed: the next offset of each partition that has handed out
    /// anything since it was assigned or sought, behind transaction markers too. Take them before the next poll.
    public func positions() -> [TopicPartitionOffset] { assignment?.positions() ?? standing }
}
