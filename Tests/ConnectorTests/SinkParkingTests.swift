import Canonical
import Document
import Installation
import Kafka
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

    /// "Absent" is said of what isn't there (I9).
    @Test func whatAFilterDoesNotWantForNowIsTakenAwayOnceAndComesBackWhenItsNumberIsKnown() throws {
        let brokers = MemoryBrokers()
        started(brokers)
        var written: [String] = []
        let writer = WriterOf { write in
            written.append("\(write.action) \(write.own ?? "-")@\(write.revision)")
            return write.action == .put
                ? Written(.written, own: write.own ?? "7") : Written(.absent, own: write.own)
        }
        let filter = #"where: "name = 'Needs' ? $exists($omni_idOf('product', '\#(Self.bench)')) : true""#
        let files = Self.files().mapValues {
            $0.replacing("map: article.jsonata", with: "\(filter)\n    map: article.jsonata")
        }
        let connector = try SteppedConnector(files, brokers, writer: writer)
        let sinks = try connector.loop("sinks")
        product(brokers, Self.sofa, revision: 1, "Sofa")
        try connector.step(sinks) { written == ["put -@1"] }
        connector.identify("product", "till", "7", as: Self.sofa)
        product(brokers, Self.sofa, revision: 2, "Needs")
        try connector.step(sinks) { parked(connector) == [Self.sofa] }
        let input = connector.names.input(domain: "product")
        func statuses() -> [String?] { brokers.records(input).compactMap { $0.value?["status"]?.string } }
        #expect(written.last == "delete 7@2" && statuses().last == "absent")
        // Tried again, for another number's sake: it was taken away already.
        let said = statuses().count
        connector.identify("product", "till", "8", as: Self.chair)
        for _ in 0..<50 { try connector.step(sinks) }
        #expect(written.count == 2 && statuses().count == said)
        connector.identify("product", "till", "9", as: Self.bench)
        try connector.step(sinks) { written.last == "put 7@2" && parked(connector).isEmpty }
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

    /// The report lies in another topic than what is parked: who ends in between has said one and not the other (I9).
    @Test func whatAProcessBeforeHasParkedAndNotReportedIsReported() throws {
        let before = MemoryBrokers()
        started(before)
        let first = try SteppedConnector(Self.files(), before, writer: WriterOf { _ in Written(.refused("too dear")) })
        product(before, Self.sofa, revision: 5, "Dear")
        try first.step(try first.loop("sinks")) { !parked(first).isEmpty }
        // What it has left behind: no report, no committed offset.
        let brokers = MemoryBrokers()
        started(brokers)
        product(brokers, Self.sofa, revision: 5, "Dear")
        for (key, value) in before.table(first.parked) { brokers.append(first.parked, key: key, value) }
        let second = try SteppedConnector(
            Self.files(), brokers, writer: WriterOf { _ in Written(.refused("too dear")) })
        let input = second.names.input(domain: "product")
        let sinks = try second.loop("sinks")
        try second.step(sinks) { brokers.committed.values.contains(1) }
        #expect(brokers.records(input).map { $0.value?["status"] } == ["parked"])
        // And once: the next refusal says nothing new.
        second.pass(.seconds(2))
        for _ in 0..<50 { try second.step(sinks) }
        #expect(brokers.records(input).count == 1)
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

    /// The group moves on, the member is about to join it anew, or the topic isn't there.
    @Test(arguments: [KafkaError.Code.rebalanceInProgress, .assignmentLost, .unknownTopicOrPartition])
    func whatCouldNotBeCommittedIsCommittedLater(refusal: KafkaError.Code) throws {
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
        brokers.refusal = refusal
        let sinks = try connector.loop("sinks")
        try connector.step(sinks) { written == 1 }
        for _ in 0..<20 { try connector.step(sinks) }
        #expect(brokers.committed.isEmpty)
        brokers.refusal = nil
        try connector.step(sinks) { brokers.committed.values.contains(1) }
    }

    @Test func whatASourceOfTheSameNameHoldsBackStaysBesideIt() throws {
        let brokers = MemoryBrokers()
        started(brokers)
        var files = Self.files()
        files["none.jsonata"] = """
            [{"product": {"gtin": gtin}}, {"count": {"product": {"system": "till", "id": "9"}, "place": "a", "quantity": 1}}]
            """
        let source = PagedSource([[], [("r1", ["gtin": .string(Self.sofa)])]])
        let first = try SteppedConnector(
            files, brokers, source: source, writer: WriterOf { _ in Written(.refused("too dear")) })
        product(brokers, Self.sofa, revision: 1, "Dear")
        let (sinks, articles) = (try first.loop("sinks"), try first.loop("articles"))
        try first.step(sinks) { brokers.committed.values.contains(1) }
        for _ in 0..<10 { try first.step(sinks) }
        try first.step(articles) { source.reads > 1 }
        #expect(parked(first) == [Self.sofa])
        // The next process finds both.
        var written = 0
        let second = try SteppedConnector(
            files, brokers, source: PagedSource([]),
            writer: WriterOf { _ in
                written += 1
                return Written(.written)
            })
        let (next, others) = (try second.loop("sinks"), try second.loop("articles"))
        second.identify("product", "till", "9", as: Self.chair)
        try second.step(next) { written == 1 }
        for _ in 0..<10 { try second.step(next) }
        try second.step(others) { brokers.table(second.parked).isEmpty }
        #expect(brokers.records(second.names.input(domain: "stock")).map(\.key) == ["\(Self.chair)@a"])
    }

    // MARK: Too many

    /// A process that has parked as many as may be.
    private func full() throws -> MemoryBrokers {
        let brokers = MemoryBrokers()
        started(brokers)
        var tried = 0
        let connector = try SteppedConnector(
            Self.files(more: ", most-parked: 2"), brokers,
            writer: WriterOf { _ in
                tried += 1
                return Written(.refused("too dear"))
            })
        for key in [Self.chair, Self.sofa] { product(brokers, key, revision: 1, "Dear") }
        let sinks = try connector.loop("sinks")
        try connector.step(sinks) { brokers.committed.values.contains(2) }
        #expect(parked(connector).count == 2)
        return brokers
    }

    @Test func sourcesReadThoughTooManyWereParkedAtTheStart() throws {
        let (brokers, source) = (try full(), PagedSource([]))
        let connector = try SteppedConnector(
            Self.files(more: ", most-parked: 2"), brokers, source: source,
            writer: WriterOf { _ in Written(.refused("too dear")) })
        let (sinks, articles) = (try connector.loop("sinks"), try connector.loop("articles"))
        for _ in 0..<100 { try connector.step(sinks) }
        try connector.step(articles) { source.reads > 0 }
    }

    @Test func aCorrectedRecordTakesThePlaceOfAParkedOneThoughTooManyAre() throws {
        let brokers = try full()
        var written: [String] = []
        let connector = try SteppedConnector(
            Self.files(more: ", most-parked: 2"), brokers,
            writer: WriterOf { write in
                guard write.document["name"] != "Dear" else { return Written(.refused("too dear")) }
                written.append("\(write.key)@\(write.revision)")
                return Written(.written)
            })
        let sinks = try connector.loop("sinks")
        for _ in 0..<100 { try connector.step(sinks) }
        product(brokers, Self.bench, revision: 1, "Bench")
        product(brokers, Self.sofa, revision: 2, "Less dear")
        product(brokers, Self.sofa, revision: 3, "Cheap")
        try connector.step(sinks) { !written.isEmpty }
        #expect(written == ["\(Self.sofa)@3"], "nothing else is taken up before")
        try connector.step(sinks) { brokers.committed.values.contains(5) }
        #expect(written.contains("\(Self.bench)@1") && !written.contains("\(Self.sofa)@2"))
        #expect(parked(connector) == [Self.chair])
    }

    @Test func aCorrectionIsParkedBeforeItIsWrittenAndReportedThoughItIsRefused() throws {
        let brokers = try full()
        var tried: [String] = []
        let connector = try SteppedConnector(
            Self.files(more: ", most-parked: 2"), brokers,
            writer: WriterOf { write in
                tried.append("\(write.key)@\(write.revision)")
                return Written(.refused("too dear"))
            })
        let (sinks, input) = (try connector.loop("sinks"), connector.names.input(domain: "product"))
        for _ in 0..<50 { try connector.step(sinks) }
        brokers.keepsWaiting = { [topic = connector.parked] in $0 == topic }
        product(brokers, Self.sofa, revision: 2, "Less dear")
        for _ in 0..<50 { try connector.step(sinks) }
        #expect(!tried.contains("\(Self.sofa)@2"), "a process that ends now doesn't repeat it before sources read (I6)")
        brokers.keepsWaiting = { _ in false }
        try connector.step(sinks) {
            brokers.records(input).contains {
                $0.key == Self.sofa && $0.value?["revision"] == 2 && $0.value?["status"] == "parked"
            }
        }
        #expect(parked(connector) == [Self.chair, Self.sofa].sorted())
    }

    @Test(arguments: [false, true])
    func theNextProcessWritesNothingOlderOverACorrection(wentThrough: Bool) throws {
        let brokers = try full()
        let first = try SteppedConnector(
            Self.files(more: ", most-parked: 2"), brokers,
            writer: WriterOf { write in
                wentThrough && write.revision == 3 ? Written(.written) : Written(.refused("too dear"))
            })
        let sinks = try first.loop("sinks")
        for _ in 0..<50 { try first.step(sinks) }
        for revision in 2...3 { product(brokers, Self.sofa, revision: Int64(revision), "Less dear") }
        try first.step(sinks) {
            brokers.table(first.parked).values.contains {
                $0["ahead"] != nil && $0["record"]?["revision"] == (wentThrough ? nil : 3)
            }
        }
        #expect(brokers.committed.values.max() == 2)
        // It ends, and the next one takes them up one by one.
        var written: [String] = []
        let second = try SteppedConnector(
            Self.files(
                writes: "{ db: { upsert: article, key: [ean] } }\n    batch: { records: 1, wait: 1ms }",
                more: ", most-parked: 2"), brokers,
            writer: WriterOf { write in
                written.append("\(write.key)@\(write.revision)")
                return Written(.written)
            })
        let next = try second.loop("sinks")
        try second.step(next) { brokers.committed.values.contains(4) }
        #expect(written.contains("\(Self.sofa)@3") == !wentThrough && !written.contains("\(Self.sofa)@2"))
        try second.step(next) { brokers.table(second.parked).isEmpty }
    }
}
