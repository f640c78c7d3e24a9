import Canonical
import Document
import Installation
import Testing

@testable import Connector

@Suite struct UndertakingTests {
    /// I6: newer revisions can't find what an older one has created, and Kafka may have compacted that one away.
    @Test func whatMayHaveBeenCreatedIsKnownToTheNextProcess() {
        let golden = Golden(
            entity: "customer", key: "aino", verb: .golden, revision: 3, data: Array(#"{"givenName":"Aino"}"#.utf8),
            time: .never, place: "omni.customer[0]@7", epoch: 5)
        var undertaken = Undertaking(noted: nil)
        undertaken.create(golden)
        var next = Undertaking(noted: undertaken.note([golden]))
        #expect(next.created(of: "customer") == [golden] && next.created(of: "product").isEmpty)
        // It ends as well before that is repeated.
        #expect(Undertaking(noted: next.note([])).created(of: "customer") == [golden])
        next.forget([golden])
        #expect(next.created(of: "customer").isEmpty && next.note([]) == ["writing": [], "held": []])
        undertaken.finish([golden])
        #expect(undertaken.note([golden])["created"] == nil, "it is reported")
    }

    @Test func oneRecordThatIsTooLargeToBeNotedLeavesWhatOthersOwe() {
        func golden(_ key: String, _ offset: Int) -> Golden {
            Golden(
                entity: "customer", key: key, verb: .golden, revision: 3, data: Array("{}".utf8), time: .never,
                place: .words("omni.customer[0]@\(offset)"))
        }
        let (owed, large) = (golden("aino", 7), golden("eero", 8))
        var before = Undertaking(noted: nil)
        before.create(owed)
        before.see(["city": "Turku"], before: owed, own: "1")
        var next = Undertaking(noted: before.note([owed]))
        next.create(large)
        next.see(["city": "Oulu"], before: large, own: "2")
        next.overlook([large])
        let third = Undertaking(noted: next.note([large]))
        #expect(third.created(of: "customer") == [owed] && third.includes(large))
        #expect(third.held(before: owed, own: "1").map(\.record) == [["city": "Turku"]])
        #expect(third.held(before: large, own: "2").isEmpty)
    }
}

@Suite struct GoldenTests {
    /// What is repeated from a note must map to the same as before: `$now()` is its time, and an idempotency key goes with one body.
    @Test func aNotedRecordComesBackAsItWas() throws {
        let golden = Golden(
            entity: "customer", key: "aino", verb: .golden, revision: 3, data: Array(#"{"givenName":"Aino"}"#.utf8),
            time: Tick(1_738_324_800_123), place: "omni.customer[0]@7", traceparent: "00-1-2-01", epoch: 5)
        #expect(Golden(try JSON(parsing: golden.json.utf8)) == golden)
    }

    @Test func whatIsNoDocumentDoesNotComeBackAsAnEmptyOne() throws {
        let golden = Golden(
            entity: "product", key: "1", verb: .golden, revision: 3, data: Array("<xml>".utf8), time: .never,
            place: "omni.product[0]@7")
        #expect(Golden(golden.json)?.data == Array("null".utf8))
    }
}

@Suite struct LanesTests {
    private func record(_ name: String) -> StoredRecord { StoredRecord(reference: name, document: Array("{}".utf8)) }

    @Test func aRecordQueuesBehindItsEntityAndBehindItsReference() {
        var lanes = Lanes()
        _ = lanes.park(record("1"), entities: ["stock/till:9@a"], missing: ["product/till:9"])
        #expect(lanes.holds(entities: ["product/x", "stock/till:9@a"]))
        #expect(!lanes.holds(entities: ["product/x"]))
        #expect(lanes.waits(for: "product/till:9"))
        #expect(!lanes.waits(for: "product/till:8"))
    }

    @Test func aLaneShrinksInTheOrderInWhichItGrew() {
        var lanes = Lanes()
        for name in ["1", "2", "3"] { _ = lanes.park(record(name), entities: ["order/1"], missing: ["customer/a:1"]) }
        var order: [String] = []
        while let lane = lanes.lane(of: "order/1"), let change = lanes.shifted(lane.id) {
            order.append(lane.waiting[0].record.reference)
            lanes.apply(change)
        }
        #expect(order == ["1", "2", "3"])
        #expect(lanes.count == 0 && !lanes.waits(for: "customer/a:1") && !lanes.holds(entities: ["order/1"]))
    }

