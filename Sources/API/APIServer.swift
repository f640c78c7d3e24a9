import Canonical
import Consistency
import Digests
import Document
public import Hub
public import Installation
import Kafka
public import Logging
import Synchronization
import Transports

#if canImport(Glibc)
    import Glibc
#endif

/// The hub's HTTP API (docs/api.md): queries of the store, and requests that are published and answered by their
/// committed decision. It decides nothing.
///
/// It listens before there is a hub, which may have to wait for the broker: then it says so.
public final class APIServer: Sendable {
    private let settings: OmniSettings
    private let log: Logger
    private let decisions = Decisions()
    private let requests = Monitor<Requests?>(nil)
    private let door: Door
    private let server: HTTPServer
    private let port: Monitor<Int>

    /// Who answers: the waiting room, and then the routes.
    private final class Door: Sendable {
        let handler: Mutex<HTTPHandler>
        init(_ handler: @escaping HTTPHandler) { self.handler = Mutex(handler) }
    }

    /// An API that doesn't listen yet.
    public init(_ installation: Installation, log: Logger) throws {
        self.log = log
        settings = installation.settings
        let parts = settings.api.listen.split(separator: ":")
        guard parts.count == 2, let number = Int(parts[1]) else {
            throw Refusal(500, "api.listen must be host:port, not '\(settings.api.listen)'")
        }
        port = Monitor(number)
        let door = Door(WaitingRoutes(broker: Settings(settings.brokerPairs)).handler)
        self.door = door
        server = HTTPServer(host: String(parts[0]), port: number, logger: log) { request in
            let handler = door.handler.withLock { $0 }
            return try await handler(request)
        }
    }

    /// Begins to listen: until there is a hub, every answer is 503.
    public func start() throws {
        let bound = try listen()
        port.withLock { $0 = bound }
        log.info("the API listens", metadata: ["port": "\(bound)"])
    }

    /// Begins to follow decisions, and to answer for a hub.
    ///
    /// - Throws: `KafkaError` where the broker doesn't answer; it may be called again then.
    public func serve(_ hub: HubProcess) throws {
        let producer = try Producer(
            Settings(settings.brokerPairs).merging(["linger.ms": "0", "client.id": "omni-api"]), log: log)
        let requests = Requests(hub, producer, decisions)
        try decisions.start(
            topic: hub.names.golden(entity: "reservation"), Settings(settings.brokerPairs), log: log)
        self.requests.withLock { $0 = requests }
        let handler = Routes(hub, requests, settings, log).handler
        door.handler.withLock { $0 = handler }
    }

    /// A hub that was killed a moment ago may still hold the port: it is waited for, a little.
    private func listen() throws -> Int {
        let deadline = ContinuousClock.now + .seconds(5)
        while true {
            do {
                return try server.start()
            } catch let error as SystemError where error.code == EADDRINUSE && ContinuousClock.now < deadline {
                usleep(50_000)
            }
        }
    }

    /// Answers what is running and stops.
    public func stop() {
        decisions.stop()
        server.stop(grace: .seconds(2))
        // What was answered with 202 must be on its way, or decided by the next hub.
        if let requests = requests.withLock({ $0 }), !requests.isPublished {
            log.warning("requests were not acknowledged by the broker in time")
        }
    }

    /// The port that it listens on.
    public var boundPort: Int { port.withLock { $0 } }
}

/// The API's routes.
struct Routes: Sendable {
    let hub: HubProcess
    let requests: Requests
    let settings: OmniSettings
    private let log: Logger

    init(_ hub: HubProcess, _ requests: Requests, _ settings: OmniSettings, _ log: Logger) {
        self.hub = hub
        self.requests = requests
        self.settings = settings
        self.log = log
    }

    var handler: HTTPHandler {
        var router = Router()
        router.on(.get, "/health") { [self] _ in
            let count = hub.partitions.count
            let state: HubState = hub.isBrokerAway ? .waiting : count > 0 ? .ok : .starting
            var health: JSON = [
                "status": .string(state.rawValue), "partitions": .number(Number(count)),
                "of": .number(Number(hub.allPartitions.count)), "readable": .number(Number(hub.readable.count)),
                "waiting": .number(Number(hub.waiting)),
            ]
            if let restoring = hub.restoring {
                health["restoring"] = [
                    "percent": .number(Number(restoring.percent)), "left": .number(Number(Int(restoring.left))),
                    "perSecond": .number(Number(restoring.perSecond)),
                ]
            }
            return .json(state == .ok ? 200 : 503, health.utf8)
        }
        on(&router, .get, "/v1/records/{entity}/{key}") { request in
            let records = Records(hub: hub)
            let entity = try records.entity(request.parameters["entity"] ?? "")
            let key = request.parameters["key"] ?? ""
            guard let record = try records.record(entity, key) else { throw notFound(entity.name, key) }
            return record
        }
        on(&router, .get, "/v1/records/{entity}") { request in try listing(request) }
        on(&router, .get, "/v1/availability/{product}") { request in
            try Availability(hub: hub).of(request.parameters["product"] ?? "", now: now())
        }
        reservations(&router)
        operations(&router)
        return router.problemHandler
    }

