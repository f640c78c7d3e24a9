import Canonical
import Digests
import Document
import Kafka
import TestHub
import Testing

/// I2: what the hub can't use ends as exactly one dead letter with its bytes, its reason and its place; the rest goes on.
@Suite struct DeadLetterTests {
    private static let sofa = "06438012345675"
    private static let place = "06438012345675@kamppi"

    /// What is sent, where to, and a part of the reason that an operator must be able to read.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let domain: String
        let event: Foreign
        let reason: String
        var testDescription: String { name }

        init(_ name: String, in domain: String = "product", _ event: Foreign, _ reason: String) {
            self.name = name
            self.domain = domain
            self.event = event
            self.reason = reason
        }
    }

    private static let good = Foreign.product(sofa, "\"name\":\"Sofa\"")

    static let cases: [Case] = [
        Case("no key", good.keyed(nil), "key"),
        Case("a tombstone", good.valued(nil), "deletion"),
        Case("no ce_specversion", good.with("ce_specversion", nil), "ce_specversion"),
        Case("another ce_specversion", good.with("ce_specversion", "0.3"), "ce_specversion"),
        Case("no ce_id", good.with("ce_id", nil), "ce_id"),
        Case("no ce_source", good.with("ce_source", nil), "ce_source"),
        Case("a ce_source that is none", good.with("ce_source", "till"), "ce_source"),
        Case("no ce_type", good.with("ce_type", nil), "ce_type"),
        Case("a ce_type that is none", good.with("ce_type", "product.stated"), "ce_type"),
        Case("no ce_subject", good.with("ce_subject", nil), "ce_subject"),
        Case("no content type", good.with("content-type", nil), "content-type"),
        Case("another content type", good.with("content-type", "text/xml"), "content-type"),
        Case("no schema", good.with("ce_dataschema", nil), "ce_dataschema"),
        Case("another kind's schema", good.with("ce_dataschema", "urn:omni:order:1"), "ce_dataschema"),
        Case("a time that is none", good.with("ce_time", "yesterday"), "ce_time"),
        Case("no headers at all", Foreign.bare(key: sofa, "{\"gtin\":\"\(sofa)\"}"), "ce_specversion"),
        Case(
            "an unknown kind",
            Foreign("omni.sofa.stated", key: sofa, "{}"), "no kind 'sofa'"),
        Case("another domain's kind", in: "order", good, "domain"),
        Case("a hub's own event", good.with("ce_type", "omni.product.golden"), "out of the hub"),
        Case("a request for what can't be requested", good.with("ce_type", "omni.product.requested"), "product"),
        Case("a release of what can't be released", good.with("ce_type", "omni.product.released"), "product"),
        Case("a violation of the schema", .product(sofa, "\"price\":-1"), "price"),
        Case("a key that is no GTIN", Foreign("omni.product.stated", key: "12", "{\"gtin\":\"12\"}"), "gtin"),
        Case("not JSON", good.valued("{\"gtin\":"), "JSON"),
        Case("empty bytes", good.valued(""), "JSON"),
        Case("not an object", good.valued("[]"), "object"),
        Case(
            "a customer without a number", in: "customer",
            Foreign("omni.customer.stated", key: "till:1", "{\"email\":\"a@example.org\"}"), "number"),
        Case(
            "a customer of another system", in: "customer",
            Foreign("omni.customer.deleted", key: "crm:1", "{}", from: "/till/test"), "system"),
        Case("a quantity beyond thousandths", in: "stock", .count(sofa, "kamppi", "1.0001"), "quantity"),
        Case(
            "a hold of nothing", in: "stock", .hold("r0", sofa, "kamppi", "0"), "quantity"),
        Case(
            "a stated hold", in: "stock",
            Foreign.hold("r0", sofa, "kamppi").with("ce_type", "omni.hold.stated"), "hold"),
        Case(
            "a deleted movement", in: "stock", Foreign("omni.movement.deleted", key: place, "{}"), "movement"),
        Case(
            "a report about nothing", in: "product",
            Foreign("omni.product.written", key: "06438012345682", "{\"revision\":1,\"status\":\"written\"}"), "report"),
        Case(
            "a report that is none", in: "stock", Foreign("omni.stock.written", key: place, "{\"status\":7}"), "report"),
        Case(
            "a movement under a key of 500 bytes", in: "stock",
            Foreign.movement(sofa, "kamppi", "-1").keyed("\(sofa)@" + String(repeating: "p", count: 485)), "400"),
        Case("a key of 401 bytes", in: "order", .order(String(repeating: "k", count: 401)), "400"),
        Case("a key that begins with a control character", in: "order", .order("\u{1}hub"), "control"),
        Case(
            "a number of its own that is too long",
            good.with("ce_self", String(repeating: "9", count: 600)), "ce_self"),
    ]

    @Test func everyRecordThatIsNoUseBecomesOneDeadLetterAndTheRestGoesOn() throws {
        let plant = try Plant(partitions: 1)
        try plant.running { running in
            let producer = try plant.producer()
            // Between any two bad ones a good one: nothing may hide behind them.
            for (number, bad) in Self.cases.enumerated() {
                try plant.send([bad.event], to: bad.domain, by: producer)
                try plant.send([.product(Self.sofa, "\"name\":\"Sofa \(number)\"")], to: "product", by: producer)
            }
            try plant.settle()
            #expect(running.failure == nil)
            let golden = try plant.records(plant.names.golden(entity: "product"))
            #expect(golden.map { $0.json?["name"] } == Self.cases.indices.map { .string("Sofa \($0)") })

            let dead = try plant.records(plant.names.dead(of: "hub"))
            #expect(dead.count == Self.cases.count, "\(dead.map { $0["omni_reason"] ?? "-" })")
            let inputs = try plant.model.domains.flatMap { try plant.records(plant.names.input(domain: $0)) }
            for bad in Self.cases { try check(bad, dead, inputs) }
        }
    }

    private func check(_ bad: Case, _ dead: [Seen], _ inputs: [Seen]) throws {
        // Each case's headers are its own: the id is, or the lack of one.
        let id = bad.event.headers.first { $0.name == "ce_id" }?.text
        let letters = dead.filter {
            $0["ce_id"] == id && $0.key == bad.event.key && $0.bytes == bad.event.value
                && $0.headers.count == bad.event.headers.count + 2
        }
        .filter { letter in bad.event.headers.allSatisfy { letter[$0.name] == $0.text } }
        #expect(letters.count == 1, "\(bad.name)")
        guard let letter = letters.first else { return }
        #expect(letter["omni_reason"]?.contains(bad.reason) == true, "\(bad.name): \(letter["omni_reason"] ?? "-")")
        let origin = inputs.first { "\($0.place)" == letter["omni_where"] }
        #expect(origin?.bytes == bad.event.value && origin?.key == bad.event.key, "\(bad.name)")
    }

    /// A dead-lettered movement leaves a hole in the ledger: the position says so until the next count.
    @Test func aDeadMovementMarksItsPositionIncompleteUntilTheNextCount() throws {
        let plant = try Plant()
        try plant.running { _ in
            func incomplete() throws -> JSON? {
                try plant.table(plant.names.golden(entity: "stock"))[Self.place]?.json?["incomplete"]
            }
            try plant.send([.count(Self.sofa, "kamppi", "5")], to: "stock")
            try plant.settle()
            #expect(try incomplete() == nil)
            try plant.send([.movement(Self.sofa, "kamppi", "-1", kind: "theft")], to: "stock")
            try plant.settle()
            #expect(try plant.records(plant.names.dead(of: "hub")).count == 1)
            #expect(try incomplete() == true)
            try plant.send([.count(Self.sofa, "kamppi", "4")], to: "stock")
            try plant.settle()
            #expect(try incomplete() == nil)
            try plant.send([.movement(Self.sofa, "kamppi", "-0.0001")], to: "stock")
            try plant.settle()
            #expect(try incomplete() == true, "refused by the engine, not by the gate")
        }
    }

    /// Under a key that doesn't belong where the record lies, nobody's position is touched.
    @Test func aDeadMovementInTheWrongPartitionTouchesNoPosition() throws {
        let plant = try Plant(partitions: 2)
        try plant.running { _ in
            try plant.send([.count(Self.sofa, "kamppi", "5")], to: "stock")
            let wrong = 1 - partition(of: Self.place, 2)
            try plant.send([Foreign.movement(Self.sofa, "kamppi", "-1", kind: "theft").at(wrong)], to: "stock")
            try plant.settle()
            #expect(try plant.records(plant.names.dead(of: "hub")).count == 1)
            let golden = try plant.records(plant.names.golden(entity: "stock"))
            #expect(golden.map(\.revision) == [1] && golden.first?.json?["onHand"] == 5)
            let states = try plant.records(plant.names.state(domain: "stock")).filter { $0.key == Self.place }
            #expect(Set(states.map(\.place.partition.partition)) == [partition(of: Self.place, 2)])
        }
    }

    /// What a dead letter says of an earlier death must not hide the present one.
    @Test func aDeadLetterSentAgainSaysWhyItDiedNow() throws {
        let plant = try Plant(partitions: 1)
        try plant.running { _ in
            let again = Foreign.product(Self.sofa, "\"price\":-1").with("omni_reason", "an old one")
                .with("omni_where", "elsewhere[0]@1")
            try plant.send([again], to: "product")
            let dead = try plant.records(plant.names.dead(of: "hub"), count: 1)
            #expect(dead.first?["omni_reason"]?.contains("price") == true)
            #expect(dead.first?["omni_where"]?.hasPrefix(plant.names.input(domain: "product")) == true)
        }
    }
}

