import Demo
import Document
import Glibc
import Testing
import Transports

/// A folder of its own for one test, removed with everything in it at the end.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/omni-demo-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError.last("mkdtemp", "/tmp") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        Self.remove(path)
    }

    private static func remove(_ path: String) {
        if let folder = opendir(path) {
            while let entry = readdir(folder) {
                let name = withUnsafeBytes(of: entry.pointee.d_name) {
                    String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                }
                if name != "." && name != ".." { remove("\(path)/\(name)") }
            }
            closedir(folder)
        }
        Glibc.remove(path)
    }
}

struct NotInTime: Error {}

/// Waits until `body` returns a value; looks every few milliseconds, for at most twenty seconds.
func eventually<Value>(_ body: () throws -> Value?) throws -> Value {
    for _ in 0..<4000 {
        if let value = try body() { return value }
        usleep(5000)
    }
    throw NotInTime()
}

let token = "demo-token"

/// Runs a shop for the time of a test.
func withShop<Result>(
    _ folder: TemporaryFolder, patience: Shop.Patience = Shop.Patience(), isEmpty: Bool = false,
    _ body: (WebClient) throws -> Result
) throws -> Result {
    let shop = try Shop(folder: folder.path, port: 0, token: token, patience: patience, isEmpty: isEmpty)
    let port = try shop.start()
    defer { shop.stop() }
    return try body(WebClient(url: "http://127.0.0.1:\(port)", token: token))
}

/// Runs a CRM for the time of a test.
func withCRM<Result>(
    _ folder: TemporaryFolder, isEmpty: Bool = false, _ body: (WebClient) throws -> Result
) throws -> Result {
    let crm = try CRM(folder: folder.path, port: 0, token: token, isEmpty: isEmpty)
    let port = try crm.start()
    defer { crm.stop() }
    return try body(WebClient(url: "http://127.0.0.1:\(port)", token: token))
}

/// Takes webhooks and remembers them; answers with the status it is told to.
final class Receiver: Sendable {
    struct State: Sendable {
        var status = 200
        var requests: [HTTPRequest] = []
    }

    let state: Monitor<State>
    private let server: HTTPServer
    let url: String

    init() throws {
        let state = Monitor(State())
        self.state = state
        server = HTTPServer { request in
            state.withLock { state in
                state.requests.append(request)
                return HTTPResponse(state.status)
            }
        }
        url = "http://127.0.0.1:\(try server.start())/hook"
    }

    func stop() { server.stop() }

    func answer(_ status: Int) { state.withLock { $0.status = status } }

    var requests: [HTTPRequest] { state.withLock { $0.requests } }

    /// The requests, once there are so many.
    func requests(atLeast count: Int) throws -> [HTTPRequest] {
        try #require(state.wait(for: .seconds(20)) { $0.requests.count >= count ? $0.requests : nil })
    }
}
