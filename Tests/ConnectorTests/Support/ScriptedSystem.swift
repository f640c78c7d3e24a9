import Document
import Logging
import Transports

/// A system with an HTTP API that answers as a test says.
final class ScriptedSystem: Sendable {
    private let server: HTTPServer
    let url: String

    /// - Parameters:
    ///   - answer: what it answers to a method, a path and the query's parameter `page`.
    ///   - written: what it answers to a path and a body, where there is a body.
    init(
        _ answer: @escaping @Sendable (_ method: String, _ path: String, _ page: String?) -> (Int, JSON),
        written: (@Sendable (_ path: String, _ body: JSON) -> (Int, JSON))? = nil
    ) throws {
        server = HTTPServer(
            host: "127.0.0.1", port: 0, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) { request in
            if let written, !request.body.isEmpty {
                let (status, body) = written(request.path, try JSON(parsing: request.body))
                return .json(status, body.utf8)
            }
            let (status, body) = answer(request.method.rawValue, request.path, request.query["page"])
            return .json(status, body.utf8)
        }
        url = "http://127.0.0.1:\(try server.start())"
    }

    deinit { server.stop(grace: .zero) }
}
