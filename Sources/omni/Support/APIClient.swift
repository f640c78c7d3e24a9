import Document
import Installation
import Transports

/// The hubs' API, as the operator's commands ask it.
///
/// With several hubs (`hub.instances`, their APIs on one port after the other) each answers for its own partitions: where one
/// says that another has to be asked, the next is.
struct APIClient {
    private let origins: [String]
    private let token: Secret?
    private let client = HTTPClient()

    init(_ installation: Installation) {
        let settings = installation.settings
        origins = Self.origins(listen: settings.api.listen, hubs: settings.hub.instances)
        token = settings.api.token
    }

    /// Where hubs listen that `omni up` runs; the first is where `listen` says.
    static func origins(listen: String, hubs: Int) -> [String] {
        guard let colon = listen.lastIndex(of: ":"), let port = Int(listen[listen.index(after: colon)...]), port > 0
        else {
            return ["http://\(listen)"]
        }
        return (0..<max(1, hubs)).map { "http://\(listen[..<colon]):\(port + $0)" }
    }

    /// The answer to a GET; a refusal is a failure with the hub's words, and who said them where several were asked.
    func get(_ path: [String], query: [(String, String)] = []) throws -> JSON {
        var target = path.map { "/" + PercentEncoding.encode($0) }.joined()
        if !query.isEmpty {
            target +=
                "?"
                + query.map { "\(PercentEncoding.encode($0.0))=\(PercentEncoding.encode($0.1))" }.joined(separator: "&")
        }
        var refusals: [String] = []
        for origin in origins {
            switch try ask(origin, target) {
            case .answer(let json): return json
            case .refusal(let words): throw CommandFailure(words)
            case .notHere(let words): refusals.append(origins.count > 1 ? "\(origin): \(words)" : words)
            }
        }
        throw CommandFailure(refusals.joined(separator: "\n"))
    }

    private enum Outcome {
        case answer(JSON)
        /// What every hub would say.
        case refusal(String)
        /// What another hub may know better.
        case notHere(String)
    }

    private func ask(_ origin: String, _ target: String) throws -> Outcome {
        var fields: HTTPFields = [:]
        if let token { fields["Authorization"] = HTTPClient.bearerAuthorization(token.reveal()) }
        let answer: HTTPResponse
        do throws(HTTPClientError) {
            answer = try client.send(HTTPClient.Request(.get, origin + target, fields: fields))
        } catch {
            return .notHere(
                "the hub's API at \(origin) gave no answer: \(error.reason). Is it running ('omni up' or 'omni hub')?")
        }
        if answer.isSuccess { return .answer(try JSON(parsing: answer.body)) }
        let said =
            (try? JSON(parsing: answer.body))?["detail"]?.string ?? String(decoding: answer.body, as: UTF8.self)
        let words = said.isEmpty ? "the hub answered \(answer.status)" : said
        return answer.status == 503 ? .notHere(words) : .refusal(words)
    }
}
