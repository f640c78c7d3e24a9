import Canonical
import Document
import Installation
import Testing

@testable import Connector

/// What a system shows may be more than a topic takes: then it is left out of what is said, and the sink goes on.
@Suite struct LargeCopyTests {
    private static let (chair, sofa) = ("06438012345682", "06438012345675")

    /// What the hub hears of two golden records, of which the sofa's is too large; and how often each was written.
    private func said(
        _ files: [String: String], before: String? = nil, after: String, isNew: Bool
    ) throws -> (reports: [MemoryBrokers.Stored], written: [String]) {
        let brokers = MemoryBrokers()
        var keys: [String] = []
        func record(_ write: Write, _ name: String) -> JSON {
            [
                "id": .string(write.key), "gtin": .string(write.key),
                "name": .string(write.key == Self.sofa ? name : "Chair"),
            ]
        }
        let writer = WriterOf(held: { write in before.map { record(write, $0) } }) { write in
            keys.append(write.key)
            var written = Written(.written, own: write.key, readBack: record(write, after))
            written.isNew = isNew
            return written
        }
        let connector = try SteppedConnector(files, brokers, writer: writer)
        brokers.append(connector.names.position(connector: "test"), key: "items", ["position": ["at": 1]])
        for key in [Self.chair, Self.sofa] {
            if !isNew { connector.identify("product", "shop", key, as: key) }
            brokers.golden(
                connector.names.golden(entity: "product"), "product", key, revision: 3,
                ["gtin": .string(key), "name": "New"])
        }
        let sinks = try connector.loop("sinks")
        try connector.step(sinks) { brokers.committed.values.contains(2) }
        return (brokers.records(connector.names.input(domain: "product")), keys.sorted())
    }

    @Test func aReportGoesWithoutWhatIsTooLarge() throws {
        let (reports, written) = try said(
            NumberedShop.files("http://127.0.0.1:1", "read-first: true"),
            after: String(repeating: "x", count: 1_100_000), isNew: true)
        #expect(written == [Self.chair, Self.sofa].sorted(), "each is written once")
        let report = try #require(reports.first { $0.key == Self.sofa })
        #expect(report.value == ["revision": 3, "status": "written", "self": .string(Self.sofa)])
        #expect(reports.first { $0.key == Self.chair }?.value?["held"]?["name"] == "Chair")
    }

    @Test func whatStoodThereBeforeIsLeftOutWhereNoTopicTakesIt() throws {
        var files = NumberedShop.files("http://127.0.0.1:1", "if-match: true")
        // Its words are three times the record.
        files["items.jsonata"] = #"{"product": {"gtin": gtin, "name": name & name & name}, "self": id}"#
        let (reports, written) = try said(
            files, before: String(repeating: "x", count: 400_000), after: "New", isNew: false)
        #expect(written == [Self.chair, Self.sofa].sorted(), "each is written once")
        let own = reports.filter { $0.key == Self.sofa }
        #expect(own.map(\.type) == ["omni.product.written"] && own[0].value?["held"]?["name"] == "NewNewNew")
    }
}
