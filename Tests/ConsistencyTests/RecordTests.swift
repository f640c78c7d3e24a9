import Canonical
import Consistency
import Document
import Testing

let sofa = "06438012345675"

let productRules: JSON = [
    "key": "gtin", "default": ["latest": "any"], "delete": ["owner": "importer"],
    "fields": [
        "name": ["priority": ["shop", "importer"]], "price": ["latest": ["till", "wholesaler"]],
        "currency": ["with": "price"], "image": ["owner-only": "shop"], "text": "most-complete",
        "labels": ["union": ["by": "code"]], "tags": "union", "high": "max", "low": "min",
    ],
]

func productWorld(_ subscribers: [String] = []) throws -> World {
    World(try testModel(["product": productRules]), subscribers: ["product": subscribers])
}

/// The rules, field by field (`Strategy`).
@Suite struct MergeTests {
    /// Statements, then what the golden record says of the field.
    static let cases: [(field: String, statements: [(system: String, value: JSON, at: Int64?)], golden: JSON?)] = [
        ("name", [("importer", "A", 9), ("shop", "B", 1)], "B"),
        ("name", [("importer", "A", 9), ("shop", nil, 10)], "A"),
        ("name", [("importer", nil, 9), ("shop", nil, 10)], .null),
        ("name", [("importer", "A", 9), ("till", "C", 10)], "A"),
        ("name", [("till", "C", 10)], nil),
        ("name", [("importer", "A", 9), ("shop", "", 1)], ""),
        ("price", [("till", 1, 5), ("wholesaler", 2, 6), ("shop", 3, 7)], 2),
        ("price", [("till", 1, 5), ("wholesaler", 2, 5)], 1),
        ("price", [("wholesaler", 2, nil), ("till", 1, nil)], 1),
        ("image", [("importer", "i", 9), ("shop", "s", 1)], "s"),
        ("image", [("importer", "i", 9)], nil),
        ("text", [("a", "long text", 1), ("b", "short", 9)], "long text"),
        ("text", [("a", "same", 1), ("b", "size", 9)], "size"),
        ("text", [("a", [1, 2, 3], 1), ("b", ["x": ["y": 1]], 9)], [1, 2, 3]),
        ("high", [("a", 19, 1), ("b", 100, 0), ("c", 20, 5)], 100),
        ("low", [("a", 19, 1), ("b", 100, 0), ("c", 20, 5)], 19),
        ("low", [("a", nil, 1), ("b", 3, 0)], 3),
        ("high", [("a", "b", 1), ("b", "ä", 0)], "ä"),
        ("tags", [("a", ["x", "y"], 1), ("b", ["y", "z"], 2), ("c", nil, 3)], ["x", "y", "z"]),
        ("tags", [("a", [], 1)], []),
        ("tags", [("a", nil, 1)], .null),
        (
            "labels", [("a", [["code": "F", "t": 1]], 1), ("b", [["code": "F", "t": 2], ["code": "O"]], 2)],
            [["code": "F", "t": 2], ["code": "O"]]
        ),
        ("other", [("a", 1, 3), ("b", 2, 2)], 1),
        ("other", [("a", nil, 4), ("b", 2, 2)], 2),
        ("other", [("b", 2, 2), ("a", 1, 2)], 1),
    ]

    @Test(arguments: cases.indices) func followsTheRule(index: Int) throws {
        let (field, statements, golden) = Self.cases[index]
        for order in permutations(statements.count) {
            var world = try productWorld()
            for place in order {
                let statement = statements[place]
                try world.send(
                    "product.stated", sofa, from: statement.system, .object([.init(field, statement.value)]),
                    at: statement.at)
            }
            #expect(world["product", sofa]?[field] == golden, "order \(order)")
        }
    }

    @Test func priceAndCurrencyStayTogether() throws {
        var world = try productWorld()
        try world.send("product.stated", sofa, from: "till", ["price": 80, "currency": "EUR"], at: 1)
        try world.send("product.stated", sofa, from: "wholesaler", ["price": 900, "currency": "SEK"], at: 2)
        #expect(world["product", sofa] == ["currency": "SEK", "price": 900])
        try world.send("product.stated", sofa, from: "till", ["price": 79, "currency": "EUR"], at: 3)
        #expect(world["product", sofa] == ["currency": "EUR", "price": 79])
    }