    @Test func aRecordThatIsReadAgainUnchangedWaitsOnce() {
        var lanes = Lanes()
        let entities = ["product/shop:1"]
        func record(_ reference: String, _ text: String = "{}") -> StoredRecord {
            StoredRecord(reference: reference, document: Array(text.utf8))
        }
        func park(_ record: StoredRecord) -> Int {
            lanes.park(record, entities: entities, missing: ["product/shop:1"]) == nil ? 0 : 1
        }
        #expect(park(record("/items/1@4#ab")) == 1)
        // The next time everything is read, and the next page that is read again.
        #expect(park(record("/items/1@5#ab")) == 0)
        #expect(park(record("/items/1@4#ab")) == 0)
        // It changed, and changed back.
        #expect(park(record("/items/1@6#cd", "{\"a\":1}")) == 1)
        #expect(park(record("/items/1@7#ab")) == 1)
        // Two facts may look the same.
        #expect(park(record("outbox/1")) == 1 && park(record("outbox/2")) == 1 && park(record("outbox/2")) == 0)
        #expect(lanes.count == 5)
    }

    @Test func aRecordThatTouchesTwoLanesJoinsThem() throws {
        var lanes = Lanes()
        _ = lanes.park(record("1"), entities: ["order/1"], missing: ["customer/a:1"])
        _ = lanes.park(record("2"), entities: ["order/2"], missing: ["customer/a:2"])
        _ = lanes.park(record("3"), entities: ["order/2", "order/1"], missing: ["customer/a:3"])
        #expect(lanes.lane(of: "order/1")?.waiting.map(\.record.reference) == ["1", "2", "3"])
        #expect(lanes.lane(of: "order/2") == lanes.lane(of: "order/1") && lanes.lanes.count == 1)
    }

