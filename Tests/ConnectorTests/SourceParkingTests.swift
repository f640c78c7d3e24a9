import Canonical
import Document
import Installation
import Testing

@testable import Connector

/// What a source has parked in memory and what `omni.parked` holds are the same, whatever fails in between (I2, I7, I9).
@Suite struct SourceParkingTests {
    private static let sofa = "06438012345675"
    private static let files = [
        "connector.yaml": """
        system: till
        connections: { db: { sqlite: "/nowhere/till.db" } }
        sources:
          counts: { from: { db: { outbox: shelf, key: [id] } }, map: counts.jsonata }
        on-error: { retry: 10ms, longest: 10ms }
        """,
        "counts.jsonata": """
        rows.{"count": {"product": {"system": "till", "id": $string(article)}, "place": "a", "quantity": quantity}}
        """,
    ]

    private static func counts(_ rows: (article: Int, quantity: Int)...) -> JSON {
        [
            "rows": .array(
                rows.map { ["article": .number(Number($0.article)), "quantity": .number(Number($0.quantity))] })
        ]
    }

    /// The references of the records that wait, as the next process would find them.
    private static func waiting(_ connector: SteppedConnector) -> [String] {
        connector.brokers.table(connector.parked).values.compactMap(reference).sorted()
    }

    private static func reference(_ parked: JSON?) -> String? { parked?["record"]?["reference"]?.string }

    @Test func whatAFailedPageHasParkedIsNotLeftBehindInItsTopic() throws {
        let source = PagedSource([[("r1", Self.counts((1, 5)))]])
        source.failures = [0: 1]
        let connector = try SteppedConnector(Self.files, source: source)
        let loop = try connector.loop("counts")
        try connector.step(loop) { source.reads == 1 }
        #expect(Self.waiting(connector) == ["r1"])
        // Its number is known before the page is read again: it needn't wait any more.
        connector.identify("product", "till", "1", as: Self.sofa)
        try connector.step(loop) {
            connector.brokers.table(connector.names.position(connector: "test"))["counts"] != nil
        }
        #expect(connector.brokers.records(connector.names.input(domain: "stock")).map(\.key) == ["\(Self.sofa)@a"])
        #expect(Self.waiting(connector).isEmpty, "the next process would publish it behind newer ones")
    }

    /// Many rows of one record, each with a number that nobody knows.
    private static let longList: JSON = [
        "rows": .array(
            (0..<4_000).map { row in
                let article = "\(row)" + String(repeating: "x", count: 100)
                return ["article": .string(article), "quantity": 1]
            })
    ]

    /// It fits into a topic, and what it waits for beside it doesn't.
    @Test func whatWaitsForTooMuchIsADeadLetterAndNothingStopsBehindIt() throws {
        let source = PagedSource([[("r1", Self.longList)], [("r2", Self.counts((1, 5)))]])
        let connector = try SteppedConnector(Self.files, source: source)
        let loop = try connector.loop("counts")
        try connector.step(loop) { Self.waiting(connector) == ["r2"] }
        let dead = connector.brokers.records(connector.names.dead(of: "test"))
        #expect(dead.map(\.key) == ["r1"] && dead[0].value == Self.longList)
    }

    @Test func whatIsFoundToWaitForTooMuchIsADeadLetterToo() throws {
        var files = Self.files
        files["counts.jsonata"] = """
            gate ? ($omni_idOf("product", gate); \(Self.files["counts.jsonata"]!)) : \(Self.files["counts.jsonata"]!)
            """
        var gated = Self.longList
        gated["gate"] = .string(Self.sofa)
        let source = PagedSource([[("r1", gated)], [("r2", Self.counts((1, 5)))]])
        let connector = try SteppedConnector(files, source: source)
        let loop = try connector.loop("counts")
        try connector.step(loop) { Self.waiting(connector) == ["r1", "r2"] }
        connector.identify("product", "till", "9", as: Self.sofa)
        try connector.step(loop) { Self.waiting(connector) == ["r2"] }
        let dead = connector.brokers.records(connector.names.dead(of: "test"))
        #expect(dead.map(\.key) == ["r1"] && dead[0].value == gated)
    }

    @Test func lanesThatAFailedPageHasJoinedLoseNothing() throws {
        let source = PagedSource([
            [("r1", Self.counts((1, 5)))], [("r2", Self.counts((2, 5)))], [("r3", Self.counts((1, 6), (2, 6)))],
        ])
        source.failures = [2: 3]
        let connector = try SteppedConnector(Self.files, source: source)
        let loop = try connector.loop("counts")
        try connector.step(loop) { source.failures[2] == 2 }
        connector.identify("product", "till", "1", as: Self.sofa)
        try connector.step(loop) { source.reads > 6 }
        #expect(Self.waiting(connector) == ["r2", "r3"])
        // It might have ended behind any of these records.
        let records = connector.brokers.records(connector.parked)
        let begin = try #require(records.firstIndex { Self.reference($0.value) == "r2" })
        for end in begin..<records.count {
            var table: [String: JSON] = [:]
            for record in records[...end] { table[record.key] = record.value }
            #expect(table.values.contains { Self.reference($0) == "r2" }, "it is nowhere behind record \(end)")
        }
    }
}
