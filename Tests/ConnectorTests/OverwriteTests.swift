import Canonical
import Document
import Installation
import Testing

@testable import Connector

/// What a source holds back was read before the sinks wrote the same entity: it is told as such, and no edit that was made after
/// the write (I3, I6).
@Suite struct OverwriteTests {
    private static let files = [
        "connector.yaml": """
        system: shop
        connections: { api: { http: "http://127.0.0.1:1" } }
        sources:
          orders: { from: { api: { poll: "/orders", items: orders } }, map: orders.jsonata }
        sinks:
          states:
            of: order
            map: state.jsonata
            to: { api: { resource: "/orders/{id}", update: put } }
            seen-by: orders
        on-error: { retry: 10ms, longest: 10ms }
        """,
        "orders.jsonata":
            #"{"order": {"id": id, "state": state, "customer": {"system": "shop", "id": by}}, "self": id}"#,
        "state.jsonata": #"{"id": id, "state": state}"#,
    ]

    private static func order(_ id: String, _ state: String, by customer: String = "7001") -> JSON {
        ["id": .string(id), "state": .string(state), "by": .string(customer)]
    }

    /// A connector that has read these pages, and written a newer state of the order `a` behind the first of them.
    private func connector(
        _ brokers: MemoryBrokers, _ source: PagedSource, _ status: Written.Status = .written
    ) throws -> SteppedConnector {
        // Not its first start: nothing is waited for.
        brokers.append(
            TopicNames(prefix: "omni").position(connector: "test"), key: "orders", ["position": ["at": 0]])
        let writer = WriterOf { Written(status, own: $0.own ?? "a", readBack: Self.order("a", "paid")) }
        return try SteppedConnector(Self.files, brokers, source: source, writer: writer)
    }

    private func write(_ connector: SteppedConnector, revision: Int64) throws {
        let golden = connector.names.golden(entity: "order")
        connector.brokers.golden(golden, "order", "a", revision: revision, ["id": "a", "state": "paid"])
        let end = Int64(connector.brokers.records(golden).count)
        let sinks = try connector.loop("sinks")
        try connector.step(sinks) { connector.brokers.committed.values.contains(end) }
    }

    /// What is told of the order `a`: its states, and before which revision they stood there.
    private func told(_ connector: SteppedConnector) -> [String] {
        connector.brokers.records(connector.names.input(domain: "order")).filter { $0.type == "omni.order.stated" }
            .map { "\($0.key) \($0.value?["state"]?.string ?? "") \($0.revision ?? "-")" }
    }

    /// The notes that stand in the topic of what is parked.
    private func notes(_ connector: SteppedConnector) -> [JSON] {
        connector.brokers.table(connector.parked).values.filter { $0["before"] != nil }
    }

    private func release(_ connector: SteppedConnector) throws {
        for number in ["7001", "7002"] {
            connector.identify("customer", "shop", number, as: "6b0f1a51-2c4c-5d6e-9a3b-000000000001")
        }
    }

    @Test func whatWaitedThroughAWriteIsToldAsReadBeforeIt() throws {
        let source = PagedSource([
            [("r1", Self.order("a", "placed")), ("r2", Self.order("b", "placed"))],
            [("r3", Self.order("a", "shipped"))],
        ])
        let connector = try connector(MemoryBrokers(), source)
        let (orders, sinks) = (try connector.loop("orders"), try connector.loop("sinks"))
        try connector.step(sinks) { connector.isReady }
        source.most = 1
        try connector.step(orders) { source.reads > 1 }
        try write(connector, revision: 4)
        try write(connector, revision: 5)
        // What is read from now on stands behind both.
        source.most = 2
        let reads = source.reads
        try connector.step(orders) { source.reads > reads + 2 }
        #expect(told(connector).isEmpty && notes(connector).count == 1)
        try release(connector)
        try connector.step(orders) { told(connector).count == 3 }
        #expect(told(connector).filter { $0.hasPrefix("a") } == ["a placed 4", "a shipped -"])
        #expect(told(connector).contains("b placed -"))
        try connector.step(orders) { notes(connector).isEmpty }
    }

    @Test func theNextProcessKnowsWhatWasWrittenMeanwhile() throws {
        let brokers = MemoryBrokers()
        let source = PagedSource([[("r1", Self.order("a", "placed"))], [("r2", Self.order("a", "shipped"))]])
        var connector = try connector(brokers, source)
        try connector.step(try connector.loop("sinks")) { connector.isReady }
        source.most = 1
        try connector.step(try connector.loop("orders")) { source.reads > 1 }
        try write(connector, revision: 4)
        connector = try SteppedConnector(
            Self.files, brokers, source: source, writer: WriterOf { _ in Written(.written) })
        try connector.step(try connector.loop("sinks")) { connector.isReady }
        source.most = 2
        let (orders, reads) = (try connector.loop("orders"), source.reads)
        try connector.step(orders) { source.reads > reads + 2 }
        try release(connector)
        try connector.step(orders) { told(connector).count == 2 }
        #expect(told(connector) == ["a placed 4", "a shipped -"])
        try connector.step(orders) { notes(connector).isEmpty }
    }

    /// Parked, written, and what was parked is forgotten, as its page failed: it is read again behind the write.
    @Test func whatAFailedPageParkedIsReadAgainBehindTheWrite() throws {
        let source = PagedSource([[("r1", Self.order("a", "placed"))]])
        source.failures = [0: 1]
        let connector = try connector(MemoryBrokers(), source)
        try connector.step(try connector.loop("sinks")) { connector.isReady }
        let orders = try connector.loop("orders")
        try connector.step(orders) { source.failures[0] == 0 }
        try write(connector, revision: 4)
        try connector.step(orders) { source.reads > 2 }
        try release(connector)
        try connector.step(orders) { told(connector).count == 1 }
        #expect(told(connector) == ["a placed -"])
        #expect(notes(connector).isEmpty)
    }

    /// The write didn't come about: the system holds what was read.
    @Test func aRefusedWriteOvertakesNothing() throws {
        let source = PagedSource([[("r1", Self.order("a", "placed"))]])
        let connector = try connector(MemoryBrokers(), source, .refused("no"))
        try connector.step(try connector.loop("sinks")) { connector.isReady }
        let orders = try connector.loop("orders")
        try connector.step(orders) { source.reads > 1 }
        try write(connector, revision: 4)
        try release(connector)
        try connector.step(orders) { told(connector).count == 1 }
        #expect(told(connector) == ["a placed -"])
    }
}
