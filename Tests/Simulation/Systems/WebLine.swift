package import Connector
package import Document
package import Installation
import Transports

/// A system with an HTTP API: a function of the request. What happens on the way is the line's.
package protocol WebSystem: AnyObject {
    var line: SystemLine { get }
    func answer(_ request: WebRequest) -> WebAnswer
}

/// A request as the system gets it.
package struct WebRequest {
    package let method: String
    /// The path's parts: `api`, `products`, `7`.
    package let path: [String]
    package let query: [String: String]
    package let fields: [String: String]
    package let body: JSON
}

/// What the system answers.
package struct WebAnswer {
    package var status: Int
    package var body: JSON
    package var etag: String?

    package init(_ status: Int, _ body: JSON = [:], etag: String? = nil) {
        self.status = status
        self.body = body
        self.etag = etag
    }
}

extension WebSystem {
    /// The system's API as a process of its connector reaches it.
    package func api(_ process: SimulatedProcess, _ connection: HTTPConnection) -> HTTPSystem {
        let base = connection.base
        return HTTPSystem(connection) { [unowned self] request throws(Unanswered) in
            let read = Self.read(request, base)
            let what = "\(read.method) /\(read.path.joined(separator: "/"))"
            do {
                return try exchange(read, what, process)
            } catch let unanswered as Unanswered {
                throw unanswered
            } catch {
                throw Unanswered(description: "\(what): the process was killed", isOutcomeUnknown: true)
            }
        }
    }

    private func exchange(_ request: WebRequest, _ what: String, _ process: SimulatedProcess) throws
        -> HTTPSystem.Answer
    {
        let scheduler = line.scheduler
        let fate: SystemLine.Fate
        do { fate = try line.fate(process, what) } catch {
            // What a killed process has sent may still arrive.
            if request.method != "GET", scheduler.random.one(in: 2) {
                scheduler.after(scheduler.random.below(3_000)) { [unowned self] in
                    if !line.isAway { _ = self.answer(request) }
                }
            }
            throw error
        }
        guard fate != .lost else {
            if scheduler.random.one(in: 2) { return Self.made(WebAnswer(503)) }
            throw Unanswered(description: "\(what): unreachable", isOutcomeUnknown: false)
        }
        let answer = self.answer(request)
        scheduler.trace.note("system", "\(what) \(request.body.text.prefix(120)) → \(answer.status)")
        try line.answer(process, "\(what) answered \(answer.status)")
        guard fate == .answered else {
            // 500 behind the commit.
            if scheduler.random.one(in: 2) { return Self.made(WebAnswer(500)) }
            throw Unanswered(description: "\(what): no answer in time", isOutcomeUnknown: true)
        }
        return Self.made(answer)
    }

    private static func made(_ answer: WebAnswer) -> HTTPSystem.Answer {
        var fields = HTTPFields()
        if let etag = answer.etag { fields["ETag"] = etag }
        return HTTPSystem.Answer(status: answer.status, fields: fields, body: answer.body.utf8)
    }

    private static func read(_ request: HTTPClient.Request, _ base: String) -> WebRequest {
        let target = request.url.dropFirst(base.count)
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var query: [String: String] = [:]
        for pair in parts.count > 1 ? parts[1].split(separator: "&") : [] {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            query[String(sides[0])] = sides.count > 1 ? PercentEncoding.decode(String(sides[1])) ?? "" : ""
        }
        var fields: [String: String] = [:]
        for field in request.fields { fields[field.name] = field.value }
        return WebRequest(
            method: request.method.rawValue, path: parts[0].split(separator: "/").map(String.init), query: query,
            fields: fields, body: request.body.isEmpty ? .null : (try? JSON(parsing: request.body)) ?? .null)
    }
}