    /// An entity's key becomes known while its record waits for something else; then another record comes under the key before.
    @Test func aLaneWhoseEntityIsCalledOtherwiseByNowLosesNothing() throws {
        var lanes = Lanes()
        _ = lanes.park(record("1"), entities: ["stock/till:9@a"], missing: ["product/till:9", "location/a"])
        let id = try #require(lanes.lane(of: "stock/till:9@a")?.id)
        lanes.apply(try #require(lanes.wait(id, entities: ["stock/0643@a"], missing: ["location/a"])))
        _ = lanes.park(record("2"), entities: ["stock/till:9@a"], missing: ["product/till:9"])
        #expect(Set(lanes.all.map(\.record.reference)) == ["1", "2"])
    }

    /// It changed, and changed back: under one name, both are waiting.
    @Test func whatWaitsTwiceStaysInTheTopicUntilBothAreDealtWith() throws {
        var lanes = Lanes()
        func park(_ text: String) {
            let record = StoredRecord(reference: "/items/1@\(text)", document: Array("{\"a\":\(text)}".utf8))
            _ = lanes.park(record, entities: ["product/1"], missing: ["product/shop:1"])
        }
        for text in ["1", "2", "1"] { park(text) }
        let id = try #require(lanes.lane(of: "product/1")?.id)
        let first = try #require(lanes.shifted(id))
        #expect(first.stored.waiting?.number == 2)
        lanes.apply(first)
        lanes.apply(try #require(lanes.shifted(id)))
        let last = try #require(lanes.shifted(id))
        #expect(last.stored == Lanes.Stored(name: first.stored.name, waiting: nil))
        lanes.apply(last)
        #expect(lanes.isEmpty)
    }

    /// Two processes read the same, and each parks what the other has not read: nobody takes anything away (I2).
    @Test func whatTwoProcessesHaveParkedIsAllThere() {
        var topic: [String: Lanes.Waiting] = [:]
        for read in [["1", "2"], ["1", "3"]] {
            var lanes = Lanes()
            for name in read {
                guard let parked = lanes.park(record(name), entities: ["order/1"], missing: ["customer/a:1"]) else {
                    return
                }
                topic[parked.name] = parked
            }
        }
        var next = Lanes()
        next.restore(Array(topic.values))
        #expect(Set(next.lane(of: "order/1")?.waiting.map(\.record.reference) ?? []) == ["1", "2", "3"])
        #expect(next.lanes.count == 1)
    }

    @Test func whatIsWrittenIsReadBack() throws {
        var lanes = Lanes()
        var stored = record("1")
        stored.stamp = Tick(1000)
        stored.position = 7
        let parked = lanes.park(stored, entities: ["order/1"], missing: ["customer/a:1"])
        let waiting = try #require(parked)
        #expect(Lanes.Waiting(name: waiting.name, waiting.json) == waiting)
        var other = Lanes()
        other.restore([waiting])
        // Numbers go on behind what was restored.
        _ = other.park(record("2"), entities: ["order/1"], missing: ["customer/a:1"])
        #expect(other.lane(of: "order/1")?.waiting.map(\.number) == [0, 1])
    }

    /// What could be read once can be read where it waits, below the levels of the note about it (I2).
    @Test func theDeepestDocumentIsReadBackWhereItWaits() throws {
        let document = Array((String(repeating: "[", count: 512) + String(repeating: "]", count: 512)).utf8)
        var lanes = Lanes()
        let stored = StoredRecord(reference: "1", document: document)
        let parked = lanes.park(stored, entities: ["order/1"], missing: ["customer/a:1"])
        let waiting = try #require(parked)
        let json = try JSON(parsing: waiting.json.utf8)
        #expect(Lanes.Waiting(name: waiting.name, json)?.record.document == document)
    }
}

@Suite struct DecisionTests {
    private func golden(_ key: String, _ revision: Int64, _ verb: Golden.Verb = .golden) -> Golden {
        Golden(entity: "product", key: key, verb: verb, revision: revision, data: [], time: .never, place: "p")
    }

    @Test func theNewestOfEachEntityStays() {
        var newest = Coalescing()
        for record in [golden("a", 1), golden("b", 1), golden("a", 3), golden("a", 2), golden("c", 1)] {
            newest.add(record)
        }
        #expect(newest.records == [golden("b", 1), golden("a", 3), golden("c", 1)])
    }

    /// I6: a process wrote the newest of a batch. The next one reads it in smaller pieces.
    @Test func whatStandsBeforeWhatWasWrittenIsLeftOut() {
        var newest = Coalescing([golden("a", 1), golden("b", 1), golden("a", 2)])
        newest.drop(before: golden("a", 3))
        #expect(newest.records == [golden("b", 1)])
        newest.add(golden("a", 4))
        #expect(newest.records == [golden("b", 1), golden("a", 4)])
    }

    @Test func aTombstoneIsNewerThanEverythingBeforeIt() {
        var newest = Coalescing()
        newest.add(golden("a", 5))
        newest.add(golden("a", .max, .gone))
        #expect(newest.records.map(\.verb) == [.gone])
        newest.add(golden("a", 1))
        #expect(newest.records.map(\.revision) == [1])
    }

    @Test func pausesDoubleUpToTheirBound() {
        var backOff = BackOff(first: .seconds(1), longest: .seconds(5))
        #expect((0..<4).map { _ in backOff.next() } == [.seconds(1), .seconds(2), .seconds(4), .seconds(5)])
        backOff.reset()
        #expect(backOff.next() == .seconds(1))
        #expect(backOff.next(asked: .seconds(3)) == .seconds(3))
        backOff.reset()
        #expect(
            [.seconds(3), .milliseconds(1), .seconds(600)].map { backOff.next(asked: $0) } == [
                .seconds(3), .seconds(2), .seconds(5),
            ])
        #expect(BackOff.pause(after: 1000, first: .seconds(1), longest: .seconds(60)) == .seconds(60))
    }

    @Test func whatACompleteDeliveryLacksIsGone() {
        let known = (1...4).map { (id: "\($0)", key: "k\($0)") }
        var delivery = Delivery()
        delivery.enter("one")
        delivery.note(["1", "2", "4"])
        let (gone, doubt) = delivery.missing(from: known, atMost: 50)
        #expect(gone.map(\.id) == ["3"] && doubt == nil)
        // Another delivery begins anew.
        delivery.enter("two")
        #expect(delivery.missing(from: known, atMost: 50).doubt == .tooMany(missing: 4, of: 4))
        delivery.note(["1", "2", "3"])
        delivery.noteUnreadable()
        #expect(delivery.missing(from: known, atMost: 50).doubt == .unreadable(1))
    }

    @Test func whatASinkWroteBackCanBeMissedAgain() {
        let written = WrittenBack([("items", "product"), ("people", "customer")])
        var absences = Absences(reported: ["1", "2"])
        let isNews = absences.report("1")
        #expect(!isNews)
        written.note("1", of: "product")
        for number in written.take("items") { absences.see(number) }
        #expect(absences.changes == ["1": false])
        let isNewsAgain = absences.report("1")
        #expect(isNewsAgain && absences.changes == ["1": true])
        #expect(written.take("items") == [] && written.take("people") == [])
        #expect(Absences.number(in: Absences.key("items", "a/b"), of: "items") == "a/b")
        #expect(Absences.number(in: "items", of: "items") == nil)
    }

    @Test func whatAPatchworkLacksIsGoneWhenTheNextOneLacksItToo() {
        var absences = Absences()
        func believed(_ missing: Set<String>, isPatchwork: Bool = true) -> Set<String> {
            absences.believed(of: missing, isPatchwork: isPatchwork)
        }
        let first = believed(["1", "2"])
        #expect(first == [])
        let second = believed(["1", "3"])
        #expect(second == ["1"])
        // It came back between the two.
        absences.see("3")
        let third = believed(["3"])
        #expect(third == [])
        // What was read at one look needs no second one, and says nothing about patchworks.
        let whole = believed(["3", "4"], isPatchwork: false)
        #expect(whole == ["3", "4"])
        let fifth = believed(["5"])
        #expect(fifth == [])
        absences.keep(only: [])
        let sixth = believed(["5"])
        #expect(sixth == [])
    }

    @Test func aValueThatMustDifferIsFoundTheSecondTime() throws {
        var tape = Tape()
        try tape.parse(Array(#"{"ean": "1", "other": "x"}"#.utf8))
        var delivery = Delivery()
        delivery.enter("one")
        #expect(delivery.repeats(["ean"], in: tape.root) == nil)
        // Only what was taken can be repeated.
        #expect(delivery.repeats(["ean"], in: tape.root) == nil)
        delivery.take(["ean", "more"], of: tape.root)
        #expect(delivery.repeats(["ean"], in: tape.root) == "ean")
        #expect(delivery.repeats(["other"], in: tape.root) == nil)
        delivery.enter("two")
        #expect(delivery.repeats(["ean"], in: tape.root) == nil)
    }

    @Test(arguments: [
        ("*.csv", "a.csv", true), ("*.csv", "a.csv.tmp", false), ("p-?.e*", "p-1.edi", true),
        ("p-?.edi", "p-12.edi", false),
        ("*", "", true), ("a*b*c", "aXbYc", true), ("a*b*c", "acb", false),
    ])
    func fileNamesMatchPatterns(pattern: String, name: String, expected: Bool) {
        #expect(Pattern.matches(pattern, name) == expected)
    }

    @Test func pathsAreFilledAndEncoded() {
        let values = ["id": "a/b", "place": "x"]
        #expect(PathTemplate.fill("/p/{id}/at/{place}", { values[$0] }) == "/p/a%2Fb/at/x")
        #expect(PathTemplate.fill("/p/{other}", { values[$0] }) == nil)
        #expect(PathTemplate.fill("/p", { values[$0] }) == "/p")
        #expect(PathTemplate.names("/p/{id}/at/{place}") == ["id", "place"])
    }

    @Test(
        arguments: [
            (#"</a?page=2>; rel="next""#, "/a?page=2"), (#"</a>; rel="prev", </b>; rel=next"#, "/b"),
            (#"</a>; rel="last""#, nil), ("", nil),
            // Commas and semicolons stand in targets and titles too, and a link may be several things.
            (#"<https://api/x?fields=id,name&page=2>; rel="next""#, "https://api/x?fields=id,name&page=2"),
            (#"</a?x=1,2;3>; rel="prev", </b?x=1,2;3>; rel="next""#, "/b?x=1,2;3"),
            (#"</a>; title="a, <b>; rel=next", </c>; rel="last next""#, "/c"),
            (#"</a>; title="a \" b"; REL=Next"#, "/a"), (#"</a>; rel="prev"; rel="next""#, nil),
            (#"</a>; rev="next""#, nil), (#"</a>; rel="nextish""#, nil), ("</a", nil), ("</a>", nil),
        ] as [(String, String?)])
    func theNextPageIsFoundInALink(field: String, expected: String?) {
        #expect(LinkField.next(field) == expected)
    }

    @Test func differencesAreToldFieldByField() throws {
        let expected = try JSON(parsing: #"[{"a": 1, "b": {"c": [1, 2]}}, {"x": 1}]"#)
        let found = try JSON(parsing: #"[{"a": 1.0, "b": {"c": [1, 3, 4]}, "d": null}]"#)
        #expect(
            Difference.lines(expected: expected, found: found) == [
                "/0/b/c/1: expected 2, found 3", "/0/b/c/2: expected nothing, found 4",
                "/0/d: expected nothing, found null", #"/1: expected {"x":1}, found nothing"#,
            ])
    }
}

@Suite struct IdentityTableTests {
    @Test func whatASinkCreatedCountsUntilItIsKnownWhoseItIs() {
        let table = IdentityTable()
        func targets(_ key: String) -> [String] { table.targets(of: key, entity: "product", in: "shop") }
        let (one, two) = (Reference(system: "shop", id: "1"), Reference(system: "shop", id: "2"))
        table.create(one, of: "product", key: "a")
        #expect(targets("a") == ["1"] && targets("b") == [])
        // Another system's number says nothing about this one's.
        table.set(Reference(system: "till", id: "1"), of: "product", to: "a")
        #expect(targets("a") == ["1"])
        table.set(one, of: "product", to: "a")
        #expect(targets("a") == ["1"])
        // The hub has taken it away again, and what the sink remembered doesn't bring it back.
        table.set(one, of: "product", to: nil)
        #expect(targets("a") == [])
        // It became another's.
        table.create(two, of: "product", key: "a")
        table.set(two, of: "product", to: "b")
        #expect(targets("a") == [] && targets("b") == ["2"])
        // Of what is known nothing needs to be remembered.
        table.create(one, of: "product", key: "b")
        #expect(targets("b") == ["2"])
        table.create(one, of: "product", key: "c")
        table.forgetCreated("c", of: "product")
        #expect(targets("c") == [])
    }

    @Test func numbersAreFoundBothWays() {
        let table = IdentityTable()
        table.set(Reference(system: "till", id: "81"), of: "customer", to: "g")
        table.set(Reference(system: "till", id: "95"), of: "customer", to: "g")
        table.set(Reference(system: "crm", id: "1"), of: "customer", to: "g")
        #expect(table.numbers(of: "g", entity: "customer", in: "till") == ["81", "95"])
        #expect(table.key(of: Reference(system: "crm", id: "1"), entity: "customer") == "g")
        let before = table.generation
        // A merge of two customers moves the number.
        table.set(Reference(system: "till", id: "95"), of: "customer", to: "h")
        #expect(table.numbers(of: "g", entity: "customer", in: "till") == ["81"])
        #expect(table.generation > before)
        table.set(Reference(system: "till", id: "81"), of: "customer", to: nil)
        #expect(table.all(entity: "customer", in: "till").map(\.id) == ["95"])
    }
}

extension Lanes {
    /// Parks a record, unless it waits already.
    fileprivate mutating func park(_ record: StoredRecord, entities: [String], missing: [String]) -> Waiting? {
        guard let waiting = waiting(record, entities: entities, missing: missing) else { return nil }
        park(waiting)
        return waiting
    }
}
