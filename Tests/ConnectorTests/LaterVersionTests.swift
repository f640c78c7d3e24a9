import Canonical
import Document
import Testing

@testable import Connector

/// A golden record of a later major version waits in its topic for a connector that knows it: mappings of before would take what
/// they don't know for absent.
@Suite struct LaterVersionTests {
    private static let (chair, sofa) = ("06438012345682", "06438012345675")

    private static let files = [
        "connector.yaml": """
        system: till
        connections: { db: { sqlite: "/nowhere/till.db" } }
        sources:
          articles: { from: { db: { outbox: article, key: [id] } }, start: now, map: none.jsonata }
        sinks:
          articles:
            { of: product, map: article.jsonata, to: { db: { upsert: article, key: [ean] } }, seen-by: articles }
        on-error: { retry: 1s, longest: 1s }
        """,
        "article.jsonata": #"{"ean": $key, "name": name}"#, "none.jsonata": "[]",
    ]

    @Test func itIsNotWrittenAndNothingBehindItIsCommitted() throws {
        let brokers = MemoryBrokers()
        let topic = TopicNames(prefix: "omni").golden(entity: "product")
        brokers.append(
            TopicNames(prefix: "omni").position(connector: "test"), key: "articles", ["position": ["at": 1]])
        var written: [String] = []
        let writer = WriterOf { write in
            written.append(write.key)
            return Written(.written)
        }
        brokers.golden(topic, "product", Self.chair, revision: 1, ["gtin": .string(Self.chair), "name": "Chair"])
        let connector = try SteppedConnector(Self.files, brokers, writer: writer)
        let sinks = try connector.loop("sinks")
        try connector.step(sinks) { brokers.committed.values.contains(1) }
        brokers.golden(topic, "product", Self.sofa, revision: 2, ["gtin": .string(Self.sofa)], major: 2)
        var pauses = 0
        for _ in 0..<200 { if case .time(let pause) = try connector.step(sinks), pause >= .seconds(1) { pauses += 1 } }
        #expect(written == [Self.chair] && pauses > 1)
        #expect(!brokers.committed.values.contains(2), "a process that knows the version reads it again")
    }

    /// A process that was started with the hub's schemas, and then one with those of before.
    @Test func whatALaterProcessHasParkedIsNotWrittenByAnEarlierOne() throws {
        let brokers = MemoryBrokers()
        let names = TopicNames(prefix: "omni")
        brokers.append(names.position(connector: "test"), key: "articles", ["position": ["at": 1]])
        func golden(major: Int) -> Golden {
            Golden(
                entity: "product", key: Self.sofa, verb: .golden, revision: 2, data: Array(#"{"name": "Sofa"}"#.utf8),
                time: .never, place: .words("elsewhere"), major: major)
        }
        func written(parking major: Int) throws -> [String] {
            let (golden, reason) = (golden(major: major), "busy" as JSON)
            brokers.append(
                names.parked(connector: "test"), key: ParkedWrites.key(ParkedWrites.name(sink: "articles", golden)),
                ["record": golden.json, "reason": reason, "since": 0, "waiting": false])
            var written: [String] = []
            let writer = WriterOf { write in
                written.append("\(write.key)@\(write.revision)")
                return Written(.written)
            }
            let connector = try SteppedConnector(Self.files, brokers, writer: writer)
            let sinks = try connector.loop("sinks")
            for _ in 0..<100 { try connector.step(sinks) }
            return written
        }
        #expect(try written(parking: 2).isEmpty)
        #expect(brokers.table(names.parked(connector: "test")).values.contains { $0["record"]?["version"] == 2 })
        #expect(try written(parking: 1) == ["\(Self.sofa)@2"])
    }
}
