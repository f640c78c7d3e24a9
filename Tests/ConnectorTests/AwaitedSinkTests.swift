import Canonical
import Document
import Installation
import Kafka
import Testing
import Transports

@testable import Connector

/// A sink that can't begin: what it would hand over isn't fit, or its system is away. The connector's others go on.
@Suite struct AwaitedSinkTests {
    private static let files = [
        "connector.yaml": """
        system: importer
        connections: { api: { http: "http://127.0.0.1:1" } }
        sources:
          prices: { from: { api: { poll: "/prices", items: items } }, of: product, start: now, map: price.jsonata }
          places: { from: { api: { poll: "/places", items: items } }, of: location, start: now, map: place.jsonata }
        sinks:
          list: { of: product, map: any.jsonata, to: { api: { resource: "/list/{id}" } } }
          shops: { of: location, map: any.jsonata, to: { api: { resource: "/shops/{id}" } } }
        on-error: { retry: 1s, longest: 4s, most-parked: 2 }
        """,
        "price.jsonata": #"{"product": {"gtin": gtin, "name": name}}"#,
        "place.jsonata": #"{"location": {"code": code, "name": name}}"#,
        "any.jsonata": #"refused ? $reject("no") : {"name": name}"#,
    ]
    private static let sofa = "06438012345675"
    private let brokers = MemoryBrokers()
    private let names = TopicNames(prefix: "omni")

    /// Hands over all that it has; what it showed before is what a test says.
    private final class List: WholeWriter {
        var shows = false
        var isAway = false
        var taken = 0
        private(set) var written: [String] = []

        func restore(most: Int, _ found: ((FoundRecord) throws -> Void) throws -> Void) throws -> Restored {
            if isAway { throw SystemFailure("the folder is full") }
            taken += 1
            var fates: [String: FoundRecord] = [:]
            try found { fates[$0.golden.key] = $0 }
            var result = Restored()
            for (_, record) in fates {
                guard case .refused(let reason) = record.fate else { continue }
                result.hold(record.golden, reason, isWaiting: false, isShown: true, most: most)
            }
            result.isTooMuch = result.refused >= most
            if !result.isTooMuch { written += fates.keys.sorted() }
            return result
        }

        func mayShow(_ records: [ShownRecord]) -> Bool { shows && !records.isEmpty }

        func write(_ writes: [Write]) throws -> [Written] {
            written += writes.map(\.key)
            return writes.map { _ in Written(.written) }
        }
    }

    private func golden(_ entity: String, _ key: String, revision: Int64, isRefused: Bool = false) {
        brokers.golden(
            names.golden(entity: entity), entity, key, revision: revision,
            ["name": .string(key), "refused": .bool(isRefused)])
    }

    /// A connector that has run before, and whose list is refused twice.
    private func connector(_ list: List, source: any SourceTransport = SilentSource()) throws -> SteppedConnector {
        brokers.append(names.position(connector: "test"), key: "prices", ["position": ["at": 0]])
        brokers.append(names.position(connector: "test"), key: "places", ["position": ["at": 0]])
        for key in ["1", "2"] { golden("product", key, revision: 1, isRefused: true) }
        golden("location", "kamppi", revision: 1)
        return try SteppedConnector(Self.files, brokers, source: source, writers: ["list": list])
    }

    private func reports(_ domain: String) -> [String] {
        brokers.records(names.input(domain: domain)).filter { $0.type?.hasSuffix(".written") == true }
            .map { "\($0.key) \($0.value?["status"]?.string ?? "")" }
    }

    /// Steps a loop while time goes by.
    private func step(_ connector: SteppedConnector, _ loop: any Loop, until condition: () -> Bool) throws {
        try connector.step(loop) {
            connector.pass(.milliseconds(200))
            return condition()
        }
    }

    @Test func theOthersWriteWhileOneIsRefusedTooMuchAndItBeginsWhenThatIsMended() throws {
        let list = List()
        let connector = try connector(list)
        let sinks = try connector.loop("sinks")
        try connector.step(sinks) { connector.isReady }
        #expect(reports("location") == ["kamppi written"])
        golden("location", "sello", revision: 1)
        try step(connector, sinks) { reports("location").count == 2 }
        #expect(reports("product").isEmpty && list.written.isEmpty)
        let partition = TopicPartition(names.golden(entity: "product"), 0)
        #expect(brokers.committed[partition] == nil, "nothing of it is passed over")
        golden("product", "2", revision: 2)
        try step(connector, sinks) { reports("product").contains("2 written") }
        #expect(list.written.contains("2"))
        #expect(reports("product").contains("1 parked"))
        golden("product", "3", revision: 1)
        golden("location", "itis", revision: 1)
        try step(connector, sinks) { reports("product").contains("3 written") && reports("location").count == 3 }
    }

