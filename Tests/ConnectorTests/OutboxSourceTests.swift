import Canonical
import Document
import Testing
import Transports

@testable import Connector

@Suite struct OutboxSourceTests {
    private let connector = """
        system: till
        connections:
          db: { sqlite: "{folder}/till.db" }
        sources:
          sales:
            from:
              db:
                outbox: sale
                key: [id]
                with: { shop: "SELECT code FROM shop WHERE id = :shop_id" }
            map: sales.jsonata
            page: 2
        """
    private let mapping = """
        op = "delete" ? [] : {
            "movement": {
                "product": {"system": "till", "id": new.article}, "place": shop.code, "quantity": -new.quantity, "kind": "sale"
            },
            "at": new.sold_at
        }
        """
    private let sofa = "06438012345675"

    private func workplace() throws -> (Workplace, SQLiteDatabase) {
        let place = try Workplace(["connector.yaml": connector, "sales.jsonata": mapping])
        let database = try SQLiteDatabase("\(place.folder)/till.db", mode: .create)
        try database.execute(
            """
            CREATE TABLE shop (id INTEGER PRIMARY KEY, code TEXT);
            INSERT INTO shop VALUES (1, 'kamppi');
            CREATE TABLE sale (id INTEGER PRIMARY KEY AUTOINCREMENT, article INTEGER, shop_id INTEGER, quantity INTEGER, sold_at TEXT, note BLOB);
            INSERT INTO sale (article, shop_id, quantity, sold_at, note) VALUES (4711, 1, 1, '2026-03-01T10:00:00Z', x'00FF');
            """)
        return (place, database)
    }

    private func sell(_ quantity: Int, _ article: Int = 4711, in database: SQLiteDatabase) throws {
        try database.run(
            "INSERT INTO sale (article, shop_id, quantity, sold_at) VALUES (?, 1, ?, '2026-03-01T11:00:00Z')",
            [.integer(Int64(article)), .integer(Int64(quantity))])
    }

    private func quantities(_ seen: [Seen]) -> [Int] { seen.compactMap { $0.value?["quantity"]?.integer } }

    @Test func aSnapshotComesFirstThenEveryChangeOnceAcrossRestarts() throws {
        let (place, database) = try workplace()
        try place.identify("product", "till", "4711", as: sofa)
        let topic = place.names.input(domain: "stock")
        try place.connected { _ in
            let seen = try place.records(topic, count: 1)
            #expect(seen[0].key == "\(sofa)@kamppi")
            #expect(seen[0].type == "omni.movement.stated")
            #expect(seen[0].headers["ce_time"] == "2026-03-01T10:00:00Z")
            // A snapshot's rows stand nowhere in the log.
            #expect(seen[0].headers["ce_position"] == nil)
            for quantity in 2...6 { try sell(quantity, in: database) }
            let more = try place.records(topic, count: 6)
            #expect(quantities(more) == [-1, -2, -3, -4, -5, -6])
            let positions = more.dropFirst().compactMap { $0.headers["ce_position"].flatMap { Int($0) } }
            #expect(positions == positions.sorted() && positions.count == 5)
            place.eventually { try database.first("SELECT count(*) FROM omni_outbox") { $0.integer(at: 0) } == 0 }
        }
        try sell(7, in: database)
        try place.connected { _ in
            let seen = try place.records(topic, count: 7)
            #expect(quantities(seen) == [-1, -2, -3, -4, -5, -6, -7])
        }
    }

