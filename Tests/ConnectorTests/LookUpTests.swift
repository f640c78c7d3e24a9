import Document
import Installation
import Testing
import Transports

@testable import Connector

/// What isn't known is looked up before it is created; an answer that shows nothing is none (trap 3).
@Suite struct LookUpTests {
    private let created = Monitor(0)

    private func write(found: String, _ status: Int, _ body: String) throws -> Written {
        let place = try DryInstallation([
            "connector.yaml": """
            system: shop
            connections: { api: { http: "http://127.0.0.1:1" } }
            sinks:
              items:
                of: product
                map: a.jsonata
                to: { api: { resource: "/items/{id}", create: /items, find: "/items?sku={sku}", found: "\(found)" } }
            """,
            "a.jsonata": "[]",
        ])
        let settings = try place.installation.connector("test")
        guard case .resource(let writing) = settings.sinks[0].to.transport,
            case .http(let http) = settings.connections[0].kind
        else { throw SystemFailure("no shop") }
        let created = created
        let system = HTTPSystem(http) { request throws(Unanswered) in
            if request.method == .get { return HTTPSystem.Answer(status: status, fields: [:], body: Array(body.utf8)) }
            if request.method == .post { created.withLock { $0 += 1 } }
            return HTTPSystem.Answer(status: 200, fields: [:], body: Array(#"{"id":1}"#.utf8))
        }
        var writer = ResourceWriter(settings: writing, deletion: .keep, system: system)
        return try writer.write([
            Write(key: "1", revision: 1, own: nil, document: ["sku": "1"], action: .put, idempotency: "")
        ])[0]
    }

    @Test(arguments: [
        ("items", 200, #"{"items":[]}"#), ("items", 200, #"{"items":null}"#), ("", 200, "[]"), ("", 404, "none"),
        ("items", 204, ""),
    ])
    func whatIsntThereIsCreated(found: String, status: Int, body: String) throws {
        #expect(try write(found: found, status, body).isNew)
        #expect(created.withLock { $0 } == 1)
    }

    @Test(arguments: [
        ("items", "<html>One moment, please</html>"), ("items", #"{"errors":["the index is away"]}"#), ("items", ""),
        ("", #"{"errors":[]}"#), ("items", #"{"items":[{"sku":"1"}]}"#),
        ("items", #"{"items":[{"id":4},{"sku":"1"}]}"#),
        ("items", #"{"items":"none"}"#),
    ])
    func whereNothingWasSeenNothingIsCreated(found: String, body: String) throws {
        #expect(throws: SystemFailure.self) { try write(found: found, 200, body) }
        #expect(created.withLock { $0 } == 0)
    }
}
