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

    /// Everything there is, three times under one name; the last time without number 2.
    private final class Comparisons: SourceTransport {
        var reads = 0

        func read(from position: JSON?, _ take: (ReadRecord, inout Tape) throws -> Void) throws -> PageEnd {
            reads += 1
            for (id, gtin) in [("1", "06438012345675"), ("2", "06438012345682")].prefix(reads == 3 ? 1 : 2) {
                var tape = Tape()
                try tape.parse(Array(#"{"id": "\#(id)", "gtin": "\#(gtin)"}"#.utf8))
                try take(ReadRecord(reference: id, content: .document, delivery: "snapshot@7"), &tape)
            }
            return PageEnd(
                position: ["seq": 7], isIdle: reads > 2, delivery: "snapshot@7", endsDelivery: true)
        }

        func rewind() {}
        func wait(_ stop: StopSignal) throws {}
    }

    /// The log stands still on a quiet night, and what vanishes past its triggers is what comparisons are for.
    @Test func twoComparisonsAtOnePlaceOfTheLogAreTwoDeliveries() throws {
        let source = Comparisons()
        let connector = try SteppedConnector(
            [
                "connector.yaml": """
                system: till
                connections: { db: { sqlite: "/nowhere/till.db" } }
                sources:
                  articles:
                    from: { db: { outbox: article, key: [id] } }
                    of: product
                    unique: gtin
                    map: articles.jsonata
                """,
                "articles.jsonata": #"{"product": {"gtin": gtin}, "self": id}"#,
            ], source: source)
        connector.identify("product", "till", "1", as: "06438012345675")
        connector.identify("product", "till", "2", as: "06438012345682")
        let (brokers, names) = (connector.brokers, connector.names)
        try connector.step(try connector.loop("articles")) {
            brokers.records(names.input(domain: "product")).contains { $0.type == "omni.product.deleted" }
                || source.reads > 5
        }
        let told = brokers.records(names.input(domain: "product")).filter { $0.type == "omni.product.deleted" }
        #expect(told.map(\.own) == ["2"] && source.reads == 3)
        #expect(brokers.records(names.dead(of: "test")).isEmpty)
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