    /// What follows another field follows its winner, though the value that won is the same.
    @Test func currencyFollowsWhoWinsThePrice() throws {
        var world = try productWorld()
        try world.send("product.stated", sofa, from: "till", ["price": 5, "currency": "EUR"], at: 31)
        try world.send("product.stated", sofa, from: "wholesaler", ["price": 5], at: 14)
        #expect(world["product", sofa] == ["currency": "EUR", "price": 5])
        try world.send("product.stated", sofa, from: "wholesaler", ["price": 5, "currency": "SEK"], at: 15)
        #expect(world["product", sofa] == ["currency": "EUR", "price": 5])
        try world.send("product.stated", sofa, from: "till", ["price": 3], at: 12)
        #expect(world["product", sofa] == ["currency": "SEK", "price": 5])
    }

    /// A price is typed in the currency that stands beside it, though the hub wrote that.
    @Test func aLeaderThatWasGivenTheCurrencyKeepsIt() throws {
        var world = try productWorld(["till"])
        try world.send("product.stated", sofa, from: "wholesaler", ["price": 5, "currency": "SEK"], at: 1)
        try world.report("product", sofa, from: "till", held: ["price": 5, "currency": "SEK"])
        try world.send("product.stated", sofa, from: "till", ["price": 6, "currency": "SEK"], at: 2)
        #expect(world["product", sofa] == ["currency": "SEK", "price": 6])
        try world.send("product.stated", sofa, from: "importer", ["currency": "EUR"], at: 3)
        #expect(world["product", sofa] == ["currency": "SEK", "price": 6])
    }

    @Test func stampsOfTheFutureCountAsArrived() throws {
        var world = try productWorld()
        world.now = Tick(100)
        try world.send("product.stated", sofa, from: "till", ["price": 1], at: 1_000_000)
        world.now = Tick(200)
        try world.send("product.stated", sofa, from: "wholesaler", ["price": 2], at: 150)
        #expect(world["product", sofa]?["price"] == 2)
    }

    @Test func numbersKeepTheirDigits() throws {
        var world = try productWorld()
        let data = try JSON(parsing: #"{"price": 19.90}"#)
        try world.send("product.stated", sofa, from: "till", data)
        #expect(world["product", sofa]?.text == #"{"price":19.90}"#)
        let effects = try world.send("product.stated", sofa, from: "till", ["price": .number(Number("19.9")!)], at: 9)
        #expect(effects.isEmpty, "19.9 is no news after 19.90")
    }

    /// I8: absent says nothing, null removes, empty is a value.
    @Test func absentNullAndEmptyAreThreeThings() throws {
        var world = try productWorld()
        try world.send("product.stated", sofa, from: "a", ["x": "1", "y": "2", "z": "3"], at: 1)
        try world.send("product.stated", sofa, from: "a", ["y": nil, "z": ""], at: 2)
        #expect(world["product", sofa] == ["x": "1", "y": nil, "z": ""])
        // A null that was never anything else removes nothing, whatever its row's stamp.
        try world.send("product.stated", sofa, from: "b", ["x": nil], at: 9)
        #expect(world["product", sofa]?["x"] == "1")
    }

    /// I8: what a sink's report shows beside what was written is the system's own, and nobody asked for its removal.
    @Test func aFieldThatNobodyWithASayGaveIsNeverRemoved() throws {
        var world = try productWorld(["importer", "till"])
        try world.send("product.stated", sofa, from: "shop", ["name": "Green sofa"], at: 1)
        // The importer has an image of its own; only the shop's counts, and the shop has none.
        try world.report("product", sofa, from: "importer", held: ["name": "Green sofa", "image": "i"])
        try world.send("product.stated", sofa, from: "till", ["image": "t"], at: 2)
        #expect(world["product", sofa] == ["name": "Green sofa"])
        try world.send("product.stated", sofa, from: "importer", ["image": "i2"], at: 3)
        #expect(world["product", sofa] == ["name": "Green sofa"])
        let drift = try world.engine.drift(
            of: "product", state: world.state.bytes[sofa]!, now: Tick(world.now.milliseconds + 1), grace: 9_000_000)
        #expect(drift.allSatisfy { $0.fields.isEmpty }, "a field without a golden value differs from nothing")
    }

    /// I8: rules that hear nobody for a field leave it to the systems; they remove nothing.
    @Test func rulesThatHearNobodyRemoveNothing() throws {
        var world = try productWorld(["till", "shop"])
        try world.send("product.stated", sofa, from: "shop", ["name": "Green sofa", "image": "s"], at: 1)
        for system in ["till", "shop"] {
            try world.report("product", sofa, from: system, held: ["name": "Green sofa", "image": "s"])
        }
        let rules: JSON = ["key": "gtin", "fields": ["image": ["owner-only": "nobody"]]]
        world.engine = Engine(model: try testModel(["product": rules]), subscribers: ["product": ["till", "shop"]])
        try world.send("product.stated", sofa, from: "shop", ["image": "s2"], at: 2)
        #expect(world["product", sofa] == ["name": "Green sofa"])
    }

    @Test func unknownFieldsAreKept() throws {
        var world = try productWorld()
        try world.send("product.stated", sofa, from: "a", ["\"odd\" \u{1}": ["deep": [1, 2]]], at: 1)
        #expect(world["product", sofa]?["\"odd\" \u{1}"] == ["deep": [1, 2]])
    }
}

func permutations(_ count: Int) -> [[Int]] {
    if count <= 1 { return [Array(0..<count)] }
    return permutations(count - 1).flatMap { shorter in
        (0...shorter.count).map { place in
            var longer = shorter
            longer.insert(count - 1, at: place)
            return longer
        }
    }
}

/// Echo, acknowledgement and edit (I6), one by one.
@Suite struct ShadowTests {
    @Test func whatASinkWroteIsNoNews() throws {
        var world = try productWorld(["till"])
        try world.send("product.stated", sofa, from: "shop", ["name": "Green sofa, three seats"], at: 5)
        // The till cuts names.
        try world.report("product", sofa, from: "till", held: ["name": "Green sofa, th"])
        #expect(try world.send("product.stated", sofa, from: "till", ["name": "Green sofa, th"], at: 50).isEmpty)
        #expect(world["product", sofa]?["name"] == "Green sofa, three seats")
        // Its own edit wins nothing (no say), so the golden value is sent again: three times, then left alone.
        for attempt in 1...4 {
            let effects = try world.send("product.stated", sofa, from: "till", ["name": .string("X\(attempt)")], at: 60)
            #expect(effects.isEmpty == (attempt == 4), "attempt \(attempt)")
            if attempt < 4 { try world.report("product", sofa, from: "till", held: ["name": "Green sofa, th"]) }
        }
        // New input: it may be tried again.
        try world.send("product.stated", sofa, from: "shop", ["name": "Red sofa"], at: 70)
        try world.report("product", sofa, from: "till", held: ["name": "Red sofa"])
        #expect(try !world.send("product.stated", sofa, from: "till", ["name": "X"], at: 80).isEmpty)
    }

