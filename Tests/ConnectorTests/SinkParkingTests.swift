import Canonical
import Document
import Installation
import Testing

@testable import Connector

/// What sinks have parked in memory and what `omni.parked` holds are the same, whatever fails in between (I1, I7, I9).
@Suite struct SinkParkingTests {
    private static let (bench, chair, sofa) = ("06438012345668", "06438012345682", "06438012345675")

    private static func files(
        _ mapping: String = #"{"name": name}"#, writes: String = "{ db: { upsert: article, key: [ean] } }",
        more: String = ""
    ) -> [String: String] {
        [
            "connector.yaml": """
            system: till
            connections:
              db: { sqlite: "/nowhere/till.db" }
              api: { http: "http://127.0.0.1:1" }
            sources:
              articles: { from: { db: { outbox: article, key: [id] } }, start: now, map: none.jsonata }
            sinks:
              articles:
                of: product
                map: article.jsonata
                to: \(writes)
                seen-by: articles
            on-error: { retry: 1s, longest: 1s\(more) }
            """,
            "article.jsonata": mapping, "none.jsonata": "[]",
        ]
    }

    private func product(_ brokers: MemoryBrokers, _ key: String, revision: Int64, _ name: String) {
        brokers.golden(
            TopicNames(prefix: "omni").golden(entity: "product"), "product", key, revision: revision,
            ["gtin": .string(key), "name": .string(name)])
    }

    /// The keys of what is parked, as the next process would find it.
    private func parked(_ connector: SteppedConnector) -> [String] {
        connector.brokers.table(connector.parked).values.compactMap { $0["record"]?["key"]?.string }.sorted()
    }

    /// A process before this one: it knows what the system holds.
    private func started(_ brokers: MemoryBrokers) {
        brokers.append(
            TopicNames(prefix: "omni").position(connector: "test"), key: "articles", ["position": ["at": 1]])
    }

    @Test func whatAFailedJobHasParkedIsNotLeftBehindInItsTopic() throws {
        let brokers = MemoryBrokers()
        started(brokers)
        var (written, failures): ([String], Int) = ([], 1)
        let writer = WriterOf { write in
            if failures > 0 {
                failures -= 1
                throw SystemFailure("busy")
            }
            written.append("\(write.key)@\(write.revision)")
            return Written(.written)
        }
        let connector = try SteppedConnector(
            Self.files(#"{"name": name, "group": name = "Needs" ? $omni_idOf("product", "\#(Self.bench)") : null}"#),
            brokers, writer: writer)
        product(brokers, Self.sofa, revision: 5, "Needs")
        product(brokers, Self.chair, revision: 1, "Chair")
        let sinks = try connector.loop("sinks")
        try connector.step(sinks) { failures == 0 }
        #expect(parked(connector) == [Self.sofa])
        // The number comes before the job is tried again.
        connector.identify("product", "till", "9", as: Self.bench)
        try connector.step(sinks) { written.count == 2 }
        product(brokers, Self.sofa, revision: 6, "Newer")
        try connector.step(sinks) { written.last == "\(Self.sofa)@6" }
        try connector.step(sinks) { brokers.committed.values.contains(3) }
        #expect(parked(connector).isEmpty, "the next process would write revision 5 over revision 6")
    }

    @Test func whatAFailedJobHasLetGoIsParkedAgain() throws {
        let brokers = MemoryBrokers()
        started(brokers)
        let keys = [Self.chair, Self.sofa].sorted()
        var tries: [String: Int] = [:]
        let writer = WriterOf { write in
            tries[write.key, default: 0] += 1
            return tries[write.key] == 2 ? Written(.written) : Written(.refused("too dear"))
        }
        let connector = try SteppedConnector(Self.files(), brokers, writer: writer)
        for key in keys { product(brokers, key, revision: 5, "Dear") }
        let sinks = try connector.loop("sinks")
        try connector.step(sinks) { parked(connector) == keys }
        // Both go through; the first one is let go, and the second one can't be.
        brokers.refuses = { [topic = connector.parked] in $0 == topic && $1.hasSuffix(keys[1]) && $2 == nil }
        connector.pass(.seconds(2))
        try connector.step(sinks) { parked(connector) == [keys[1]] }
        brokers.refuses = { _, _, _ in false }
        // Now both are refused for the same reason as before.
        try connector.step(sinks) {
            connector.pass(.seconds(1))
            return tries[keys[1]] == 4
        }
        #expect(parked(connector) == keys)
    }

    @Test func whatWasParkedIsLetGoWhenItsReportIsAcknowledged() throws {
        let brokers = MemoryBrokers()
        started(brokers)
        var isRefused = true
        let writer = WriterOf { _ in isRefused ? Written(.refused("too dear")) : Written(.written) }
        let connector = try SteppedConnector(Self.files(), brokers, writer: writer)
        product(brokers, Self.sofa, revision: 5, "Dear")
        let sinks = try connector.loop("sinks")
        try connector.step(sinks) { brokers.committed.values.contains(1) }
        #expect(parked(connector) == [Self.sofa])
        let input = connector.names.input(domain: "product")
        brokers.keepsWaiting = { $0 == input }
        isRefused = false
        connector.pass(.seconds(2))
        for _ in 0..<50 { try connector.step(sinks) }
        #expect(brokers.records(input).last?.value?["status"] == "written")
        #expect(parked(connector) == [Self.sofa], "a process that ends now loses the report")
        brokers.keepsWaiting = { _ in false }
        try connector.step(sinks) { parked(connector).isEmpty }
    }

    @Test func whatAJobHasParkedBeforeItWasSplitIsWaitedFor() throws {
        let brokers = MemoryBrokers()
        started(brokers)
        var written: [String] = []
        // The notes of two don't fit into one record.
        let writer = WriterOf(held: { _ in .string(String(repeating: "x", count: 600_000)) }) { write in
            written.append(write.key)
            return Written(.written)
        }
        let connector = try SteppedConnector(
            Self.files(
                #"name = "No" ? $reject("no") : {"name": name}"#,
                writes: #"{ api: { resource: "/items/{gtin}", update: put, if-match: true } }"#), brokers,
            writer: writer)
        for key in [Self.bench, Self.chair] { product(brokers, key, revision: 1, "Yes") }
        product(brokers, Self.sofa, revision: 1, "No")
        brokers.keepsWaiting = { [parked = connector.parked] in $0 == parked }
        let sinks = try connector.loop("sinks")
        for _ in 0..<200 { try connector.step(sinks) }
        #expect(written == [Self.bench])
        #expect(brokers.committed.isEmpty, "what is parked may be lost (I1)")
        brokers.keepsWaiting = { _ in false }
        try connector.step(sinks) { brokers.committed.values.contains(3) }
        #expect(written == [Self.bench, Self.chair])
        #expect(parked(connector) == [Self.sofa])
    }

    @Test func whatCouldNotBeCommittedIsCommittedLater() throws {
        let brokers = MemoryBrokers()
        started(brokers)
        var written = 0
        let connector = try SteppedConnector(
            Self.files(), brokers,
            writer: WriterOf { _ in
                written += 1
                return Written(.written)
            })
        product(brokers, Self.sofa, revision: 1, "Sofa")
        brokers.groupMoves = true
        let sinks = try connector.loop("sinks")
        try connector.step(sinks) { written == 1 }
        for _ in 0..<20 { try connector.step(sinks) }
        #expect(brokers.committed.isEmpty)
        brokers.groupMoves = false
        try connector.step(sinks) { brokers.committed.values.contains(1) }
    }
}
