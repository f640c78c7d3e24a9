import CRdKafka

/// What went wrong between this process and Kafka: what was attempted, where, librdkafka's code, and what to do.
///
/// Decide on ``verdict``, never on the text. Messages carry librdkafka's and the broker's words, no record's bytes and
/// no secret setting.
public struct KafkaError: Error, Sendable, Hashable, CustomStringConvertible {
    /// librdkafka's code: negative ones are the client's own, positive ones the broker's.
    public let code: Code
    /// What this means for the caller.
    public let verdict: Verdict
    /// What was attempted, such as `commit transaction`.
    public let operation: String
    /// librdkafka's or the broker's explanation.
    public let message: String
    /// The topic it is about, if known.
    public internal(set) var topic: String?
    /// The partition it is about, if known.
    public internal(set) var partition: Int32?
    /// The offset it is about, if known.
    public internal(set) var offset: Int64?

    package init(
        _ code: Code, operation: String, message: String? = nil, verdict: Verdict? = nil, topic: String? = nil,
        partition: Int32? = nil, offset: Int64? = nil
    ) {
        self.code = code
        self.verdict = verdict ?? Verdict(of: code)
        self.operation = operation
        self.message = message ?? code.meaning
        self.topic = topic
        self.partition = partition
        self.offset = offset
    }

    /// The code's name as librdkafka and Kafka's documentation spell it, such as `UNKNOWN_TOPIC_OR_PART`.
    public var name: String { code.name }

    /// `commit transaction: _TIMED_OUT: … at topic[3]@5531. Repeat it: …`
    public var description: String {
        var text = "\(operation): \(name): \(message)"
        if let place { text += " at \(place)" }
        if !text.hasSuffix(".") { text += "." }
        return "\(text) \(remedy)"
    }

    /// `topic`, `topic[partition]` or `topic[partition]@offset`, as far as it is known.
    public var place: String? {
        guard let topic else { return nil }
        guard let partition else { return topic }
        guard let offset else { return "\(topic)[\(partition)]" }
        return "\(topic)[\(partition)]@\(offset)"
    }
}

extension KafkaError {
    /// A librdkafka response code (`rd_kafka_resp_err_t`).
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// The number, as librdkafka and the Kafka protocol count.
        public let rawValue: Int32

        /// A code by its number.
        public init(rawValue: Int32) { self.rawValue = rawValue }

        init(_ code: rd_kafka_resp_err_t) { self.init(rawValue: code.rawValue) }

        var native: rd_kafka_resp_err_t { rd_kafka_resp_err_t(rawValue: rawValue) }

        /// The name without its prefix, such as `_TIMED_OUT`.
        public var name: String { String(cString: rd_kafka_err2name(native)) }

        /// librdkafka's one-line explanation.
        public var meaning: String { String(cString: rd_kafka_err2str(native)) }
    }
}

extension KafkaError {
    /// Takes over an error object of librdkafka, which is freed; nil stays nil.
    static func take(_ error: OpaquePointer?, _ operation: String, client: OpaquePointer? = nil) -> KafkaError? {
        guard let error else { return nil }
        defer { rd_kafka_error_destroy(error) }
        return KafkaError(borrowing: error, operation, client: client)
    }

    /// Reads an error object of librdkafka without freeing it.
    init(borrowing error: OpaquePointer, _ operation: String, client: OpaquePointer? = nil) {
        let code = Code(rd_kafka_error_code(error))
        let message = String(cString: rd_kafka_error_string(error))
        if code == .fatal, let client, let cause = KafkaError(fatalOf: client, operation) {
            self = cause
            return
        }
        let verdict = Verdict(
            of: code, fatal: rd_kafka_error_is_fatal(error) != 0,
            abortable: rd_kafka_error_txn_requires_abort(error) != 0,
            retriable: rd_kafka_error_is_retriable(error) != 0)
        self.init(code, operation: operation, message: message, verdict: verdict)
    }

    /// The error that has put `client` out of action for good, if there is one.
    init?(fatalOf client: OpaquePointer, _ operation: String) {
        var text = [CChar](repeating: 0, count: 512)
        let code = Code(rd_kafka_fatal_error(client, &text, text.count))
        guard code != .none else { return nil }
        let verdict = Verdict(of: code, fatal: true, abortable: false, retriable: false)
        self.init(code, operation: operation, message: String(nulTerminated: text), verdict: verdict)
    }

    /// A bare response code; `_FATAL` is replaced by what has caused it.
    init(_ code: rd_kafka_resp_err_t, _ operation: String, client: OpaquePointer? = nil, message: String? = nil) {
        let code = Code(code)
        if code == .fatal, let client, let cause = KafkaError(fatalOf: client, operation) {
            self = cause
        } else {
            self.init(code, operation: operation, message: message)
        }
    }

    /// The same error, its place added.
    func at(_ place: TopicPartition?) -> KafkaError {
        var copy = self
        copy.topic = place?.topic ?? topic
        copy.partition = place?.partition ?? partition
        return copy
    }
}

extension String {
    /// The text of a C buffer up to its first zero byte.
    init(nulTerminated buffer: [CChar]) {
        self = buffer.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }
}