    @Test func anEditThatWinsIsSentToTheOthers() throws {
        var world = try productWorld(["till", "shop"])
        try world.send("product.stated", sofa, from: "wholesaler", ["price": 10], at: 5)
        for system in ["till", "shop"] { try world.report("product", sofa, from: system, held: ["price": 10]) }
        try world.send("product.stated", sofa, from: "till", ["price": 12], at: 6)
        #expect(world["product", sofa]?["price"] == 12)
        #expect(world.revision["product/\(sofa)"] == 2)
        // Acknowledged by being seen, and no further news.
        try world.report("product", sofa, from: "shop", held: ["price": 12])
        #expect(try world.send("product.stated", sofa, from: "shop", ["price": 12], at: 7).isEmpty)
        #expect(try world.send("product.stated", sofa, from: "till", ["price": 12], at: 7).isEmpty)
    }

    @Test func whileAWriteIsUnderWayNothingIsSentAgain() throws {
        var world = try productWorld(["till"])
        try world.send("product.stated", sofa, from: "shop", ["name": "A"], at: 5)
        // Read before the write that is still to come.
        #expect(try world.send("product.stated", sofa, from: "till", ["name": "old"], at: 4).isEmpty)
    }

    @Test func editingBackIsAnEdit() throws {
        var world = try productWorld(["till"])
        try world.send("product.stated", sofa, from: "till", ["price": 10], at: 1)
        try world.send("product.stated", sofa, from: "wholesaler", ["price": 12], at: 2)
        try world.report("product", sofa, from: "till", held: ["price": 12])
        try world.send("product.stated", sofa, from: "till", ["price": 10], at: 3)
        #expect(world["product", sofa]?["price"] == 10)
    }

    @Test func anUndatedEditCountsAsArrived() throws {
        var world = try productWorld()
        world.now = Tick(100)
        try world.send("product.stated", sofa, from: "till", ["price": 10])
        try world.send("product.stated", sofa, from: "wholesaler", ["price": 12], at: 50)
        #expect(world["product", sofa]?["price"] == 12, "an undated first statement counts as before everything")
        world.now = Tick(200)
        try world.send("product.stated", sofa, from: "till", ["price": 11])
        #expect(world["product", sofa]?["price"] == 11)
    }

