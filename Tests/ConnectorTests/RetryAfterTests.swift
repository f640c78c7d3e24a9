import Canonical
import Document
import Installation
import Testing
import Transports

@testable import Connector

/// A system that says when it wants to be asked again is asked then (RFC 9110, section 10.2.3).
@Suite struct RetryAfterTests {
    private static let sofa = "06438012345675"

    @Test(
        arguments: [
            ("120", nil, .seconds(120)), ("0", nil, .zero), ("99999999999999999999", nil, .seconds(86_400 * 365)),
            // By the system's own clock, in each of the three forms.
            ("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:07 GMT", .seconds(30)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:07 1994", .seconds(30)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 09:00:00 GMT", .zero),
            // Whose clock isn't known says nothing, and so does what can't be read.
            ("Sun, 06 Nov 1994 08:49:37 GMT", nil, nil), ("soon", nil, nil), ("", nil, nil), ("-1", nil, nil),
            ("Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:07 GMT", nil), (nil, nil, nil),
        ] as [(String?, String?, Duration?)])
    func secondsAndDatesAreRead(after: String?, date: String?, pause: Duration?) {
        var fields = HTTPFields()
        fields["retry-after"] = after
        fields["Date"] = date
        #expect(RetryAfter.pause(fields) == pause)
    }

    private static func files(_ url: String) -> [String: String] {
        [
            "connector.yaml": """
            system: shop
            connections:
              api: { http: "\(url)" }
            sources:
              items:
                from: { api: { poll: "/items", items: items } }
                map: items.jsonata
            sinks:
              names:
                of: product
                map: names.jsonata
                to: { api: { resource: "/items/{id}", update: put } }
                seen-by: items
            on-error: { retry: 1s, longest: 60s }
            """,
            "items.jsonata": #"{"product": {"gtin": gtin, "name": name}, "self": id}"#,
            "names.jsonata": #"{"name": name}"#,
        ]
    }

    /// The first pause of a loop, of a system that answers so.
    private static func pause(of loop: String, _ status: Int, _ field: String) throws -> Duration? {
        let system = try ScriptedSystem(
            { _, _, _ in (status, .null) }, written: { _, _ in (status, .null) },
            fields: [("Retry-After", field)])
        let files = files(system.url)
        let place = try DryInstallation(files)
        defer { withExtendedLifetime((system, place)) {} }
        let settings = try place.installation.connector("test")
        guard case .poll(let poll) = settings.sources[0].from.transport,
            case .resource(let writing) = settings.sinks[0].to.transport,
            case .http(let http) = settings.connections[0].kind
        else { return nil }
        let brokers = MemoryBrokers()
        let isSink = loop == "sinks"
        if isSink {
            // Nobody waits for the first snapshot.
            let names = TopicNames(prefix: place.installation.settings.prefix)
            brokers.append(names.position(connector: "test"), key: "items", ["position": ["at": 1]])
        }
        let connector = try SteppedConnector(
            files, brokers,
            source: isSink
                ? SilentSource()
                : PollSource(settings.sources[0], poll, HTTPSystem(http), hints: nil, registration: nil),
            writer: ResourceWriter(settings: writing, deletion: settings.sinks[0].delete, system: HTTPSystem(http)))
        if isSink {
            connector.identify("product", "shop", "7", as: sofa)
            brokers.golden(
                connector.names.golden(entity: "product"), "product", sofa, revision: 3,
                ["gtin": .string(sofa), "name": "Sofa"])
        }
        let tried = try connector.loop(loop)
        for _ in 0..<500 {
            // Nothing else rests for as long.
            if case .time(let pause) = try connector.step(tried), pause >= .seconds(1) { return pause }
        }
        return nil
    }

    @Test(arguments: [429, 503]) func sourcesAndSinksPauseForAsLongAsTheSystemAsks(status: Int) throws {
        #expect(try Self.pause(of: "items", status, "40") == .seconds(40))
        #expect(try Self.pause(of: "sinks", status, "40") == .seconds(40))
    }

    @Test func noLongerThanTheLongestPauseAndNoShorterThanTheirOwn() throws {
        #expect(try Self.pause(of: "items", 503, "3600") == .seconds(60))
        #expect(try Self.pause(of: "sinks", 503, "0") == .seconds(1))
    }
}
