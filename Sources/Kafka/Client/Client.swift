import CRdKafka
import Logging
import Synchronization

/// Owns one librdkafka handle and what its callbacks need; both end together.
final class Client: @unchecked Sendable {
    /// The handle. librdkafka's functions on it are thread-safe unless they say otherwise.
    let handle: OpaquePointer
    private let context: ClientContext
    private let destroyFlags: Int32

    /// Creates a handle; `prepare` may add callbacks to its configuration.
    init(
        _ type: rd_kafka_type_t, _ settings: Settings, _ context: ClientContext, destroyFlags: Int32 = 0,
        prepare: (OpaquePointer) -> Void = { _ in }
    ) throws(KafkaError) {
        let configuration = try settings.makeConfiguration()
        rd_kafka_conf_set_opaque(configuration, Unmanaged.passUnretained(context).toOpaque())
        ClientContext.installLog(in: configuration)
        prepare(configuration)
        var text = [CChar](repeating: 0, count: 512)
        guard let handle = rd_kafka_new(type, configuration, &text, text.count) else {
            rd_kafka_conf_destroy(configuration)
            throw KafkaError(.invalidArgument, operation: "create client", message: String(nulTerminated: text))
        }
        self.handle = handle
        self.context = context
        self.destroyFlags = destroyFlags
    }

    deinit { rd_kafka_destroy_flags(handle, destroyFlags) }

    /// An error of an operation on this client. If no broker answered, it says also what the connections last
    /// failed with: usually the cause.
    func error(_ code: rd_kafka_resp_err_t, _ operation: String) -> KafkaError {
        explained(KafkaError(code, operation, client: handle))
    }

    /// Throws an error object of librdkafka, which is freed; nil is success.
    func check(_ error: OpaquePointer?, _ operation: String) throws(KafkaError) {
        if let error = KafkaError.take(error, operation, client: handle) { throw explained(error) }
    }

    /// Throws a response code unless it is success.
    func check(_ code: rd_kafka_resp_err_t, _ operation: String) throws(KafkaError) {
        if code != RD_KAFKA_RESP_ERR_NO_ERROR { throw error(code, operation) }
    }

    func explained(_ error: KafkaError) -> KafkaError {
        let silences: [KafkaError.Code] = [.timedOut, .transport, .allBrokersDown, .waitCoordinator]
        guard silences.contains(error.code), let report = context.lastConnectionError else { return error }
        return KafkaError(
            error.code, operation: error.operation, message: "\(error.message) (last reported: \(report))",
            verdict: error.verdict, topic: error.topic, partition: error.partition, offset: error.offset)
    }
}

/// What librdkafka's callbacks of one client share. It reaches them as the configuration's opaque pointer.
class ClientContext: @unchecked Sendable {
    let log: Logger
    private let connectionError = Mutex<String?>(nil)

    init(log: Logger) { self.log = log }

    /// What a connection to a broker last failed with.
    var lastConnectionError: String? { connectionError.withLock { $0 } }

    /// The context that belongs to an opaque pointer of librdkafka.
    static func of<Context: ClientContext>(_ opaque: UnsafeMutableRawPointer?, as: Context.Type) -> Context {
        Unmanaged<Context>.fromOpaque(opaque!).takeUnretainedValue()
    }

    /// librdkafka logs from its own threads, at any time.
    static func installLog(in configuration: OpaquePointer) {
        rd_kafka_conf_set_log_cb(configuration) { client, level, facility, text in
            guard let client, let opaque = rd_kafka_opaque(client) else { return }
            ClientContext.of(opaque, as: ClientContext.self).report(level: level, facility: facility, text: text)
        }
    }

    /// Errors come while the client is polled. Without this callback they are logged.
    static func installErrors(in configuration: OpaquePointer) {
        rd_kafka_conf_set_error_cb(configuration) { _, code, reason, opaque in
            guard let opaque else { return }
            let code = rd_kafka_resp_err_t(rawValue: code)
            ClientContext.of(opaque, as: ClientContext.self).report(code: code, reason: reason)
        }
    }

    private func report(level: Int32, facility: UnsafePointer<CChar>?, text: UnsafePointer<CChar>?) {
        let level = Logger.Level(syslog: level)
        let facility = facility.map { String(cString: $0) } ?? ""
        let isConnection = facility == "FAIL"
        guard isConnection || level >= log.logLevel else { return }
        let message = text.map { String(cString: $0) } ?? ""
        // Meant for the Admin that shares a producer's connections.
        if facility == "CONFWARN", message.contains("isolation.level is a consumer property") { return }
        if isConnection { connectionError.withLock { $0 = message } }
        log.log(level: level, "\(message)", metadata: ["facility": "\(facility)"])
    }

    private func report(code: rd_kafka_resp_err_t, reason: UnsafePointer<CChar>?) {
        let code = KafkaError.Code(code)
        let reason = reason.map { String(cString: $0) } ?? code.meaning
        // Connections that break are mended by librdkafka; what doesn't mend shows as a failed operation.
        let level: Logger.Level = KafkaError.Verdict(of: code) == .retriable ? .notice : .error
        log.log(level: level, "\(reason)", metadata: ["code": "\(code.name)"])
    }
}

extension Logger.Level {
    /// The level of a syslog severity (RFC 5424, 0 emergency to 7 debug), which is how librdkafka counts.
    init(syslog severity: Int32) {
        self =
            switch severity {
            case ...2: .critical
            case 3: .error
            case 4: .warning
            case 5: .notice
            case 6: .info
            default: .debug
            }
    }
}
