import Digests
import Document
import Transports

/// A web system's routes: each asks for the token, and tells refusals as JSON.
struct WebRoutes {
    private(set) var router = Router()
    private let token: [UInt8]

    init(token: String) { self.token = Array(token.utf8) }

    typealias Handler = @Sendable (HTTPRequest) throws -> HTTPResponse

    /// Adds a route for those who bring the token.
    mutating func on(_ method: HTTPMethod, _ pattern: String, _ body: @escaping Handler) {
        let token = token
        open(method, pattern) { request in
            let sent = request.fields["Authorization"] ?? ""
            guard sent.hasPrefix("Bearer "), ConstantTime.areEqual(Array(sent.dropFirst(7).utf8), token) else {
                var answer = HTTPResponse.refusal(401, "This needs an API token: Authorization: Bearer …")
                answer.fields["WWW-Authenticate"] = "Bearer"
                return answer
            }
            return try body(request)
        }
    }

    /// Adds a route for everybody.
    mutating func open(_ method: HTTPMethod, _ pattern: String, _ body: @escaping Handler) {
        router.on(method, pattern) { request in
            do {
                return try body(request)
            } catch let refusal as HTTPRefusal {
                return .refusal(refusal.status, refusal.message)
            }
        }
    }
}

extension HTTPResponse {
    /// An answer of JSON.
    static func json(_ status: Int = 200, _ value: JSON) -> HTTPResponse { .json(status, value.utf8) }

    /// `{"error": why}`
    static func refusal(_ status: Int, _ why: String) -> HTTPResponse { .json(status, ["error": .string(why)]) }

    /// 204, with nothing more to say.
    static var done: HTTPResponse { HTTPResponse(204) }
}

extension HTTPRequest {
    /// The body, which must be a JSON object.
    func object() throws -> JSON {
        let value: JSON
        do { value = try JSON(parsing: body) } catch { throw HTTPRefusal(400, "The body is no JSON: \(error)") }
        guard case .object = value else { throw HTTPRefusal(400, "The body must be a JSON object.") }
        return value
    }

    /// The number in the path; what isn't one names nothing.
    func id(_ name: String = "id") throws -> Int64 {
        guard let id = parameters[name].flatMap({ Int64($0) }) else {
            throw HTTPRefusal(404, "There is no such number.")
        }
        return id
    }

    /// A count in the query, between 1 and `limit`; `standard` when it is absent.
    func count(_ name: String, standard: Int, limit: Int = .max) throws -> Int {
        guard let text = query[name] else { return standard }
        guard let count = Int(text), count > 0 else { throw HTTPRefusal(422, "\(name) must be a number above zero.") }
        return min(count, limit)
    }
}

extension JSON {
    /// A member that is text or null, as SQLite keeps it. Nil when it is absent: that changes nothing.
    func column(_ key: String) throws -> SQLiteValue? {
        switch self[key] {
        case nil: nil
        case .null: .null
        case .string(let text): .text(text)
        default: throw HTTPRefusal(422, "\(key) must be text.")
        }
    }
}
