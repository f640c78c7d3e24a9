import Canonical
import Document
import Installation
import Kafka
import Testing

@testable import Connector

/// A source whose runs have several pages reads on beside a sink that reads before it writes (I6).
@Suite struct RunOfPagesTests {
    private static let sofa = "06438012345675"

    /// Pages of one run, which is noted at its end: told to go back it begins anew.
    private final class Run: SourceTransport {
        private var page = 0
        private(set) var read: [Int] = []

        func read(from position: JSON?, _ take: (ReadRecord, inout Tape) throws -> Void) throws -> PageEnd {
            if position?["run"] == 1 { return PageEnd(isIdle: true) }
            read.append(page)
            var tape = Tape()
            let own: JSON = ["id": .string("\(page)"), "gtin": .string(sofa), "name": "Theirs"]
            try tape.parse(own.utf8)
            try take(ReadRecord(reference: "\(page)", content: .document), &tape)
            page += 1
            guard page == 6 else { return PageEnd(records: 1) }
            page = 0
            return PageEnd(position: ["run": 1], records: 1, isIdle: true)
        }

        func rewind() { page = 0 }
        func wait(_ stop: StopSignal) throws {}
    }

    private let brokers = MemoryBrokers()
    private let run = Run()

    /// A connector of a shop whose sink has begun, and has a hundred batches to write.
    private func connector() throws -> SteppedConnector {
        let files = NumberedShop.files("http://127.0.0.1:1", "if-match: true").mapValues {
            $0.replacing("seen-by: items", with: "seen-by: items\n    batch: { records: 1, wait: 1ms }")
        }
        let writer = WriterOf(held: { ["id": .string($0.key), "gtin": .string($0.key), "name": "Old"] }) { write in
            Written(.written, own: write.key, readBack: ["gtin": .string(write.key), "name": "New"])
        }
        let connector = try SteppedConnector(files, brokers, source: run, writer: writer)
        brokers.append(connector.names.position(connector: "test"), key: "items", ["position": ["at": 1]])
        let sinks = try connector.loop("sinks")
        try connector.step(sinks) { connector.isReady }
        for number in 0..<100 {
            let key = "0643801234\(1000 + number)"
            connector.identify("product", "shop", key, as: key)
            brokers.golden(
                connector.names.golden(entity: "product"), "product", key, revision: 1,
                ["gtin": .string(key), "name": "New"])
        }
        return connector
    }

    @Test func eachPageIsReadOnceThoughTheSinkIsBusy() throws {
        let connector = try connector()
        let (sinks, items) = (try connector.loop("sinks"), try connector.loop("items"))
        let topic = connector.names.position(connector: "test")
        try connector.step(sinks) {
            try connector.step(items)
            return brokers.table(topic)["items"]?["position"]?["run"] == 1
        }
        #expect(run.read == Array(0..<6))
        #expect(brokers.committed.values.contains { $0 < 100 }, "it was not waited for")
    }

    @Test func nothingIsReadBetweenTheLookAndTheWrite() throws {
        let connector = try connector()
        let (sinks, items) = (try connector.loop("sinks"), try connector.loop("items"))
        let topic = connector.names.position(connector: "test")
        brokers.keepsWaiting = { $0 == topic }
        let notes = brokers.records(topic).count
        try connector.step(sinks) { brokers.records(topic).count > notes }
        for _ in 0..<5 {
            try connector.step(sinks)
            guard case .turn = try connector.step(items) else { return #expect(Bool(false), "it has a turn") }
        }
        #expect(run.read.isEmpty)
        // A sink that ends leaves it to the others.
        sinks.close()
        try connector.step(items)
        #expect(run.read == [0])
    }
}
