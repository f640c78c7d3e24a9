import CRdKafka

/// The headers of a record to be produced: names and bytes, in order; a name may stand more than once.
public struct Headers: ~Copyable {
    private var pointer: OpaquePointer?

    /// No headers yet; `capacity` is what room is made for at once.
    public init(capacity: Int = 8) { pointer = rd_kafka_headers_new(capacity) }

    /// Headers of text, such as `Headers([("ce_id", id), ("ce_type", "product")])`.
    public init(_ headers: [(name: String, text: String)]) {
        self.init(capacity: headers.count)
        for header in headers { add(header.name, header.text) }
    }

    /// The headers of a record that was read, as they are.
    public init(copying record: borrowing Record) {
        pointer = record.headers.map { rd_kafka_headers_copy($0) } ?? rd_kafka_headers_new(8)
    }

    init(owning pointer: OpaquePointer?) { self.pointer = pointer }

    deinit {
        if let pointer { rd_kafka_headers_destroy(pointer) }
    }

    /// How many there are.
    public var count: Int { rd_kafka_header_cnt(pointer) }

    /// Adds a header; its bytes are copied. nil is Kafka's null value, which differs from an empty one.
    public mutating func add(_ name: String, _ value: RawSpan?) {
        withBytes(of: value) { start, count in
            // Fails only for headers that are read-only, which owned ones never are.
            _ = rd_kafka_header_add(pointer, name, -1, start, count)
        }
    }

    /// Adds a header of UTF-8 text.
    public mutating func add(_ name: String, _ text: String) { add(name, text.utf8.span.bytes) }

    /// Adds a header whose name is written in the code; its bytes are copied.
    public mutating func add(constant name: StaticString, _ value: RawSpan) {
        name.withUTF8Buffer { name in
            withBytes(of: value) { start, count in
                _ = name.withMemoryRebound(to: CChar.self) {
                    rd_kafka_header_add(pointer, $0.baseAddress, $0.count, start, count)
                }
            }
        }
    }

    /// Adds a header of UTF-8 text, under a name that is written in the code.
    public mutating func add(constant name: StaticString, _ text: String) { add(constant: name, text.utf8.span.bytes) }

    /// Removes all headers of a name.
    public mutating func remove(_ name: String) { _ = rd_kafka_header_remove(pointer, name) }

    /// Hands the C object over; whoever takes it frees it.
    consuming func take() -> OpaquePointer? {
        let taken = pointer
        pointer = nil
        return taken
    }
}

/// Lends the bytes of a span to C, where null and empty differ: an empty span has an address, nil has none.
func withBytes<Result, Failure: Error>(
    of span: RawSpan?, _ body: (UnsafeRawPointer?, Int) throws(Failure) -> Result
) throws(Failure) -> Result {
    guard let span else { return try body(nil, 0) }
    return try span.withUnsafeBytes { bytes throws(Failure) -> Result in
        try body(bytes.baseAddress ?? emptyBytes, bytes.count)
    }
}

/// An address for empty bytes; never read.
private nonisolated(unsafe) let emptyBytes = UnsafeRawPointer(bitPattern: 1)!