extension Foreign {
    static func bare(key: String, _ value: String) -> Foreign {
        var event = Foreign("omni.product.stated", key: key, value)
        event.headers = []
        return event
    }

    static func order(_ id: String) -> Foreign {
        Foreign("omni.order.stated", key: id, JSON.object([.init("id", .string(id))]).text)
    }
}

/// What is too large for a Kafka record on its way out.
@Suite struct LargeRecordTests {
    private static let sofa = "06438012345675"

    /// Producers may be allowed more than the hub is; and compressed, more fits into a broker's limit than comes out.
    private func send(_ events: [Foreign], to domain: String, _ plant: Plant) throws {
        let producer = try plant.producer(["message.max.bytes": "8000000", "compression.type": "gzip"])
        try plant.send(events, to: domain, by: producer)
    }

    private func text(_ count: Int) -> String { String(repeating: "x", count: count) }

    @Test func whatIsTooLargeIsKeptInAFileAndItsDigestInTheDeadLetter() throws {
        let plant = try Plant(partitions: 1)
        try plant.running { running in
            let huge = Foreign.product(Self.sofa, "\"price\":-1,\"description\":\"\(text(3_000_000))\"")
            try send([huge], to: "product", plant)
            // A stray of that size can't be written again.
            let stray = Foreign.product(Self.sofa, "\"description\":\"\(text(2_000_000))\"").keyed("elsewhere")
            try send([stray], to: "product", plant)
            try plant.send([.product(Self.sofa, "\"name\":\"Sofa\"")], to: "product")
            try plant.settle()
            #expect(running.failure == nil)
            let golden = try plant.records(plant.names.golden(entity: "product"))
            #expect(golden.map { $0.json?["name"] } == ["Sofa"])
            let dead = try plant.records(plant.names.dead(of: "hub"))
            #expect(dead.count == 2)
            for (letter, event) in zip(dead, [huge, stray]) {
                let bytes = try #require(event.value)
                let digest = Hex.encode(SHA256.digest(bytes))
                #expect(letter["omni_digest"] == "sha-256=\(digest)")
                #expect(letter["omni_bytes"] == "\(bytes.count)")
                #expect(letter.bytes == [])
                #expect(letter["ce_id"] == event.headers.first { $0.name == "ce_id" }?.text)
                let file = try #require(letter["omni_quarantine"])
                #expect(Plant.read("\(plant.folder)/var/quarantine/\(file)") == bytes)
            }
        }
    }

