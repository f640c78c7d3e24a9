import CRdKafka
import Glibc

/// A record as librdkafka holds it, lent by its ``Batch``: nothing is copied, and nothing of it outlives the batch.
public struct Record: ~Copyable, ~Escapable {
    private let message: UnsafeMutablePointer<rd_kafka_message_t>
    /// nil for a ``MadeRecord``, whose message stands at the head of its body.
    private unowned(unsafe) let assignment: Assignment?

    @_lifetime(borrow batch)
    init(_ message: UnsafeMutablePointer<rd_kafka_message_t>, of batch: borrowing Batch) {
        self.message = message
        assignment = batch.assignment
    }

    /// The topic's name. Kept by the consumer, so no new string is made.
    public var topic: String { assignment?.name(of: message.pointee.rkt) ?? made.pointee.topic }

    /// The partition's number.
    public var partition: Int32 { message.pointee.partition }

    /// The topic and the partition.
    public var topicPartition: TopicPartition { TopicPartition(topic, partition) }

    /// The record's own offset. Commit ``Batch/positions()``, never this one plus 1: transaction markers take offsets.
    public var offset: Int64 { message.pointee.offset }

    /// Milliseconds since 1970-01-01 UTC: the producer's clock, or the broker's if the topic says `LogAppendTime`.
    /// nil if the record carries none.
    public var timestamp: Int64? {
        let timestamp = assignment == nil ? made.pointee.timestamp : rd_kafka_message_timestamp(message, nil)
        return timestamp < 0 ? nil : timestamp
    }

    /// The key; nil if the record has none, which differs from an empty one.
    public var key: RawSpan? {
        @_lifetime(copy self)
        get { lend(message.pointee.key, message.pointee.key_len) }
    }

    /// The value; nil is a tombstone, which differs from an empty value.
    public var value: RawSpan? {
        @_lifetime(copy self)
        get { lend(message.pointee.payload, message.pointee.len) }
    }

    /// The value of the last header of a name; nil if there is none or its value is null.
    @_lifetime(copy self)
    public func header(_ name: String) -> RawSpan? {
        guard let headers else { return nil }
        var start: UnsafeRawPointer?
        var count = 0
        guard rd_kafka_header_get_last(headers, name, &start, &count) == RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
        return lend(start, count)
    }

    /// The text of the last header of a name; nil if there is none, its value is null, or not UTF-8.
    public func headerText(_ name: String) -> String? {
        header(name)?.withUnsafeBytes { String(validating: $0, as: UTF8.self) }
    }

    /// Lends every header in its order.
    public func forEachHeader<Failure: Error>(
        _ body: (borrowing RecordHeader) throws(Failure) -> Void
    ) throws(Failure) {
        guard let headers else { return }
        var index = 0
        var (name, start, count): (UnsafePointer<CChar>?, UnsafeRawPointer?, Int) = (nil, nil, 0)
        while rd_kafka_header_get_all(headers, index, &name, &start, &count) == RD_KAFKA_RESP_ERR_NO_ERROR {
            if let name { try body(RecordHeader(name, start, count, of: self)) }
            index += 1
        }
    }

    /// Lends names (UTF-8) and values of all headers in their order, as they lie in memory: for who reads them of every
    /// record. A value without an address is Kafka's null.
    ///
    /// librdkafka reads headers when they are asked for, each into memory of its own, and keeps them with their record: a
    /// batch's are tens of thousands of pieces. So they are freed here as soon as they are lent: the next record's take their
    /// place while it is still in the cache. Who asks again has them read again.
    package func forEachHeaderBytes(_ body: (UnsafeBufferPointer<UInt8>, UnsafeRawBufferPointer) -> Void) {
        guard let headers = detachedHeaders ?? madeHeaders else { return }
        defer { if assignment != nil { rd_kafka_headers_destroy(headers) } }
        var index = 0
        var (name, start, count): (UnsafePointer<CChar>?, UnsafeRawPointer?, Int) = (nil, nil, 0)
        while rd_kafka_header_get_all(headers, index, &name, &start, &count) == RD_KAFKA_RESP_ERR_NO_ERROR {
            index += 1
            guard let name else { continue }
            body(
                UnsafeBufferPointer(
                    start: UnsafeRawPointer(name).assumingMemoryBound(to: UInt8.self), count: strlen(name)),
                UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count))
        }
    }

    var headers: OpaquePointer? {
        if assignment == nil { return made.pointee.headers }
        var headers: OpaquePointer?
        return rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR ? headers : nil
    }

    /// The headers, taken from their record; whoever asks frees them.
    private var detachedHeaders: OpaquePointer? {
        var headers: OpaquePointer?
        guard assignment != nil, rd_kafka_message_detach_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR else {
            return nil
        }
        return headers
    }

    private var madeHeaders: OpaquePointer? { assignment == nil ? made.pointee.headers : nil }

    private var made: UnsafeMutablePointer<MadeRecord.Body> {
        UnsafeMutableRawPointer(message).assumingMemoryBound(to: MadeRecord.Body.self)
    }

    @_lifetime(copy self)
    private func lend(_ start: UnsafeRawPointer?, _ count: Int) -> RawSpan? {
        guard let start else { return nil }
        return _overrideLifetime(RawSpan(_unsafeStart: start, byteCount: count), copying: self)
    }
}

/// One header of a record that was read, lent by it.
public struct RecordHeader: ~Copyable, ~Escapable {
    private let start: UnsafePointer<CChar>
    private let bytes: UnsafeRawPointer?
    private let count: Int

    @_lifetime(copy record)
    init(_ name: UnsafePointer<CChar>, _ bytes: UnsafeRawPointer?, _ count: Int, of record: borrowing Record) {
        start = name
        self.bytes = bytes
        self.count = count
    }

    /// The header's name.
    public var name: String { String(cString: start) }

    /// The header's bytes; nil is Kafka's null value.
    public var value: RawSpan? {
        @_lifetime(copy self)
        get {
            guard let bytes else { return nil }
            return _overrideLifetime(RawSpan(_unsafeStart: bytes, byteCount: count), copying: self)
        }
    }
}