    @Test func itIsNotTakenUpAgainBeforeThereIsSomethingNew() throws {
        let list = List()
        let connector = try connector(list)
        let sinks = try connector.loop("sinks")
        var steps = 0
        func some() -> Bool {
            steps += 1
            return steps % 50 == 0
        }
        try step(connector, sinks, until: some)
        #expect(list.taken == 1)
        golden("product", "3", revision: 1, isRefused: true)
        try step(connector, sinks, until: some)
        #expect(list.taken == 2)
    }

    @Test func aSystemThatIsAwayAtTheStartIsWaitedForByItsSinkAlone() throws {
        let list = List()
        list.isAway = true
        let connector = try connector(list)
        let sinks = try connector.loop("sinks")
        try connector.step(sinks) { reports("location").count == 1 }
        list.isAway = false
        for key in ["1", "2"] { golden("product", key, revision: 2) }
        try step(connector, sinks) { reports("product").count == 2 }
        #expect(reports("product") == ["1 written", "2 written"])
    }

    @Test(arguments: [false, true])
    func aTopicThatCannotBeReadIsWaitedForByItsSinkAlone(joinsLate: Bool) throws {
        let list = List()
        list.isAway = joinsLate
        let connector = try connector(list, source: Self.pages())
        let (sinks, prices) = (try connector.loop("sinks"), try connector.loop("prices"))
        if joinsLate { try connector.step(sinks) { reports("location").count == 1 } }
        list.isAway = false
        let topic = names.golden(entity: "product")
        brokers.isAway = { $0 == topic }
        try step(connector, sinks) { reports("location").count == 1 }
        golden("location", "sello", revision: 1)
        try step(connector, sinks) { reports("location").count == 2 }
        var pauses: [Duration] = []
        for _ in 0..<50 {
            if case .time(let pause) = try sinks.step() { pauses.append(pause) }
            try connector.step(prices)
            connector.pass(.milliseconds(200))
        }
        #expect(pauses.isEmpty, "who has begun goes on")
        let input = names.input(domain: "product")
        #expect(brokers.records(input).isEmpty, "it may have shown what nobody has reported (I6)")
        brokers.isAway = { _ in false }
        for key in ["1", "2"] { golden("product", key, revision: 2) }
        try step(connector, sinks) { reports("product").count == 2 }
        #expect(reports("product") == ["1 written", "2 written"])
    }

    /// A system may be away for hours: sources of other kinds don't wait for that.
    @Test func whoMeetsADoubtOfAnotherKindWaitsForThatAlone() throws {
        let list = List()
        list.isAway = true
        var failures = 1
        let shops = WriterOf { _ in
            failures -= 1
            guard failures < 0 else { throw SystemFailure("busy") }
            return Written(.written)
        }
        for key in ["prices", "places"] {
            brokers.append(names.position(connector: "test"), key: key, ["position": ["at": 0]])
        }
        golden("product", "1", revision: 1)
        golden("location", "kamppi", revision: 1)
        let connector = try SteppedConnector(
            Self.files, brokers, source: Self.pages(), writers: ["list": list, "shops": shops])
        let (sinks, places) = (try connector.loop("sinks"), try connector.loop("places"))
        try connector.step(sinks) { connector.isReady }
        golden("location", "kamppi", revision: 2)
        failures = 1
        try connector.step(sinks) { failures == 0 }
        var met: Set<String> = []
        try connector.step(places) {
            if case .certainty(let kinds) = try places.step() { met = kinds }
            return !met.isEmpty
        }
        #expect(met == ["location"])
    }

    /// One page of a product, and from the other source one of a place: whichever mapping reads it.
    private static func pages() -> PagedSource {
        PagedSource([
            [("1", ["gtin": .string(sofa), "code": "pasila", "name": "Theirs"])]
        ])
    }

    @Test func whatItMayHaveShownUnreportedHoldsBackSourcesOfItsKindAlone() throws {
        for shows in [false, true] {
            let test = AwaitedSinkTests()
            let list = List()
            list.shows = shows
            let connector = try test.connector(list, source: Self.pages())
            let (sinks, prices, places) = (
                try connector.loop("sinks"), try connector.loop("prices"), try connector.loop("places")
            )
            try connector.step(sinks) { connector.isReady }
            for _ in 0..<20 {
                try connector.step(prices)
                try connector.step(places)
                try connector.step(sinks)
            }
            func said(_ domain: String) -> Bool {
                test.brokers.records(test.names.input(domain: domain)).contains {
                    $0.type?.hasSuffix(".stated") == true
                }
            }
            #expect(said("location"))
            #expect(said("product") == !shows)
            guard shows else { continue }
            test.golden("product", "2", revision: 2)
            try step(connector, sinks) { test.reports("product").contains("2 written") }
            try connector.step(sinks) { connector.isReady }
            try connector.step(prices) { said("product") }
            let records = test.brokers.records(test.names.input(domain: "product"))
            let first = try #require(records.firstIndex { $0.type?.hasSuffix(".stated") == true })
            #expect(records[..<first].contains { $0.key == "2" }, "what was written is reported before")
        }
    }
}
