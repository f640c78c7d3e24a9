import Canonical
import Document
import Installation
import Testing
import Transports

@testable import Connector

/// What is noted of deletions is what was reported of them, whatever fails in between (I1, I9).
@Suite struct NotedAbsencesTests {
    /// Everything there is: first without number 1, then with it.
    private final class Deliveries: SourceTransport {
        var reads = 0

        func read(from position: JSON?, _ take: (ReadRecord, inout Tape) throws -> Void) throws -> PageEnd {
            reads += 1
            guard position == nil else { return PageEnd(isIdle: true) }
            let name = "everything@\(reads)"
            if reads > 1 {
                var tape = Tape()
                try tape.parse(Array(#"{"id": "1", "gtin": "06438012345675"}"#.utf8))
                var record = ReadRecord(reference: "1@\(reads)", content: .document)
                record.delivery = name
                try take(record, &tape)
            }
            return PageEnd(position: ["at": 1], isIdle: true, delivery: name, endsDelivery: true)
        }

        func rewind() {}
        func wait(_ stop: StopSignal) throws {}
    }

    @Test func whatAFailedPageHasNotedAsGoneIsTakenBack() throws {
        let source = Deliveries()
        let connector = try SteppedConnector(
            [
                "connector.yaml": """
                system: till
                connections: { db: { sqlite: "/nowhere/till.db" } }
                sources:
                  articles:
                    from: { db: { outbox: article, key: [id] } }
                    of: product
                    deletes-at-most: 100
                    map: articles.jsonata
                """,
                "articles.jsonata": #"{"product": {"gtin": gtin}, "self": id}"#,
            ], source: source)
        connector.identify("product", "till", "1", as: "06438012345675")
        let (brokers, topic) = (connector.brokers, connector.names.position(connector: "test"))
        // Its deletion is noted, and then the position can't be.
        brokers.refuses = { $0 == topic && $1 == "articles" && $2 != nil }
        let loop = try connector.loop("articles")
        try connector.step(loop) { brokers.table(topic)["articles/gone/1"] != nil }
        brokers.refuses = { _, _, _ in false }
        // Somebody brings it back before the page is read again.
        try connector.step(loop) { brokers.table(topic)["articles"] != nil }
        #expect(source.reads > 1)
        #expect(brokers.table(topic)["articles/gone/1"] == nil, "the next process would not report its next deletion")
    }
}
