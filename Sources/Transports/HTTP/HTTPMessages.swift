/// A request's method (RFC 9110, section 9): any token.
public struct HTTPMethod: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// As it is sent: methods are case-sensitive.
    public let rawValue: String
    /// A method of any name.
    public init(rawValue: String) { self.rawValue = rawValue }
    /// The method's name.
    public var description: String { rawValue }

    /// GET
    public static let get = HTTPMethod(rawValue: "GET")
    /// HEAD
    public static let head = HTTPMethod(rawValue: "HEAD")
    /// POST
    public static let post = HTTPMethod(rawValue: "POST")
    /// PUT
    public static let put = HTTPMethod(rawValue: "PUT")
    /// PATCH
    public static let patch = HTTPMethod(rawValue: "PATCH")
    /// DELETE
    public static let delete = HTTPMethod(rawValue: "DELETE")
    /// OPTIONS
    public static let options = HTTPMethod(rawValue: "OPTIONS")

    /// Whether doing it twice is doing it once (RFC 9110, section 9.2.2), so that it may be repeated without asking.
    public var isIdempotent: Bool {
        [.get, .head, .put, .delete, .options, HTTPMethod(rawValue: "TRACE")].contains(self)
    }
}

/// A request that the server has received whole.
public struct HTTPRequest: Sendable {
    /// What to do.
    public let method: HTTPMethod
    /// The path as it was sent, still percent-encoded, without the query.
    public let path: String
    /// The parameters behind the question mark, decoded.
    public let query: QueryParameters
    /// The header fields.
    public let fields: HTTPFields
    /// The body's bytes as they came: signatures are over them.
    public let body: [UInt8]
    /// The client's address without its port; nil for one that was made, not received.
    public let client: String?
    /// What stood in the places of the router's pattern, decoded: `/products/{id}` gives `["id": …]`.
    public internal(set) var parameters: [String: String] = [:]

    /// A request, as for a test of a handler.
    /// - Parameter target: Path and query, percent-encoded.
    public init(
        _ method: HTTPMethod, _ target: String, fields: HTTPFields = [:], body: [UInt8] = [], client: String? = nil
    ) {
        self.method = method
        self.fields = fields
        self.body = body
        self.client = client
        let mark = target.utf8.firstIndex(of: UInt8(ascii: "?"))
        path = String(target[..<(mark ?? target.endIndex)])
        query = QueryParameters(mark.map { target[target.utf8.index(after: $0)...] } ?? "")
    }
}

/// An answer: one that a handler gives, or one that a client got.
public struct HTTPResponse: Sendable, Equatable {
    /// The status code (RFC 9110, section 15).
    public var status: Int
    /// The header fields. The server adds `Content-Length`, `Date` and `Connection` itself.
    public var fields: HTTPFields
    /// The body's bytes.
    public var body: [UInt8]

    /// An answer.
    public init(_ status: Int, fields: HTTPFields = [:], body: [UInt8] = []) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    /// An answer with a body of this media type.
    public init(_ status: Int, _ mediaType: String, _ body: [UInt8]) {
        self.init(status, fields: ["Content-Type": mediaType], body: body)
    }

    /// An answer of plain text.
    public static func text(_ status: Int, _ text: String) -> HTTPResponse {
        HTTPResponse(status, "text/plain; charset=utf-8", Array(text.utf8))
    }

    /// An answer of JSON's bytes.
    public static func json(_ status: Int = 200, _ body: [UInt8]) -> HTTPResponse {
        HTTPResponse(status, "application/json", body)
    }

    /// 404: there is nothing at this path.
    public static var notFound: HTTPResponse { .text(404, "There is nothing here.\n") }

    /// 405: there is something, but not for this method.
    public static func methodNotAllowed(allowed: [HTTPMethod]) -> HTTPResponse {
        let names = allowed.map(\.rawValue).joined(separator: ", ")
        var response = HTTPResponse.text(405, "This takes \(names).\n")
        response.fields["Allow"] = names
        return response
    }

    /// Whether the status says success (2xx).
    public var isSuccess: Bool { (200..<300).contains(status) }
}

/// Thrown by a handler to answer with a status other than 500. The words reach the client.
public struct HTTPRefusal: Error, Sendable, CustomStringConvertible {
    /// The status to answer with.
    public let status: Int
    /// What the client reads.
    public let message: String

    /// A refusal with a status and words for the client.
    public init(_ status: Int, _ message: String) {
        self.status = status
        self.message = message
    }

    /// For the log.
    public var description: String { "\(status): \(message)" }
}
