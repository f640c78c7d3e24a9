import Glibc
import Transports

/// A door before a web system through which the connector goes: mostly open, sometimes it answers 500 without asking the
/// system, or after the system has done what was asked, or lets the answer wait until nobody listens any more.
final class FaultyDoor: Sendable {
    enum Fault: String, Sendable, CaseIterable {
        /// 500, and the system heard nothing.
        case before = "500 before"
        /// The system has done it; the answer is 500 all the same.
        case after = "500 after the commit"
        /// The system has done it; the answer comes late.
        case slow = "slow"
    }

    private let fault = Monitor<Fault?>(nil)
    private let server: HTTPServer
    private let bound = Monitor(0)
    private let url: String

    /// A door before the system at that address, not yet open.
    init(before url: String) {
        self.url = url
        var options = HTTPClient.Options()
        options.timeout = .seconds(20)
        let client = HTTPClient(options)
        let fault = fault
        server = HTTPServer(threads: 8) { request in
            let present = fault.withLock { $0 }
            if present == .before { return .text(500, "No.\n") }
            let answer: HTTPResponse
            do {
                answer = try client.send(Self.forwarded(request, to: url))
            } catch {
                return .text(502, "The system gave no answer.\n")
            }
            switch present {
            case .after: return .text(500, "Something broke behind it.\n")
            case .slow:
                usleep(1_500_000)
                return answer
            default: return answer
            }
        }
    }

    /// Opens the door. Returns its address.
    func start() throws -> String {
        let port = try server.start()
        bound.withLock { $0 = port }
        return "http://127.0.0.1:\(port)"
    }

    func stop() { server.stop(grace: .zero) }

    /// Breaks something, or mends it.
    func set(_ fault: Fault?) { self.fault.withLock { $0 = fault } }

    private static func forwarded(_ request: HTTPRequest, to url: String) -> HTTPClient.Request {
        let query = request.query.map { "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value))" }
        var fields = HTTPFields()
        for name in ["Authorization", "Content-Type", "If-Match", "Idempotency-Key"] {
            if let value = request.fields[name] { fields[name] = value }
        }
        return HTTPClient.Request(
            request.method, url + request.path + (query.isEmpty ? "" : "?" + query.joined(separator: "&")),
            fields: fields, body: request.body)
    }
}
