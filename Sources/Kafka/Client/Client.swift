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
        SASLPlugins.spare(unless: settings)
        context.begin(settings)
        let configuration = try Self.telling(settings).makeConfiguration()
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

    deinit {
        rd_kafka_destroy_flags(handle, destroyFlags)
        context.end()
    }

    /// With what makes librdkafka say when a connection stands: a few lines a connection, none a request.
    private static func telling(_ settings: Settings) -> Settings {
        var settings = settings
        let debug = settings["debug"].map { $0.split(separator: ",").map(String.init) } ?? []
        if !debug.contains("broker"), !debug.contains("all") {
            settings["debug"] = (debug + ["broker"]).joined(separator: ",")
        }
        return settings
    }

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

    /// Asks the brokers something that only they can answer. Who waits for long shows in ``BrokerWatch``.
    func asking<Answer>(_ question: () throws(KafkaError) -> Answer) throws(KafkaError) -> Answer {
        guard let sight = context.brokers else { return try question() }
        return try sight.asking(question)
    }

    func explained(_ error: KafkaError) -> KafkaError {
        guard error.isSilence, let report = context.lastConnectionError else { return error }
        return KafkaError(
            error.code, operation: error.operation, message: "\(error.message) (last reported: \(report))",
            verdict: error.verdict, topic: error.topic, partition: error.partition, offset: error.offset)
    }
}

/// What librdkafka's callbacks of one client share. It reaches them as the configuration's opaque pointer.
class ClientContext: @unchecked Sendable {
    let log: Logger
    private let connectionError = Mutex<String?>(nil)
    private let sight = Mutex<BrokerSight?>(nil)
    private let repetitions = Mutex(Repetitions())
    /// Whether somebody has asked for librdkafka's own debugging lines.
    private let showsDebug = Atomic(false)

    init(log: Logger) { self.log = log }

    /// What a connection to a broker last failed with.
    var lastConnectionError: String? { connectionError.withLock { $0 } }

    /// The brokers that its settings name, as all clients of the process see them.
    var brokers: BrokerSight? { sight.withLock { $0 } }

    /// Before the client is made, with its settings.
    func begin(_ settings: Settings) {
        sight.withLock { $0 = BrokerSight.of(settings) }
        showsDebug.store(settings["debug"] != nil, ordering: .relaxed)
    }

    /// After the client has ended.
    func end() { sight.withLock { $0 }?.forget(ObjectIdentifier(self)) }

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
        let concernsConnection = facility == "STATE" || facility == "FAIL" && level > .debug
        guard concernsConnection || level >= log.logLevel else { return }
        let message = text.map { String(cString: $0) } ?? ""
        if concernsConnection {
            if facility == "FAIL" { connectionError.withLock { $0 = message } }
            tell(BrokerLine(facility: facility, text: message, isError: level >= .error))
        }
        // Meant for the Admin that shares a producer's connections.
        if facility == "CONFWARN", message.contains("isolation.level is a consumer property") { return }
        if level == .debug, !showsDebug.load(ordering: .relaxed) { return }
        say(message, at: shown(level, facility, message), metadata: ["facility": "\(facility)"])
    }

    /// Logs a line, but once a while where it repeats itself.
    func say(_ line: String, at level: Logger.Level, metadata: Logger.Metadata) {
        let isTold = level > .debug && repetitions.withLock { $0.isNews(line, at: .now) }
        log.log(level: isTold ? level : .debug, "\(line)", metadata: metadata)
    }

    /// What goes wrong with a transaction, and can be aborted: who runs it hears of it, and says what becomes of it.
    private static let ofTransactions: Set<String> = ["TXNERR", "ADDPARTS", "ADDOFFSETS"]

    /// Every attempt of every connection is an error to librdkafka, and so is what it makes of it all (`brokers are down`).
    private func shown(_ level: Logger.Level, _ facility: String, _ message: String) -> Logger.Level {
        // What can't be aborted is worse than an error.
        if level == .error, Self.ofTransactions.contains(facility) { return .info }
        let isOfConnections =
            message.contains("brokers are down") || message.contains("Disconnected")
            || sight.withLock { $0 }?.isAway == true
        let isFolded = facility == "FAIL" || facility == "ERROR" && isOfConnections
        return isFolded ? .debug : level
    }

    /// One line when a broker goes, one when it is back, whichever of the process's clients sees it.
    private func tell(_ line: BrokerLine?) {
        guard let line, let sight = sight.withLock({ $0 }) else { return }
        switch sight.read(line, client: ObjectIdentifier(self)) {
        case .away(let broker, let why):
            log.warning(
                "a broker can't be reached; it is tried again", metadata: ["broker": "\(broker)", "error": "\(why)"])
        case .back(let broker, let time):
            log.notice("the broker is back", metadata: ["broker": "\(broker)", "after": "\(time)"])
        case nil: break
        }
    }

    private func report(code: rd_kafka_resp_err_t, reason: UnsafePointer<CChar>?) {
        let code = KafkaError.Code(code)
        let reason = reason.map { String(cString: $0) } ?? code.meaning
        // Connections that break are mended by librdkafka, and told of where they are seen to; what doesn't mend shows as
        // a failed operation.
        let isFolded = [.transport, .allBrokersDown, .resolve].contains(code)
        let level: Logger.Level =
            isFolded ? .debug : KafkaError.Verdict(of: code) == .retriable ? .notice : .error
        say(reason, at: level, metadata: ["code": "\(code.name)"])
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
