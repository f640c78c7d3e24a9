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
}
