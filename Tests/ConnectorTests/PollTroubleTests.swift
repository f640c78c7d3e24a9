import Document
import Installation
import Testing
import Transports

@testable import Connector

/// What an API answers when it is out of order, and what that must not keep from being read (I9, trap 4).
@Suite struct PollTroubleTests {
    private let time = Monitor(ContinuousClock.now)

    private struct Requests {
        var polls = 0
        var answer: JSON = ["items": [["id": 1]]]
        var registered = 201
    }
    private let requests = Monitor(Requests())

    private func source(hints: Hints? = nil) throws -> (ScriptedSystem, PollSource) {
        let requests = requests
        let system = try ScriptedSystem { _, _, _ in
            requests.withLock { requests in
                requests.polls += 1
                return (200, requests.answer)
            }
        } written: { _, _ in
            (requests.withLock { $0.registered }, .null)
        }
        let place = try DryInstallation([
            "connector.yaml": """
            system: shop
            connections:
              api: { http: "\(system.url)", webhooks: { listen: "127.0.0.1:0", secret: key } }
            sources:
              items:
                from:
                  api:
                    poll: "/items"
                    items: items
                    webhook: { path: /hook, record: data, facts: true, register: { path: /hooks, body: { url: "{url}" } } }
                every: 5s
                map: items.jsonata
            """,
            "items.jsonata": "[]",
        ])
        let settings = try place.installation.connector("test")
        guard case .poll(let poll) = settings.sources[0].from.transport,
            case .http(let http) = settings.connections[0].kind, let register = poll.webhook?.register,
            let secret = http.webhooks?.secret
        else { throw SystemFailure("no shop") }
        let clock = LoopClock { [time] in time.withLock { $0 } }
        let source = PollSource(
            settings.sources[0], poll, HTTPSystem(http), hints: hints,
            registration: hints == nil ? nil : .init(settings: register, url: "http://us/hook", secret: secret),
            clock: clock)
        return (system, source)
    }

    private func polls() -> Int { requests.withLock { $0.polls } }

    /// Reads a page, and says what it was called.
    private func read(_ source: inout PollSource, _ position: inout JSON?) throws -> [String] {
        var seen: [String] = []
        do {
            let end = try source.read(from: position) { record, _ in seen.append(record.place?.description ?? "") }
            try source.acknowledge()
            position = end.position ?? position
        } catch {
            source.rewind()
            throw error
        }
        return seen
    }

    @Test func anAnswerWithoutAListIsTheSystemsFailure() throws {
        let (system, made) = try source()
        var (source, position) = (made, JSON?.none)
        defer { withExtendedLifetime(system) {} }
        requests.withLock { $0.answer = ["error": "maintenance"] }
        let failure = #expect(throws: SystemFailure.self) { try read(&source, &position) }
        #expect(failure?.description.contains("\"items\"") == true)
        requests.withLock { $0.answer = ["items": [["id": 1]]] }
        #expect(try read(&source, &position) == ["/items, record 1"])
    }

    @Test func webhooksThatNeverEndDoNotKeepTheSourceFromPolling() throws {
        let hints = Hints()
        let (system, made) = try source(hints: hints)
        var (source, position) = (made, JSON?.none)
        defer { withExtendedLifetime(system) {} }
        #expect(try read(&source, &position) == ["/items, record 1"])
        for number in 2...7 {
            hints.deliver(Array(#"{"data":{"id":\#(number)}}"#.utf8)) { _ in }
            time.withLock { $0 += .seconds(2) }
            _ = try read(&source, &position)
        }
        #expect(polls() == 3)
        // What waited meanwhile comes next.
        #expect(try read(&source, &position) == ["/items, record 7"])
    }

    @Test func aRegistrationThatIsRefusedDoesNotKeepTheSourceFromPolling() throws {
        let (system, made) = try source(hints: Hints())
        var (source, position) = (made, JSON?.none)
        defer { withExtendedLifetime(system) {} }
        #expect(try read(&source, &position) == ["/items, record 1"])
        requests.withLock { $0.registered = 409 }
        for round in 1...3 {
            time.withLock { $0 += .seconds(round == 1 ? 3600 : 60) }
            #expect(throws: SystemFailure.self) { try read(&source, &position) }
            #expect(polls() == round)
            _ = try read(&source, &position)
            #expect(polls() == round + 1)
        }
        requests.withLock { $0.registered = 201 }
        time.withLock { $0 += .seconds(60) }
        _ = try read(&source, &position)
        #expect(polls() == 5)
    }
}