    private func listing(_ request: HTTPRequest) throws -> JSON {
        let records = Records(hub: hub)
        let entity = try records.entity(request.parameters["entity"] ?? "")
        if let system = request.query["system"] {
            guard let id = request.query["id"] else {
                throw Refusal(422, "with 'system' comes 'id': the system's own number")
            }
            guard let key = try records.key(entity, system: system, id: id),
                let record = try records.record(entity, key)
            else {
                // Whose number it is may be another hub's to know.
                try records.requireAll(of: entity.domain)
                throw notFound(entity.name, "\(system):\(id)")
            }
            return record
        }
        guard let limit = Int(request.query["limit"] ?? "100"), (1...1000).contains(limit) else {
            throw Refusal(422, "'limit' is a number from 1 to 1000")
        }
        let page = try records.page(entity, after: request.query["after"], limit: limit)
        return ["records": .array(page.records), "next": page.next.map { .string($0) } ?? .null]
    }

    private func notFound(_ entity: String, _ key: String) -> Refusal {
        Refusal(404, "there is no \(entity) '\(key)'")
    }

    // MARK: Reservations

    private func reservations(_ router: inout Router) {
        router.on(.post, "/v1/reservations") { [self] request in
            try await answered(request) { try await reserve(request) }
        }
        router.on(.get, "/v1/reservations/{id}") { [self] request in
            try await answered(request) {
                let id = request.parameters["id"] ?? ""
                if let wait = request.query["wait"] {
                    guard let seconds = Int(wait), (0...60).contains(seconds) else {
                        throw Refusal(422, "'wait' is a number of seconds from 0 to 60")
                    }
                    let next = try await requests.next(id, within: .seconds(seconds))
                    if let next { return told(next) }
                }
                guard let known = try requests.known(id) else { throw try unknown(id) }
                return told(known)
            }
        }
        router.on(.delete, "/v1/reservations/{id}") { [self] request in
            try await answered(request) {
                let id = request.parameters["id"] ?? ""
                guard let known = try requests.known(id) else { throw try unknown(id) }
                guard Requests.isActive(known) else { return told(known) }
                guard let released = try await requests.release(id, known, within: .seconds(10)) else {
                    return try accepted(known)
                }
                return told(released)
            }
        }
    }

    /// Of a reservation that nothing is known of here.
    private func unknown(_ id: String) throws -> Refusal {
        try Records(hub: hub).requireAll(of: "stock")
        return notFound("reservation", id)
    }

    private func reserve(_ request: HTTPRequest) async throws -> HTTPResponse {
        guard case .object(var members) = try? JSON(parsing: request.body) else {
            throw Refusal(400, "the body must be a JSON object")
        }
        // An id that is no text must not become a new one unnoticed: repeating would be asking twice.
        let given = members.first { $0.key == "reservation" }?.value
        let id = given.map { $0.string ?? "" } ?? request.fields["Idempotency-Key"] ?? UUID.random().description
        guard !id.isEmpty, id.utf8.count <= 64 else {
            throw Refusal(422, "'reservation' is a text of 1 to 64 bytes")
        }
        if let header = request.fields["Idempotency-Key"], given != nil, header != id {
            throw Refusal(422, "'Idempotency-Key' and 'reservation' name two different requests")
        }
        members.removeAll { $0.key == "reservation" }
        members.insert(.init("reservation", .string(id)), at: 0)
        let document = JSON.object(members)
        guard let decided = try await requests.request(id, document, now: now(), within: .seconds(10)) else {
            return try accepted(["reservation": .string(id), "state": "requested"])
        }
        return .json(Self.status(of: decided), decided.utf8)
    }

    /// Nobody may take a hold that is over for one that holds.
    private static func status(of reservation: JSON) -> Int {
        switch reservation["state"]?.string {
        case "confirmed", "short": 201
        case "refused": 409
        default: 200
        }
    }

    /// The answer where nothing is decided yet: true only when the request has reached the broker.
    private func accepted(_ state: JSON) throws -> HTTPResponse {
        guard requests.isPublished else {
            throw Refusal(503, "the broker has not taken the request: repeat it with the same 'reservation'")
        }
        return .json(202, state.utf8)
    }

    // MARK: Answers

    func on(
        _ router: inout Router, _ method: HTTPMethod, _ pattern: String,
        _ body: @escaping @Sendable (HTTPRequest) throws -> JSON
    ) {
        router.on(method, pattern) { request in
            try await answered(request) {
                // A store that is not level yet, or nobody's, knows less than there is: that is no answer.
                guard !hub.readable.isEmpty else { throw hub.isBrokerAway ? Refusal.brokerAway : Refusal.starting }
                return told(try body(request))
            }
        }
    }

    /// What is known here. What was decided since the broker went, by hubs that may see it, isn't.
    private func told(_ answer: JSON) -> HTTPResponse {
        var answer = answer
        if hub.isBrokerAway, answer.object != nil { answer["stale"] = true }
        return .json(200, answer.utf8)
    }

    /// Checks the token, and tells refusals.
    private func answered(
        _ request: HTTPRequest, _ body: () async throws -> HTTPResponse
    ) async throws -> HTTPResponse {
        if let token = settings.api.token {
            let sent = Array((request.fields["Authorization"] ?? "").utf8)
            guard ConstantTime.areEqual(sent, Array("Bearer \(token.reveal())".utf8)) else {
                return Refusal(401, "this needs 'Authorization: Bearer …'").response
            }
        }
        do {
            return try await body()
        } catch let refusal as Refusal {
            return refusal.response
        } catch let error as KafkaError {
            log.warning("a request met no broker", metadata: ["error": "\(error)"])
            return Refusal(503, "the broker can't be reached: repeat it").response
        } catch {
            log.error("a request can't be answered", metadata: ["error": "\(error)"])
            return Refusal(500, "this can't be answered: the hub's log says why").response
        }
    }

    func now() -> Tick { hub.time }
}
