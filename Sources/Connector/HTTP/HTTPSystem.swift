import Document
package import Installation
package import Transports

/// A system's HTTP API: requests with its credentials, answers sorted into what passes and what doesn't.
package struct HTTPSystem {
    private let connection: HTTPConnection
    private let exchange: Exchange

    /// Sends a request, and waits for its answer.
    package typealias Exchange = (HTTPClient.Request) throws(Unanswered) -> Answer

    init(_ connection: HTTPConnection) {
        var options = HTTPClient.Options()
        options.timeout = connection.timeout
        let client = HTTPClient(options)
        self.init(connection) { request throws(Unanswered) in
            do throws(HTTPClientError) {
                let answer = try client.send(request)
                return Answer(status: answer.status, fields: answer.fields, body: answer.body)
            } catch {
                throw Unanswered(description: "\(error)", isOutcomeUnknown: error.isOutcomeUnknown)
            }
        }
    }

    package init(_ connection: HTTPConnection, _ exchange: @escaping Exchange) {
        self.connection = connection
        self.exchange = exchange
    }

    /// An answer with its JSON.
    package struct Answer {
        let status: Int
        let fields: HTTPFields
        let body: [UInt8]

        package init(status: Int, fields: HTTPFields, body: [UInt8]) {
            self.status = status
            self.fields = fields
            self.body = body
        }

        var isSuccess: Bool { (200..<300).contains(status) }

        /// The body as JSON; null when it is none.
        var json: JSON { (try? JSON(parsing: body)) ?? .null }

        /// The system is out of order, or has enough for now: it may be well again later.
        var isSystemFailure: Bool { status >= 500 || [401, 403, 407, 408, 425, 429].contains(status) }
    }

    /// Sends a request.
    ///
    /// - Parameter path: path and query, percent-encoded; or a whole URL below the connection's own.
    /// - Throws: ``Unanswered`` when there was no answer.
    func send(
        _ method: HTTPMethod, _ path: String, body: JSON? = nil, fields extra: [(String, String)] = []
    ) throws(Unanswered) -> Answer {
        var fields = HTTPFields()
        fields.add("Accept", "application/json")
        if let token = connection.token { fields.add("Authorization", HTTPClient.bearerAuthorization(token.reveal())) }
        for (name, value) in connection.headers { fields[name] = value.reveal() }
        if body != nil { fields.add("Content-Type", "application/json") }
        for (name, value) in extra { fields[name] = value }
        return try exchange(HTTPClient.Request(method, url(path), fields: fields, body: body?.utf8 ?? []))
    }

    /// GET, of what must be there.
    func get(_ path: String) throws -> Answer {
        let answer: Answer
        do throws(Unanswered) { answer = try send(.get, path) } catch { throw SystemFailure(error.description) }
        if answer.isSystemFailure { throw failure(.get, answer) }
        return answer
    }

    /// What an answer that isn't success says to people: the status, never the body; and how long it asks to be left alone.
    func failure(_ method: HTTPMethod, _ answer: Answer) -> SystemFailure {
        SystemFailure(
            "\(method) \(connection.base) answered \(answer.status)", pause: RetryAfter.pause(answer.fields))
    }

    /// Credentials go to the system's own address only, whatever an answer names as its next page.
    private func url(_ path: String) -> String {
        if path.hasPrefix("/") || path.hasPrefix("?") { return connection.base + path }
        if path.hasPrefix(connection.base + "/") || path.hasPrefix(connection.base + "?") { return path }
        return connection.base + "/" + path
    }
}

/// There was no answer.
package struct Unanswered: Error, CustomStringConvertible {
    package let description: String
    /// Whether the system may have acted: look before you repeat (trap 3).
    let isOutcomeUnknown: Bool

    package init(description: String, isOutcomeUnknown: Bool) {
        self.description = description
        self.isOutcomeUnknown = isOutcomeUnknown
    }
}

/// A path with names in braces: `/api/products/{id}`.
enum PathTemplate {
    /// The names in it.
    static func names(_ template: String) -> [String] {
        template.split(separator: "{").dropFirst().compactMap { $0.split(separator: "}").first.map(String.init) }
    }

    /// The path, with each name's value percent-encoded; nil when one is missing.
    static func fill(_ template: String, _ value: (String) -> String?) -> String? {
        var path = ""
        var rest = template[...]
        while let open = rest.firstIndex(of: "{") {
            path += rest[..<open]
            guard let close = rest[open...].firstIndex(of: "}"),
                let value = value(String(rest[rest.index(after: open)..<close]))
            else { return nil }
            path += PercentEncoding.encode(value)
            rest = rest[rest.index(after: close)...]
        }
        return path + rest
    }
}
