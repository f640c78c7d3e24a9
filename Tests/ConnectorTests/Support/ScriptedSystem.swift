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
    ///   - fields: what stands in the head of every answer.
    init(
        _ answer: @escaping @Sendable (_ method: String, _ path: String, _ page: String?) -> (Int, JSON),
        written: (@Sendable (_ path: String, _ body: JSON) -> (Int, JSON))? = nil, fields: [(String, String)] = []
    ) throws {
        server = HTTPServer(
            host: "127.0.0.1", port: 0, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) { request in
            if let written, !request.body.isEmpty {
                let (status, body) = written(request.path, try JSON(parsing: request.body))
                return Self.response(status, body, fields)
            }
            let (status, body) = answer(request.method.rawValue, request.path, request.query["page"])
            return Self.response(status, body, fields)
        }
        url = "http://127.0.0.1:\(try server.start())"
    }

    private static func response(_ status: Int, _ body: JSON, _ fields: [(String, String)]) -> HTTPResponse {
        var response = HTTPResponse.json(status, body.utf8)
        for (name, value) in fields { response.fields.add(name, value) }
        return response
    }

    deinit { server.stop(grace: .zero) }
}