    /// A record that the brokers take whole may not fit again with what the hub adds: its key, its headers, or what the reason
    /// quotes. What can't leave as it came must not end the hub (I2).
    @Test func keysHeadersAndReasonsAreBoundedWithTheirValue() throws {
        let plant = try Plant(partitions: 1)
        try plant.running { running in
            let value = "\"description\":\"\(text(900_000))\""
            let longKey = Foreign.product(Self.sofa, value).keyed(text(110_000))
            let longType = Foreign.product(Self.sofa, value).with("ce_type", "omni.\(text(60_000)).stated")
            let stray = Foreign.product(Self.sofa, value).keyed("elsewhere").with("x-book", text(120_000))
            try send([longKey, longType, stray], to: "product", plant)
            try plant.send([.product(Self.sofa, "\"name\":\"Sofa\"")], to: "product")
            try plant.settle()
            #expect(running.failure == nil)
            #expect(try plant.records(plant.names.golden(entity: "product")).map { $0.json?["name"] } == ["Sofa"])
            let dead = try plant.records(plant.names.dead(of: "hub"))
            #expect(dead.map(\.bytes) == [longKey, longType, stray].map(\.value))
            let key = try #require(longKey.key)
            let digest = Hex.encode(SHA256.digest(Array(key.utf8)))
            #expect(dead.first?.key == "sha-256=\(digest)" && dead.first?["omni_key"] == digest)
            #expect(Plant.read("\(plant.folder)/var/quarantine/\(digest)") == Array(key.utf8))
            #expect(dead.allSatisfy { $0["omni_reason"]?.utf8.count ?? 0 < 2_000 })
        }
    }

