import Document
import Transports

/// What a caller reads who can't be answered: a problem document (RFC 9457).
struct Refusal: Error, CustomStringConvertible {
    let status: Int
    /// What is wrong, and what to do.
    let description: String

    init(_ status: Int, _ description: String) {
        self.status = status
        self.description = description
    }

    static let starting = Refusal(503, "the hub is starting: repeat it")

    static let brokerAway = Refusal(
        503,
        "the broker can't be reached, and without it the hub doesn't know what there is: repeat it; 'omni get … --local' "
            + "shows what a hub's store on this machine held")

    /// As an answer. The type is `about:blank`: the status says what kind of problem it is, the detail what to do.
    var response: HTTPResponse {
        let document: JSON = [
            "type": "about:blank", "title": .string(title), "status": .number(Number(status)),
            "detail": .string(description),
        ]
        var response = HTTPResponse(status, "application/problem+json", document.utf8)
        if status == 401 { response.fields["WWW-Authenticate"] = "Bearer" }
        return response
    }

    /// The status's phrase (RFC 9110, section 15).
    private var title: String {
        switch status {
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 422: "Unprocessable Content"
        case 503: "Service Unavailable"
        default: "Internal Server Error"
        }
    }
}

extension Router {
    /// All routes as one handler, which answers for what isn't routed as for everything else: with a problem document.
    var problemHandler: HTTPHandler {
        { [self] request in
            let response: HTTPResponse
            do {
                response = try await handle(request)
            } catch let refusal as HTTPRefusal {
                return Refusal(refusal.status, "the path's percent-encoding is broken").response
            }
            guard response.status == 404 || response.status == 405,
                response.fields["Content-Type"]?.hasPrefix("text/plain") == true
            else { return response }
            let allowed = response.fields["Allow"]
            let words =
                allowed.map { "'\(request.path)' takes \($0)" }
                ?? "there is nothing at '\(request.path)'; docs/api.md says what there is"
            var problem = Refusal(response.status, words).response
            if let allowed { problem.fields["Allow"] = allowed }
            return problem
        }
    }
}