    /// Rows of an outbox are older than the moment they are read: positions say where they belong.
    @Test func positionsTellLateEchoesFromEdits() throws {
        var world = try productWorld(["till"])
        try world.send("product.stated", sofa, from: "till", ["price": 9], at: 9, position: 0)
        try world.send("product.stated", sofa, from: "till", ["price": 10], at: 1, position: 1)
        try world.send("product.stated", sofa, from: "wholesaler", ["price": 12], at: 2)
        try world.report("product", sofa, from: "till", held: ["price": 12], position: 20)
        try world.send("product.stated", sofa, from: "wholesaler", ["price": 14], at: 3)
        try world.report("product", sofa, from: "till", held: ["price": 14], position: 30)
        // The outbox is read only now: a row before the first write that changed nothing, an edit, then the echoes.
        #expect(try world.send("product.stated", sofa, from: "till", ["price": 10], at: 9, position: 15).isEmpty)
        #expect(try world.send("product.stated", sofa, from: "till", ["price": 12], at: 9, position: 20).isEmpty)
        #expect(try world.send("product.stated", sofa, from: "till", ["price": 14], at: 9, position: 30).isEmpty)
        #expect(world["product", sofa]?["price"] == 14)
        // A restart: rows from before what is remembered of this log are known, whatever they say.
        #expect(try world.send("product.stated", sofa, from: "till", ["price": 9], at: 9, position: 0).isEmpty)
        #expect(try world.send("product.stated", sofa, from: "till", ["price": 10], at: 1, position: 1).isEmpty)
        #expect(try world.send("product.stated", sofa, from: "till", ["price": 10], at: 9, position: 15).isEmpty)
        #expect(world["product", sofa]?["price"] == 14)
        try world.send("product.stated", sofa, from: "till", ["price": 12], at: 10, position: 31)
        #expect(world["product", sofa]?["price"] == 12, "after the write of 14, 12 is an edit")
        // Rows read once more after a restart.
        for (position, price) in [(15, 10), (20, 12), (30, 14), (31, 12)] {
            let effects = try world.send(
                "product.stated", sofa, from: "till", ["price": .number(Number(price))], at: 10,
                position: Int64(position))
            #expect(effects.isEmpty, "row \(position)")
        }
    }

    @Test func anEditIsNoEchoOfALaterWrite() throws {
        var world = try productWorld(["till"])
        try world.send("product.stated", sofa, from: "wholesaler", ["price": 12], at: 2)
        try world.report("product", sofa, from: "till", held: ["price": 12], position: 20)
        try world.send("product.stated", sofa, from: "wholesaler", ["price": 14], at: 3)
        try world.report("product", sofa, from: "till", held: ["price": 14], position: 30)
        try world.send("product.stated", sofa, from: "wholesaler", ["price": 16], at: 4)
        // Somebody typed 14 before we wrote 12: that is not the row of our own 14.
        try world.send("product.stated", sofa, from: "till", ["price": 14], at: 5, position: 15)
        #expect(world["product", sofa]?["price"] == 14)
    }

    @Test func anEditBetweenTwoWritesIsFound() throws {
        var world = try productWorld(["till"])
        try world.send("product.stated", sofa, from: "wholesaler", ["price": 12], at: 2)
        try world.report("product", sofa, from: "till", held: ["price": 12], position: 20)
        try world.send("product.stated", sofa, from: "wholesaler", ["price": 14], at: 3)
        try world.report("product", sofa, from: "till", held: ["price": 14], position: 30)
        try world.send("product.stated", sofa, from: "till", ["price": 99], at: 4, position: 25)
        #expect(world["product", sofa]?["price"] == 99)
        #expect(world.revision["product/\(sofa)"] == 3)
    }

    /// A set's edit makes only what is new in it the system's own.
    @Test func anotherSystemsElementsDontBecomeItsOwn() throws {
        var world = try productWorld(["till", "shop"])
        try world.send("product.stated", sofa, from: "shop", ["tags": ["a", "b"]], at: 1)
        try world.report("product", sofa, from: "till", held: ["tags": ["a", "b"]])
        try world.send("product.stated", sofa, from: "till", ["tags": ["a", "b", "c"]], at: 2)
        #expect(world["product", sofa]?["tags"] == ["a", "b", "c"])
        try world.report("product", sofa, from: "shop", held: ["tags": ["a", "b", "c"]])
        try world.send("product.stated", sofa, from: "shop", ["tags": ["a", "c"]], at: 3)
        #expect(world["product", sofa]?["tags"] == ["a", "c"], "the shop took back its own b")
    }