    /// Each statement fits; what the hub would have to publish of them doesn't.
    @Test func whatGrowsTooLargeIsUndoneAndTheRestStands() throws {
        let plant = try Plant(partitions: 1)
        try plant.running { running in
            func part(_ system: String, _ field: String) -> Foreign {
                .product(Self.sofa, "\"\(field)\":\"\(text(600_000))\"", from: system)
            }
            try send([part("shop", "description"), part("importer", "brand")], to: "product", plant)
            try plant.send([.product(Self.sofa, "\"name\":\"Sofa\"", from: "shop")], to: "product")
            try plant.settle()
            #expect(running.failure == nil)
            let golden = try plant.records(plant.names.golden(entity: "product"))
            #expect(golden.map(\.revision) == [1, 2])
            let last = try #require(golden.last?.json)
            #expect(last["brand"] == nil && last["name"] == "Sofa" && last["description"]?.string?.count == 600_000)
            let dead = try plant.records(plant.names.dead(of: "hub"))
            #expect(dead.count == 1)
            #expect(dead.first?["ce_source"] == "/importer/test" && dead.first?.bytes?.count ?? 0 > 600_000)
            #expect(dead.first?["omni_reason"]?.contains("bytes") == true)
        }
    }

    @Test func headersLikeABookAreLeftOut() throws {
        let plant = try Plant(partitions: 1)
        try plant.running { running in
            let event = Foreign.product(Self.sofa, "\"price\":-1").with("x-book", text(900_000))
            try send([event], to: "product", plant)
            let trace = Foreign.product(Self.sofa, "\"name\":\"Sofa\"").with("traceparent", text(900_000))
            try send([trace], to: "product", plant)
            try plant.settle()
            #expect(running.failure == nil)
            let dead = try plant.records(plant.names.dead(of: "hub"))
            #expect(dead.count == 1 && dead.first?["x-book"] == nil && dead.first?.bytes == event.value)
            #expect(dead.first?["ce_type"] == "omni.product.stated" && dead.first?["omni_headers"] != nil)
            let golden = try plant.records(plant.names.golden(entity: "product"))
            #expect(golden.count == 1 && golden.first?["traceparent"] == nil)
        }
    }
}
