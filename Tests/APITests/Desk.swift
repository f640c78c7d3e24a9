import API
import Document
import Hub
import TestHub
import Testing
import Transports

/// A hub with its API, and somebody who asks.
final class Desk: Sendable {
    let plant: Plant
    let running: RunningHub
    let server: APIServer
    private let client: HTTPClient
    private let token: String?

    /// - Parameter omni: further lines of `omni.yaml`; the API takes a free port.
    init(_ omni: String = "", api: String = "", token: String? = nil, connectors: [String: String] = [:]) throws {
        plant = try Plant(
            partitions: 2, omni: "api: { listen: \"127.0.0.1:0\"\(api.isEmpty ? "" : ", ")\(api) }\n\(omni)",
            connectors: connectors)
        running = try RunningHub(plant)
        server = try APIServer(plant.installation, log: plant.log)
        try server.start()
        try server.serve(running.hub)
        client = HTTPClient()
        self.token = token
    }

    /// Runs a body with a desk that is closed after it.
    static func open<Result>(
        _ omni: String = "", api: String = "", token: String? = nil, connectors: [String: String] = [:],
        _ body: (Desk) throws -> Result
    ) throws -> Result {
        let desk = try Desk(omni, api: api, token: token, connectors: connectors)
        defer {
            desk.server.stop()
            desk.running.end()
        }
        let result = try body(desk)
        #expect(desk.running.failure == nil)
        return result
    }

    /// What was answered.
    struct Answer: Sendable {
        let status: Int
        let json: JSON
        var allow: String?

        var state: String? { json["state"]?.string }
        var error: String { json["detail"]?.string ?? "" }
    }

    func ask(
        _ method: HTTPMethod, _ path: String, _ body: String = "", fields: [(String, String)] = []
    ) throws -> Answer {
        var request = HTTPClient.Request(method, "http://127.0.0.1:\(server.boundPort)\(path)", body: Array(body.utf8))
        if let token { request.fields["Authorization"] = "Bearer \(token)" }
        for (name, text) in fields { request.fields[name] = text }
        let response = try client.send(request)
        let json = try JSON(parsing: response.body)
        // A refused reservation is an answer; all else that isn't one is a problem (RFC 9457).
        let isProblem = response.status >= 400 && json["state"] == nil && json["partitions"] == nil
        let type = isProblem ? "application/problem+json" : "application/json"
        #expect(response.fields["Content-Type"] == type, "\(path): \(response.status)")
        if isProblem {
            #expect(json["status"]?.integer == response.status && json["title"]?.string?.isEmpty == false, "\(path)")
            #expect(json["type"] == "about:blank" && json["detail"]?.string?.isEmpty == false, "\(path)")
        }
        return Answer(status: response.status, json: json, allow: response.fields["Allow"])
    }

    /// Waits until everything sent is decided and can be asked for.
    func settle() throws { try running.settle(plant) }

    func get(_ path: String) throws -> Answer { try ask(.get, path) }

    /// Asks for a hold.
    func reserve(
        _ product: String, _ place: String, quantity: String = "1", id: String? = nil, more: String = ""
    ) throws -> Answer {
        let name = id.map { "\"reservation\":\"\($0)\"," } ?? ""
        return try ask(
            .post, "/v1/reservations",
            "{\(name)\"product\":\"\(product)\",\"place\":\"\(place)\",\"quantity\":\(quantity)\(more)}")
    }
}

let sofa = "06438012345675"
let chair = "06438012345682"
