public import Document
public import Transports

/// Somebody at a web system's API: the demonstration's clerk, and its final table.
public struct WebClient: Sendable {
    /// For example `http://127.0.0.1:8081`.
    public let url: String
    private let token: String
    private let client: HTTPClient

    /// A client with its token.
    /// - Parameter timeout: How long an answer may take.
    public init(url: String, token: String, timeout: Duration = .seconds(10)) {
        self.url = url
        self.token = token
        var options = HTTPClient.Options()
        options.timeout = timeout
        options.userAgent = "demo"
        client = HTTPClient(options)
    }

    /// What a system answered.
    public struct Answer: Sendable {
        /// The status.
        public let status: Int
        /// The header fields.
        public let fields: HTTPFields
        /// The body; null when there is none.
        public let body: JSON
    }

    /// Sends a request and returns whatever the system answers.
    /// - Throws: `HTTPClientError` when there is no answer, `JSONError` when it is no JSON.
    public func send(
        _ method: HTTPMethod, _ path: String, _ body: JSON? = nil, fields: HTTPFields = [:]
    ) throws -> Answer {
        var request = HTTPClient.Request(method, url + path, fields: fields)
        request.fields["Authorization"] = HTTPClient.bearerAuthorization(token)
        if let body {
            request.fields["Content-Type"] = "application/json"
            request.body = body.utf8
        }
        let answer = try client.send(request)
        return Answer(
            status: answer.status, fields: answer.fields,
            body: answer.body.isEmpty ? .null : try JSON(parsing: answer.body))
    }

    /// Sends a request that must succeed, and returns the answer's body.
    /// - Throws: ``DemoError`` with the system's words when the status isn't 2xx.
    @discardableResult
    public func call(_ method: HTTPMethod, _ path: String, _ body: JSON? = nil) throws -> JSON {
        let answer = try send(method, path, body)
        guard (200..<300).contains(answer.status) else {
            throw DemoError(
                "\(method) \(url)\(path): \(answer.status) \((answer.body["detail"] ?? answer.body["error"])?.string ?? "")"
            )
        }
        return answer.body
    }

    /// Whether the system answers at all.
    public var isUp: Bool {
        (try? client.send(HTTPClient.Request(.get, url + "/health", timeout: .seconds(1))))?.status == 200
    }
}