    @Test func nothingIsWrittenBackWhenThereIsNoNews() throws {
        var world = try productWorld(["till"])
        try world.send("product.stated", sofa, from: "till", ["price": 10, "name": "A"], at: 1)
        let writes = world.state.writes
        #expect(try world.send("product.stated", sofa, from: "till", ["price": 10, "name": "A"], at: 9).isEmpty)
        #expect(world.state.writes == writes)
    }

    @Test func writesOfOneValueTakeLittleRoom() throws {
        var world = try productWorld(["till"])
        try world.send("product.stated", sofa, from: "wholesaler", ["price": 12, "name": "A"], at: 2)
        try world.report("product", sofa, from: "till", held: ["price": 12], position: 1)
        try world.report("product", sofa, from: "till", held: ["price": 12], position: 2)
        let size = world.state.bytes[sofa]!.count
        for position in 3...60 {
            try world.report("product", sofa, from: "till", held: ["price": 12], position: Int64(position))
        }
        #expect(world.state.bytes[sofa]!.count == size)
        // An edit between them is found, and that it was written over.
        try world.send("product.stated", sofa, from: "till", ["price": 13], at: 3, position: 30)
        #expect(world["product", sofa]?["price"] == 13 && world.revision["product/\(sofa)"] == 2)
        #expect(try world.send("product.stated", sofa, from: "till", ["price": 12], at: 3, position: 60).isEmpty)
    }

    /// A source that lags behind shows an edit from before many writes.
    @Test(arguments: [17, 200]) func anEditIsFoundBehindManyWrites(writes: Int) throws {
        var world = try productWorld(["till"])
        world.now = Tick(10_000)
        for write in 1...writes {
            let price = JSON.number(Number(write))
            try world.send("product.stated", sofa, from: "wholesaler", ["price": price], at: Int64(write))
            try world.report("product", sofa, from: "till", held: ["price": price], position: Int64(10 * write))
        }
        #expect(
            try world.send("product.stated", sofa, from: "till", ["price": 1], at: 9_000, position: 15).isEmpty,
            "I6: what was written first stood there until the next write")
        try world.send("product.stated", sofa, from: "till", ["price": 5_000], at: 9_000, position: 16)
        #expect(world["product", sofa]?["price"] == 5_000)
    }

    @Test func longValuesAreNotRememberedForLong() throws {
        var world = try productWorld(["till"])
        for write in 1...100 {
            let name = JSON.string(String(repeating: "x", count: 2_000) + "\(write)")
            try world.send("product.stated", sofa, from: "wholesaler", ["name": name], at: Int64(write))
            try world.report("product", sofa, from: "till", held: ["name": name], position: Int64(10 * write))
        }
        #expect(world.state.bytes[sofa]!.count < 40_000)
    }

    @Test func aReportThatDoesNotLookIsTakenAsSent() throws {
        var world = try productWorld(["till"])
        try world.send("product.stated", sofa, from: "wholesaler", ["price": 12], at: 2)
        try world.report("product", sofa, from: "till")
        #expect(try world.send("product.stated", sofa, from: "till", ["price": 12], at: 9).isEmpty)
    }
}

/// What a sink saw before a write, and a process after it publishes once more.
@Suite struct BeforeWriteTests {
    @Test func whatStoodThereBeforeAReportedWriteIsNoEdit() throws {
        var world = try productWorld(["till"])
        try world.send("product.stated", sofa, from: "importer", ["name": "A"], at: 1)
        try world.report("product", sofa, from: "till", held: ["name": "A"])
        try world.send("product.stated", sofa, from: "importer", ["name": "B"], at: 2)
        let revision = world.revision["product/\(sofa)"]!
        try world.report("product", sofa, from: "till", held: ["name": "B"])
        try world.send("product.stated", sofa, from: "till", ["name": "A"], before: revision)
        #expect(world["product", sofa]?["name"] == "B" && world.revision["product/\(sofa)"] == revision)
    }

    @Test func whatStoodThereBeforeAWriteThatIsNotReportedIsSomebodysEdit() throws {
        var world = try productWorld(["till"])
        try world.send("product.stated", sofa, from: "importer", ["name": "A"], at: 1)
        try world.report("product", sofa, from: "till", held: ["name": "A"])
        try world.send("product.stated", sofa, from: "importer", ["name": "B"], at: 2)
        let revision = world.revision["product/\(sofa)"]!
        try world.send("product.stated", sofa, from: "till", ["name": "Edit"], before: revision)
        let claims = try world.engine.explain(field: "name", of: "product", state: world.state.bytes[sofa]!)?.claims
        #expect(claims?.contains { $0.system == "till" && $0.value == "Edit" } == true)
    }
}
