import Demo
import Testing
import Transports

@Suite struct TillTests {
    /// As long as the test lives.
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func text(_ till: Till, _ sql: String) throws -> String? {
        try SQLiteDatabase(till.path, mode: .readOnly).first(sql) { $0.text(at: 0) } ?? nil
    }

    private let sofa = Assortment.greenSofa.ean

    @Test func opensWithTheFirstDayOnceAndKeepsItOverARestart() throws {
        let till = try Till(folder: folder.path)
        #expect(try text(till, "PRAGMA journal_mode") == "wal")
        #expect(
            try text(
                till,
                "SELECT quantity FROM inventory_count JOIN article ON article.id = article_id WHERE ean = '\(sofa)'")
                == "1")
        let before = try text(till, "SELECT group_concat(id || ean || name || sale_price || changed_at) FROM article")
        try till.changePrice(of: sofa, to: "799.00")
        let again = try Till(folder: folder.path)
        #expect(try text(again, "SELECT count(*) FROM article") == text(till, "SELECT count(*) FROM article"))
        #expect(
            try text(again, "SELECT group_concat(id || ean || name || sale_price || changed_at) FROM article") != before
        )
        #expect(try text(again, "SELECT sale_price FROM article WHERE ean = '\(sofa)'") == "799")
    }

    @Test func numbersItsArticlesItselfAndCutsNamesBehindTheWrite() throws {
        let till = try Till(folder: folder.path, isEmpty: true)
        let database = try SQLiteDatabase(till.path, mode: .readWrite)
        let long = "Pöytä ”Saari”, tammea, 80 cm"
        #expect(
            try database.run("INSERT INTO article (ean, name, sale_price) VALUES ('1', ?, '19.90')", [.text(long)]) == 1
        )
        #expect(database.lastInsertedRow == 4711)
        #expect(try text(till, "SELECT name FROM article") == "Pöytä ”Saari”, tamme")
        #expect(try text(till, "SELECT sale_price FROM article") == "19.9")
        try database.run("UPDATE article SET name = ? WHERE id = 4711", [.text("Lamppu " + long)])
        #expect(try text(till, "SELECT name FROM article") == "Lamppu Pöytä ”Saari”")
        // A repeated write of what is there already goes through the same trigger.
        try database.run(
            "INSERT INTO article (ean, name) VALUES ('1', ?) ON CONFLICT (ean) DO UPDATE SET name = excluded.name",
            [.text(long)])
        #expect(try text(till, "SELECT id || name FROM article") == "4711Pöytä ”Saari”, tamme")
    }

    @Test func booksSalesReturnsAndCounts() throws {
        let till = try Till(folder: folder.path)
        let sale = try till.sell(sofa)
        #expect(sale == 20001)
        try till.takeBack(sofa, quantity: 2, price: "850.00")
        try till.count(sofa, quantity: 0)
        #expect(
            try text(till, "SELECT group_concat(sale_id || ':' || quantity || ':' || unit_price, ' ') FROM sale_line")
                == "20001:1:899 20002:-2:850")
        #expect(try text(till, "SELECT quantity FROM inventory_count ORDER BY id DESC LIMIT 1") == "0")
        #expect(throws: DemoError.self) { try till.sell("9999999999999") }
        #expect(throws: DemoError.self) { try till.changePrice(of: "9999999999999", to: "1.00") }
        #expect(try text(till, "SELECT count(*) FROM sale") == "2", "a refused sale leaves nothing behind")
    }

    @Test func collectsAConfirmedHoldOnce() throws {
        let till = try Till(folder: folder.path)
        let database = try SQLiteDatabase(till.path, mode: .readWrite)
        for (id, state) in [("h1", "confirmed"), ("h2", "refused")] {
            try database.run(
                """
                INSERT INTO hold SELECT ?, id, 'helsinki-1', 1, '2026-12-01T10:00:00Z', ?, 'Aino V.' FROM article
                WHERE ean = ?
                """, [.text(id), .text(state), .text(sofa)])
        }
        #expect(throws: DemoError.self) { try till.sell(sofa, hold: "h2") }
        #expect(throws: DemoError.self) { try till.sell(sofa, quantity: 2, hold: "h1") }
        #expect(throws: DemoError.self) { try till.sell(Assortment.blueSofa.ean, hold: "h1") }
        #expect(throws: DemoError.self) { try till.sell(sofa, hold: "h3") }
        try till.sell(sofa, hold: "h1")
        #expect(throws: DemoError.self) { try till.sell(sofa, hold: "h1") }
        #expect(try text(till, "SELECT group_concat(hold_id) FROM sale_line") == "h1")
        #expect(try till.holds().map(\.state) == ["fulfilled", "refused"])
    }

    @Test func keepsCustomers() throws {
        let till = try Till(folder: folder.path)
        let aino = try #require(try till.customer(loyalty: "L-100231"))
        try till.editAddress(of: aino, street: "Satamakatu 1", zip: "33200", city: "Tampere")
        #expect(
            try text(till, "SELECT street || zip || city FROM customer WHERE id = \(aino)")
                == "Satamakatu 133200Tampere")
        let fresh = try till.createCustomer(name: "Salo Pekka", loyalty: "L-9")
        #expect(try till.customer(loyalty: "L-9") == fresh)
        #expect(throws: DemoError.self) { try till.editAddress(of: 1, street: "", zip: "", city: "") }
    }

    @Test func severalCashiersAtOnceLoseNoSale() throws {
        let till = try Till(folder: folder.path)
        let sofa = sofa
        let failures = Monitor<[String]>([])
        let cashiers = try (0..<4).map { cashier in
            try NamedThread("cashier \(cashier)") {
                do {
                    for _ in 0..<20 { try till.sell(sofa) }
                } catch { failures.withLock { $0.append("\(error)") } }
            }
        }
        for cashier in cashiers { cashier.join() }
        #expect(failures.withLock { $0 } == [])
        #expect(try text(till, "SELECT count(DISTINCT sale_id) FROM sale_line") == "80")
    }
}
