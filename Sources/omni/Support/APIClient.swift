import Document
import Installation
import Transports

/// The hub's API, as the operator's commands ask it.
struct APIClient {
    private let origin: String
    private let token: Secret?
    private let client = HTTPClient()

    init(_ installation: Installation) {
        origin = "http://\(installation.settings.api.listen)"
        token = installation.settings.api.token
    }

    /// The answer to a GET; a refusal is a failure with the hub's words.
    func get(_ path: [String], query: [(String, String)] = []) throws -> JSON {
        var url = origin + path.map { "/" + PercentEncoding.encode($0) }.joined()
        if !query.isEmpty {
            url +=
                "?"
                + query.map { "\(PercentEncoding.encode($0.0))=\(PercentEncoding.encode($0.1))" }.joined(separator: "&")
        }
        var fields: HTTPFields = [:]
        if let token { fields["Authorization"] = HTTPClient.bearerAuthorization(token.reveal()) }
        let answer: HTTPResponse
        do throws(HTTPClientError) {
            answer = try client.send(HTTPClient.Request(.get, url, fields: fields))
        } catch {
            throw CommandFailure(
                "the hub's API at \(origin) gave no answer: \(error.reason). Is it running ('omni up' or 'omni hub')?")
        }
        guard answer.isSuccess else {
            let words =
                (try? JSON(parsing: answer.body))?["detail"]?.string ?? String(decoding: answer.body, as: UTF8.self)
            throw CommandFailure(words.isEmpty ? "the hub answered \(answer.status)" : words)
        }
        return try JSON(parsing: answer.body)
    }
}
