import Digests

/// A blocking HTTP client over libcurl. Connections are kept and used again; any number of threads may share it, and
/// each gets a handle of its own for the time of a request.
///
///     let client = HTTPClient()
///     let answer = try client.send(HTTPClient.Request(.post, url, fields: ["Authorization": token], body: bytes))
///     guard answer.isSuccess else { … }
///
/// A status is an answer, not an error. Redirects are not followed. A request that is not idempotent is never sent twice
/// behind your back, as libcurl would do when a kept connection dies.
public final class HTTPClient: Sendable {
    /// What holds for all requests.
    public struct Options: Sendable {
        /// How long to wait for a connection, TLS included.
        public var connectTimeout = Duration.seconds(5)
        /// How long a whole request may take.
        public var timeout = Duration.seconds(30)
        /// A file of certificates (PEM) to trust instead of the system's.
        public var trustedCertificates: String?
        /// Whether servers must prove who they are. Turn it off for a test on your own machine only.
        public var verifiesServers = true
        /// The longest body of an answer in bytes.
        public var largestAnswer = 64 << 20
        /// The value of `User-Agent`.
        public var userAgent = "omnigration"

        /// The usual values.
        public init() {}
    }

    /// A request to be sent.
    public struct Request: Sendable {
        /// What to do.
        public var method: HTTPMethod
        /// http or https, percent-encoded, without credentials.
        public var url: String
        /// The header fields; `Host` and `Content-Length` are added.
        public var fields: HTTPFields
        /// The body's bytes.
        public var body: [UInt8]
        /// How long this request may take, if not as long as the client's others.
        public var timeout: Duration?

        /// A request.
        public init(
            _ method: HTTPMethod, _ url: String, fields: HTTPFields = [:], body: [UInt8] = [], timeout: Duration? = nil
        ) {
            self.method = method
            self.url = url
            self.fields = fields
            self.body = body
            self.timeout = timeout
        }
    }

    private let options: Options
    // The handle used last is the one whose connection is most likely still open.
    private let idle = Monitor<[CurlHandle]>([])

    /// A client; it connects with its first request.
    public init(_ options: Options = Options()) { self.options = options }

    /// Sends a request and blocks until its answer is there, or it is clear that there won't be one.
    public func send(_ request: Request) throws(HTTPClientError) -> HTTPResponse {
        let handle = idle.withLock { $0.popLast() } ?? CurlHandle()
        defer { idle.withLock { $0.append(handle) } }
        return try handle.perform(request, options)
    }

    /// The value of `Authorization` for a user and a password (RFC 7617).
    public static func basicAuthorization(user: String, password: String) -> String {
        "Basic \(Base64.encode(Array("\(user):\(password)".utf8)))"
    }

    /// The value of `Authorization` for a token (RFC 6750).
    public static func bearerAuthorization(_ token: String) -> String { "Bearer \(token)" }
}
