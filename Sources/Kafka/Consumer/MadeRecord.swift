import CRdKafka

/// A record that no librdkafka client has fetched: what a simulated broker keeps and lends. Owns its bytes.
///
/// It looks like librdkafka's own, so that who reads a ``Batch`` can't tell and pays nothing for it.
package final class MadeRecord {
    /// The message, and behind it what librdkafka hides behind its own.
    struct Body {
        var message: rd_kafka_message_t
        /// -1 for none.
        var timestamp: Int64
        let headers: OpaquePointer?
        var topic: String
    }

    let body: UnsafeMutablePointer<Body>

    /// A record at its place; the bytes are copied.
    ///
    /// - Parameter timestamp: milliseconds since 1970-01-01 UTC.
    package init(
        at place: TopicPartitionOffset, timestamp: Int64?, key: RawSpan?, value: RawSpan?,
        headers: consuming Headers? = nil
    ) {
        var message = rd_kafka_message_t()
        message.partition = place.partition.partition
        message.offset = place.offset
        (message.key, message.key_len) = Self.copy(key)
        (message.payload, message.len) = Self.copy(value)
        body = .allocate(capacity: 1)
        body.initialize(
            to: Body(message: message, timestamp: timestamp ?? -1, headers: headers?.take(), topic: place.topic))
    }

    deinit {
        body.pointee.message.key?.deallocate()
        body.pointee.message.payload?.deallocate()
        if let headers = body.pointee.headers { rd_kafka_headers_destroy(headers) }
        body.deinitialize(count: 1)
        body.deallocate()
    }

    /// Where it stands.
    package var place: TopicPartitionOffset {
        TopicPartitionOffset(body.pointee.topic, body.pointee.message.partition, body.pointee.message.offset)
    }

    /// Its time, in milliseconds since 1970-01-01 UTC.
    package var timestamp: Int64? { body.pointee.timestamp < 0 ? nil : body.pointee.timestamp }

    /// The key; nil if there is none.
    package var key: UnsafeRawBufferPointer? { Self.bytes(body.pointee.message.key, body.pointee.message.key_len) }

    /// The value; nil is a tombstone.
    package var value: UnsafeRawBufferPointer? { Self.bytes(body.pointee.message.payload, body.pointee.message.len) }

    /// The headers as text, in their order; nil is Kafka's null.
    package var headers: [(name: String, text: String?)] {
        guard let headers = body.pointee.headers else { return [] }
        var found: [(name: String, text: String?)] = []
        var (name, start, count): (UnsafePointer<CChar>?, UnsafeRawPointer?, Int) = (nil, nil, 0)
        while rd_kafka_header_get_all(headers, found.count, &name, &start, &count) == RD_KAFKA_RESP_ERR_NO_ERROR {
            let text = start.map { String(decoding: UnsafeRawBufferPointer(start: $0, count: count), as: UTF8.self) }
            found.append((name.map { String(cString: $0) } ?? "", text))
        }
        return found
    }

    /// Puts it where a broker has appended it.
    package func stand(at place: TopicPartitionOffset, timestamp: Int64?) {
        body.pointee.topic = place.topic
        body.pointee.message.partition = place.partition.partition
        body.pointee.message.offset = place.offset
        body.pointee.timestamp = timestamp ?? -1
    }

    /// Null and empty differ, so empty bytes have an address too.
    private static func copy(_ span: RawSpan?) -> (UnsafeMutableRawPointer?, Int) {
        guard let span else { return (nil, 0) }
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, span.byteCount), alignment: 8)
        span.withUnsafeBytes { copy.copyMemory(from: $0) }
        return (copy.baseAddress, span.byteCount)
    }

    private static func bytes(_ start: UnsafeMutableRawPointer?, _ count: Int) -> UnsafeRawBufferPointer? {
        start.map { UnsafeRawBufferPointer(start: $0, count: count) }
    }
}