    @Test func anUnknownReferenceParksItsEntityAloneAndInOrder() throws {
        let (place, database) = try workplace()
        try place.identify("product", "till", "1", as: "06438012345682")
        let topic = place.names.input(domain: "stock")
        try place.connected { _ in
            // 4711 isn't known: the snapshot's sale waits, and two more behind it; another product's doesn't.
            try sell(2, in: database)
            try sell(3, in: database)
            try sell(9, 1, in: database)
            #expect(try quantities(place.records(topic, count: 1)) == [-9])
            let parked = try place.records(place.names.parked(connector: "test"), count: 3)
            #expect(Set(parked.map(\.key)).count == 3)
            #expect(
                parked.allSatisfy { $0.key.hasPrefix("sales/") && $0.value?["entities"] == ["stock/till:4711@kamppi"] })
        }
        // It waits through a restart too.
        try place.connected { _ in
            try sell(4, in: database)
            place.eventually {
                try Set(place.records(place.names.parked(connector: "test")).map(\.key)).count == 4
            }
            try place.identify("product", "till", "4711", as: sofa)
            let seen = try place.records(topic, count: 5).filter { $0.key.hasPrefix(sofa) }
            #expect(quantities(seen) == [-1, -2, -3, -4])
            place.eventually {
                let parked = try place.records(place.names.parked(connector: "test")).map { ($0.key, $0.bytes) }
                return Dictionary(parked) { $1 }.values.allSatisfy(\.isEmpty)
            }
        }
    }

    @Test func aTableThatIsNotThereStopsTheConnectorWithTheRemedy() throws {
        let place = try Workplace([
            "connector.yaml": connector.replacing("outbox: sale", with: "outbox: sales"), "sales.jsonata": mapping,
        ])
        _ = try SQLiteDatabase("\(place.folder)/till.db", mode: .create)
        try place.connected { running in
            place.eventually { running.reason != nil }
            #expect(running.reason?.contains(#"the database has no table "sales""#) == true)
        }
    }

    /// A till that comes back from a backup counts from where it stood then: its sales have numbers, and would have ids, that
    /// were used before.
    @Test func whatATillSellsAfterItCameBackFromABackupIsReadAndNoRepetition() throws {
        let (place, database) = try workplace()
        try place.identify("product", "till", "4711", as: sofa)
        let topic = place.names.input(domain: "stock")
        try place.connected { _ in
            _ = try place.records(topic, count: 1)
            for quantity in 2...4 { try sell(quantity, in: database) }
            _ = try place.records(topic, count: 4)
            place.eventually {
                try place.records(place.names.position(connector: "test")).last?.value?["position"]?["seq"] == 3
            }
        }
        // The backup is from before these sales.
        try database.execute(
            """
            DELETE FROM sale WHERE quantity > 1; DELETE FROM omni_outbox;
            UPDATE sqlite_sequence SET seq = 0 WHERE name = 'omni_outbox';
            """)
        try sell(5, in: database)
        try place.connected { _ in
            place.eventually { try quantities(place.records(topic)).contains(-5) }
            try sell(6, in: database)
            place.eventually { try quantities(place.records(topic)).contains(-6) }
        }
        let seen = try place.records(topic)
        #expect(Set(seen.map { $0.headers["ce_id"] }).count == 6, "each has an id of its own")
        let positions = seen.compactMap { $0.headers["ce_position"].flatMap { Int($0) } }
        #expect(positions == positions.sorted(), "the change log's positions rise")
    }

    /// What a backup holds of changes that nobody had read when it was made was read since, and counts in what the hub knows.
    @Test func whatABackupHoldsOfChangesThatWereReadSinceIsKnownByItsId() throws {
        let (place, database) = try workplace()
        try place.identify("product", "till", "4711", as: sofa)
        let topic = place.names.input(domain: "stock")
        var backup = ""
        try place.connected { _ in
            _ = try place.records(topic, count: 1)
            // Read when the till lets go of it, and in the backup.
            try database.execute("BEGIN IMMEDIATE")
            try sell(2, in: database)
            backup = try #require(
                try database.first("SELECT at FROM omni_outbox WHERE seq = 1", [], { $0.text(at: 0) }) ?? nil)
            try database.execute("COMMIT")
            _ = try place.records(topic, count: 2)
            for quantity in 3...4 { try sell(quantity, in: database) }
            _ = try place.records(topic, count: 4)
            place.eventually {
                try place.records(place.names.position(connector: "test")).last?.value?["position"]?["seq"] == 3
            }
        }
        try database.execute("DELETE FROM sale WHERE quantity > 2; DELETE FROM omni_outbox")
        try database.run("UPDATE sqlite_sequence SET seq = 1 WHERE name = 'omni_outbox'")
        try database.run(
            """
            INSERT INTO omni_outbox (seq, "table", op, key, new, at)
            SELECT 1, 'sale', 'insert', json_object('id', id), json_object('id', id, 'article', article, 'shop_id', shop_id,
                'quantity', quantity, 'sold_at', sold_at, 'note', note), ? FROM sale WHERE quantity = 2
            """, [.text(backup)])
        try place.connected { _ in
            place.eventually { try quantities(place.records(topic)).count { $0 == -2 } == 2 }
            try sell(5, in: database)
            place.eventually { try quantities(place.records(topic)).contains(-5) }
        }
        let seen = try place.records(topic)
        let twice = seen.filter { $0.value?["quantity"] == -2 }
        #expect(Set(twice.map { $0.headers["ce_id"] }).count == 1, "the same sale")
        // A place behind every count's would count it again where its id is forgotten.
        #expect(twice.map { $0.headers["ce_position"] } == ["1", nil])
        #expect(Set(seen.map { $0.headers["ce_id"] }).count == seen.count - 1)
    }

    @Test func aNumberKeepsItsCountHoweverOftenTheDatabaseComesBack() throws {
        let (place, database) = try workplace()
        try database.execute(OutboxTable.script)
        let note = {
            try database.execute("INSERT INTO omni_outbox (\"table\", op, key) VALUES ('sale', 'insert', '{}')")
        }
        let numbers = {
            var numbers: [OutboxNumber] = []
            try database.query("SELECT seq FROM omni_outbox ORDER BY seq", []) {
                numbers.append(OutboxNumber($0.integer(at: 0) ?? 0))
            }
            return numbers
        }
        let counted = { try numbers().map { $0.number & OutboxNumber.counted } }
        var noted: Int64 = 5
        for round in 1...3 {
            try note()
            #expect(try OutboxTable.goOn(behind: noted, in: database))
            #expect(try numbers().allSatisfy { $0.number > noted && $0.position == nil }, "round \(round)")
            #expect(try !OutboxTable.goOn(behind: noted, in: database))
            try note()
            let last = try #require(try numbers().last)
            #expect(last.position == last.number && last.number > noted)
            #expect(try counted() == (1...Int64(2 * round)).map { $0 })
            // All is read; what comes back is the log as it is now, and counts on from there.
            noted = last.number + 7
        }
        #expect(place.exists("till.db"))
    }
}
