/// Why a request got no answer. It names the server's origin, never the path, a field, a body or a credential.
public struct HTTPClientError: Error, Sendable, CustomStringConvertible {
    /// What happened.
    public enum Kind: Sendable, Equatable {
        /// The URL is broken, not http or https, or holds credentials, which belong in a field. Nothing was sent.
        case badURL
        /// The method or a field can't be sent as it is. Nothing was sent.
        case badRequest
        /// There was no connection to the server in time, or it broke before the request left. Nothing was sent.
        case unreachable
        /// The server's certificate is not trusted, or there is no common TLS. Nothing was sent.
        case tls
        /// The time was over after the request had left: the server may have done what it says, or may do it still.
        case timedOut
        /// The connection broke after the request had left: the server may have done what it says.
        case brokenOff
        /// The answer is longer than the client takes. The server has most likely done what the request says.
        case answerTooLarge
    }

    /// What happened.
    public let kind: Kind
    /// The request's method.
    public let method: HTTPMethod
    /// Scheme, host and port; nil when the URL has none.
    public let origin: String?
    /// Details, from libcurl.
    public let reason: String

    /// Whether the server may have acted. If so look before you repeat, unless the method is idempotent.
    public var isOutcomeUnknown: Bool {
        switch kind {
        case .timedOut, .brokenOff, .answerTooLarge: true
        case .badURL, .badRequest, .unreachable, .tls: false
        }
    }

    /// Whether the same request can succeed later without anybody's doing; see `isOutcomeUnknown` first.
    public var isRetriable: Bool {
        switch kind {
        case .unreachable, .timedOut, .brokenOff: true
        case .badURL, .badRequest, .tls, .answerTooLarge: false
        }
    }

    /// For example: `POST http://127.0.0.1:8080: no answer in time, outcome unknown (Operation timed out …)`.
    public var description: String {
        let what =
            switch kind {
            case .badURL: "bad URL"
            case .badRequest: "the request can't be sent"
            case .unreachable: "unreachable, nothing was sent"
            case .tls: "no trusted connection, nothing was sent"
            case .timedOut: "no answer in time, outcome unknown"
            case .brokenOff: "the connection broke before the answer, outcome unknown"
            case .answerTooLarge: "the answer is too large"
            }
        return "\(method) \(origin ?? "URL"): \(what) (\(reason))"
    }
}
