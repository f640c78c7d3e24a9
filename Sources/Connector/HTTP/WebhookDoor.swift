import Digests
import Document
import Installation
import Logging
import Transports

/// Where a system's webhooks arrive: checks that they are its own (HMAC-SHA256 over the raw body), and passes them on.
final class WebhookDoor: Sendable {
    private let server: HTTPServer
    private let hints: [Hints]
    private let refused = Monitor(Refusals())
    /// The port it listens on.
    let port: Int

    private struct Refusals: Sendable {
        var count = 0
        var told: ContinuousClock.Instant?
    }

    /// Opens the door.
    ///
    /// - Parameter routes: the sources' paths, and where their deliveries go.
    init(_ listener: WebhookListener, routes: [(path: String, hints: Hints)], log: Logger) throws {
        let (host, port) = try Self.address(listener.listen)
        let refused = self.refused
        var router = Router()
        for route in routes {
            router.on(.post, route.path) { request in
                guard Self.isGenuine(request, listener) else {
                    Self.note(refused, log)
                    return .text(401, "The signature is missing or wrong.\n")
                }
                // Broken JSON never becomes right: the system would repeat it until it switches the webhook off.
                guard (try? JSON(parsing: request.body)) != nil else { return .text(400, "The body is no JSON.\n") }
                return await route.hints.deliver(request.body)
            }
        }
        hints = routes.map(\.hints)
        // A body is in memory before its signature is checked: anybody may send one.
        var limits = HTTPServerLimits()
        (limits.body, limits.connections) = (1 << 20, 256)
        server = HTTPServer(host: host, port: port, limits: limits, logger: log, handler: router.handler)
        self.port = try server.start()
    }

    /// Closes the door: who waits is told to come again.
    func close() {
        for hints in hints { hints.close() }
        server.stop(grace: .seconds(1))
    }

    /// How many deliveries were refused for their signature.
    var refusals: Int { refused.withLock { $0.count } }

    static func isGenuine(_ request: HTTPRequest, _ listener: WebhookListener) -> Bool {
        guard let sent = request.fields[listener.header], sent.hasPrefix(listener.before) else { return false }
        let signature = String(sent.dropFirst(listener.before.count))
        let decoded = listener.encoding == .hex ? Hex.decode(signature) : Base64.decode(signature)
        guard let decoded else { return false }
        let code = HMACSHA256.code(for: request.body, key: Array(listener.secret.reveal().utf8))
        return ConstantTime.areEqual(decoded, code)
    }

    /// One line a minute: whoever knocks at the wrong door must not fill the log.
    private static func note(_ refused: Monitor<Refusals>, _ log: Logger) {
        let count = refused.withLock { refused -> Int? in
            refused.count += 1
            if let told = refused.told, .now < told + .seconds(60) { return nil }
            refused.told = .now
            return refused.count
        }
        if let count { log.warning("webhooks with a wrong signature are refused", metadata: ["so-far": "\(count)"]) }
    }

    static func address(_ text: String) throws -> (host: String, port: Int) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]), port < 65536
        else {
            throw WrongSetting("\"\(text)\" is no address to listen on; write host:port")
        }
        return (String(text[..<colon]), port)
    }
}
