import Canonical
import Document
import Installation
import Testing
import Transports

@testable import Connector

/// A look at everything, or at what stands at the cursor, counts as made when what it brought is safe, and not before (I1, I2,
/// I9).
@Suite struct ComparisonTests {
    private static let day = Duration.seconds(86_400)
    private let time = Monitor(ContinuousClock.now)
    private var clock: LoopClock { LoopClock { [time] in time.withLock { $0 } } }

    private struct Unpublished: Error {}

    // MARK: HTTP

    private func shop(_ items: Monitor<[String]>, hints: Hints? = nil) throws -> (ScriptedSystem, PollSource) {
        let system = try ScriptedSystem { _, _, _ in
            let list = items.withLock { $0 }.map { at -> JSON in ["id": .string("at \(at)"), "updated_at": .string(at)]
            }
            return (200, ["items": .array(list)])
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
                    since: { parameter: since, member: updated_at }
                    webhook: { path: /hook, record: data, facts: true }
                of: product
                compare: daily
                map: items.jsonata
            """,
            "items.jsonata": "[]",
        ])
        let settings = try place.installation.connector("test")
        guard case .poll(let poll) = settings.sources[0].from.transport,
            case .http(let http) = settings.connections[0].kind
        else { throw Unpublished() }
        return (
            system,
            PollSource(settings.sources[0], poll, HTTPSystem(http), hints: hints, registration: nil, clock: clock)
        )
    }

    /// Reads a page whose records can't be published.
    private func fail(_ source: inout some SourceTransport, from position: JSON?) {
        #expect(throws: Unpublished.self) { try source.read(from: position) { _, _ in throw Unpublished() } }
        source.rewind()
    }

    /// The numbers, or the keys, of a page that is published; and its end.
    private func read(
        _ source: inout some SourceTransport, from position: JSON?
    ) throws -> (seen: [String], end: PageEnd) {
        var seen: [String] = []
        let end = try source.read(from: position) { _, tape in
            seen.append(tape.root["id"]?.string ?? "\(tape.root["op"]?.string ?? "")")
        }
        try source.acknowledge()
        return (seen, end)
    }

    @Test func aWebhookConfirmsNothingThatAFailedPageHasListed() throws {
        let (items, hints) = (Monitor(["2026-03-01T10:00:00Z"]), Hints())
        let (system, made) = try shop(items, hints: hints)
        var source = made
        defer { withExtendedLifetime(system) {} }
        let start = try read(&source, from: nil)
        #expect(start.seen == ["at 2026-03-01T10:00:00Z"])
        items.withLock { $0 = ["2026-03-01T11:00:00Z"] }
        fail(&source, from: start.end.position)
        hints.deliver(Array(#"{"data":{"id":"hinted"}}"#.utf8)) { _ in }
        #expect(try read(&source, from: start.end.position).seen == ["hinted"])
        #expect(try read(&source, from: start.end.position).seen == ["at 2026-03-01T11:00:00Z"])
    }

    @Test func aPolledComparisonThatFailedIsMadeAgain() throws {
        let (system, made) = try shop(Monitor(["2026-03-01T10:00:00Z"]))
        var source = made
        defer { withExtendedLifetime(system) {} }
        let position: JSON = ["cycle": 1, "cursor": "2026-03-01T10:00:00Z"]
        fail(&source, from: position)
        let compared = try read(&source, from: position)
        #expect(compared.end.endsDelivery)
        #expect(try read(&source, from: compared.end.position).end.delivery == nil)
        time.withLock { $0 += Self.day }
        fail(&source, from: compared.end.position)
        #expect(try read(&source, from: compared.end.position).end.endsDelivery)
    }

    // MARK: SQLite

    private func till(_ folder: TemporaryFolder) throws -> OutboxSource {
        let database = try SQLiteDatabase("\(folder.path)/till.db", mode: .create)
        try database.execute(
            "CREATE TABLE IF NOT EXISTS sale (id INTEGER PRIMARY KEY); INSERT OR IGNORE INTO sale VALUES (1)")
        let place = try DryInstallation([
            "connector.yaml": """
            system: till
            connections: { db: { sqlite: "\(folder.path)/till.db" } }
            sources:
              sales: { from: { db: { outbox: sale, key: [id] } }, map: a.jsonata, compare: daily }
            """,
            "a.jsonata": "[]",
        ])
        let settings = try place.installation.connector("test")
        guard case .outbox(let reading) = settings.sources[0].from.transport,
            case .sqlite(let connection) = settings.connections[0].kind
        else { throw Unpublished() }
        return try OutboxSource(settings.sources[0], reading, connection, by: .one, clock: clock)
    }

    @Test func aTablesComparisonThatFailedIsMadeAgain() throws {
        let folder = try TemporaryFolder()
        var source = try till(folder)
        // At the start, behind what another process has read.
        fail(&source, from: ["seq": 0])
        let compared = try read(&source, from: ["seq": 0])
        #expect(compared.seen == ["snapshot"])
        #expect(try read(&source, from: compared.end.position).seen == [])
        time.withLock { $0 += Self.day }
        fail(&source, from: compared.end.position)
        #expect(try read(&source, from: compared.end.position).seen == ["snapshot"])
    }

    @Test func aTableIsComparedAfterItsFirstSnapshotToo() throws {
        let folder = try TemporaryFolder()
        var source = try till(folder)
        let first = try read(&source, from: nil)
        #expect(first.seen == ["snapshot"])
        #expect(try read(&source, from: first.end.position).seen == [])
        time.withLock { $0 += Self.day }
        #expect(try read(&source, from: first.end.position).seen == ["snapshot"])
    }
}
