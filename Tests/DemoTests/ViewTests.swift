import Demo
import Document
import Testing
import Transports

@Suite struct ViewTests {
    /// As long as the test lives.
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func theTillShowsWhatItHoldsByItsTables() throws {
        let till = try Till(folder: folder.path)
        let sofa = Assortment.greenSofa
        let database = try SQLiteDatabase(till.path, mode: .readWrite)
        try database.run(
            "INSERT INTO stock SELECT id, 'helsinki-1', 1, 1, 0, '' FROM article WHERE ean = ?", [.text(sofa.ean)])
        try database.run(
            "INSERT INTO hold SELECT 'h1', id, 'helsinki-1', 1, '', 'confirmed', NULL FROM article WHERE ean = ?",
            [.text(sofa.ean)])
        try database.run("UPDATE article SET active = 0 WHERE ean = ?", [.text(Assortment.all[2].ean)])
        let view = TillView(folder: folder.path)
        let products = try view.rows(of: "product")
        #expect(products.count == 12)
        let row = try #require(products.first { $0.key == "0" + sofa.ean })
        #expect(row.id == "4712")
        #expect(row.text("name") == "Sofa \"Aurora\", three")
        #expect(row.text("price") == "899")
        let stock = try view.rows(of: "stock")
        #expect(stock.map(\.key) == ["0\(sofa.ean)@helsinki-1"])
        #expect(stock[0]["available"] == 0)
        #expect(try view.rows(of: "reservation").map { $0.text("state") } == ["confirmed"])
        let customer = try #require(try view.rows(of: "customer").first { $0.text("loyalty") == "L-100231" })
        #expect(customer.text("name") == "Virtanen Aino")
        #expect(customer["email"] == .null)
        #expect(try view.rows(of: "campaign").isEmpty)
    }

    @Test func theShopShowsWhatItHoldsPageAfterPage() throws {
        try withShop(folder) { shop throws in
            for number in 1...60 {
                try shop.call(
                    .post, "/api/products", ["sku": .string("x\(number)"), "name": "X", "active": .bool(number > 5)])
            }
            try shop.call(.put, "/api/products/501/availability/helsinki-1", ["available": 3])
            let view = ShopView(shop)
            let products = try view.rows(of: "product")
            #expect(products.filter { $0.key.hasPrefix("x") }.count == 55)
            let sofa = try #require(products.first { $0.key == "0" + Assortment.blueSofa.ean })
            #expect(sofa.id == "501")
            #expect(sofa.text("price") == "899.00")
            #expect(try view.rows(of: "stock").map(\.key) == ["0\(Assortment.blueSofa.ean)@helsinki-1"])
            let sofia = try #require(try view.rows(of: "customer").first { $0.text("givenName") == "Sofia" })
            #expect(sofia.text("address.addressLocality") == "Helsinki")
        }
    }

    @Test func theCRMShowsWhatItHoldsToTheEndOfItsFeed() throws {
        try withCRM(folder) { crm throws in
            for number in 0..<120 { _ = try crm.send(.post, "/contacts", ["firstName": .string("\(number)")]) }
            let rows = try CRMView(crm).rows(of: "customer")
            #expect(rows.count == 125)
            let helena = try #require(rows.first { $0.text("givenName") == "Helena" })
            #expect(helena.text("address.addressLocality") == "TAMPERE")
            #expect(helena.text("consents.newsletter") == "false")
        }
    }

    @Test(arguments: [
        ("products.csv", "EAN;Name;Price;Currency\r\n9520001000010;\"Sofa; \"\"A\"\"\";899,50;EUR\r\n"),
        ("products.csv", "gtin,name,price,currency\n09520001000010,\"Sofa; \"\"A\"\"\",899.5,EUR\n"),
        (
            "products.jsonl",
            "{\"gtin\":\"09520001000010\",\"name\":\"Sofa; \\\"A\\\"\",\"price\":899.50,\"currency\":\"EUR\"}\n"
        ),
    ])
    func theDesksShowTheFilesTheyWereGiven(name: String, text: String) throws {
        let importer = try Importer(folder: folder.path)
        let view = DeskView(importer)
        #expect(try view.rows(of: "product").isEmpty)
        try AtomicFile.replace(importer.incoming + "/" + name, with: Array(text.utf8))
        let rows = try view.rows(of: "product")
        #expect(rows.map(\.key) == ["09520001000010"])
        #expect(
            rows[0].fields == [
                JSON.Member("name", "Sofa; \"A\""), JSON.Member("price", .number(Number("899.5")!)),
                JSON.Member("currency", "EUR"),
            ])
    }

    @Test func aDeskShowsStockAndLeavesWhatIsEmptyNull() throws {
        let wholesaler = try Wholesaler(folder: folder.path)
        try AtomicFile.replace(
            wholesaler.incoming + "/stock.csv",
            with: Array("product,place,on_hand,reserved,available\n9520001000010,hanko-port,,0,1\n".utf8))
        let row = try #require(try DeskView(wholesaler).rows(of: "stock").first)
        #expect(row.key == "09520001000010@hanko-port")
        #expect(row["onHand"] == .null)
        #expect(row["available"] == 1)
    }
}
