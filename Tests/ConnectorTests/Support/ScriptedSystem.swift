import Document
import Logging
import Transports

/// A system with an HTTP API that answers as a test says.
final class ScriptedSystem: Sendable {
    private let server: HTTPServer
    let url: String

    /// - Parameter answer: what it answers to a method, a path and the query's parameter `page`.
    init(_ answer: @escaping @Sendable (_ method: String, _ path: String, _ page: String?) -> (Int, JSON)) throws {
        server = HTTPServer(
            host: "127.0.0.1", port: 0, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) { request in
            let (status, body) = answer(request.method.rawValue, request.path, request.query["page"])
            return .json(status, body.utf8)
        }
        url = "http://127.0.0.1:\(try server.start())"
    }

    deinit { server.stop(grace: .zero) }
}
