import Document
import Testing
import Transports

@testable import Demo

@Suite struct ProjectionTests {
    /// As long as the test lives.
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func expected(_ entity: String, in system: String, of golden: JSON) throws -> JSON {
        .object(try #require(Projection.of(entity, in: system)).expected(of: golden))
    }

    private func number(_ text: String) throws -> JSON { .number(try #require(Number(text))) }

    private let sofa: JSON = [
        "gtin": "09520001000027", "name": "Sofa \"Aurora\", three-seater, grün", "currency": "EUR",
    ]

    @Test func theTillHoldsTwentyCharactersOfAName() throws {
        #expect(try expected("product", in: "till", of: sofa) == ["name": "Sofa \"Aurora\", three", "currency": "EUR"])
        // Code points, as SQLite counts them: the umlaut is one, with its dots apart it would be two.
        let umlauts = String(repeating: "ä", count: 25)
        #expect(
            try expected("product", in: "till", of: ["name": .string(umlauts)])
                == ["name": .string(String(repeating: "ä", count: 20))])
        let apart = String(repeating: "a\u{308}", count: 25)
        #expect(
            try expected("product", in: "till", of: ["name": .string(apart)])["name"]?.string?.unicodeScalars.count
                == 20)
    }

    @Test func theTillItselfAgrees() throws {
        let till = try Till(folder: folder.path)
        for name in [
            "Short", "Sofa \"Aurora\", three-seater, grün", "🛋️ sofa with a picture in its name",
            "a\u{308}bcdefghijklmnopqrstuvw",
        ] {
            try till.rename(Assortment.blueSofa.ean, to: name)
            let row = try #require(
                try TillView(folder: folder.path).rows(of: "product").first { $0.key == "0" + Assortment.blueSofa.ean })
            let projection = try #require(Projection.of("product", in: "till"))
            #expect(
                projection.differences(of: row, from: ["name": .string(name), "price": try number("899.00")]) == [])
        }
    }

    @Test(arguments: [
        ("19.99", "20.00"), ("19.97", "19.95"), ("19.975", "20.00"), ("19.925", "19.95"), ("0.02", "0.00"),
        ("0.025", "0.05"), ("899", "899.00"), ("1e2", "100.00"), ("19.9", "19.90"), ("249.99", "250.00"),
    ])
    func theShopHoldsRoundPrices(golden: String, held: String) throws {
        let price = try expected("product", in: "shop", of: ["price": try number(golden)])["price"]
        #expect(price?.text == held)
    }

    @Test func theShopItselfAgrees() throws {
        try withShop(folder, isEmpty: true) { shop throws in
            let projection = try #require(Projection.of("product", in: "shop"))
            try shop.call(.post, "/api/products", ["sku": "1", "name": "X"])
            for cents in 0..<100 {
                let price = JSON.number(try #require(Number("7.\(cents < 10 ? "0" : "")\(cents)")))
                try shop.call(.put, "/api/products/501", ["price": price])
                let row = try #require(try ShopView(shop).rows(of: "product").first)
                #expect(projection.differences(of: row, from: ["price": price]) == [])
            }
        }
    }

    @Test func theCRMHoldsCitiesInCapitalsAndConsentsOneByOne() throws {
        let golden: JSON = [
            "givenName": "Aino", "phone": nil, "address": ["addressLocality": "Jyväskylä", "postalCode": "40100"],
            "consents": [["purpose": "profiling", "granted": false]],
        ]
        #expect(
            try expected("customer", in: "crm", of: golden) == [
                "givenName": "Aino", "phone": nil, "address.postalCode": "40100",
                "address.addressLocality": "JYVÄSKYLÄ", "consents.profiling": false,
            ])
        #expect(
            try expected("customer", in: "crm", of: ["address": nil]) == [
                "address.streetAddress": nil, "address.postalCode": nil, "address.addressLocality": nil,
                "address.addressCountry": nil,
            ])
    }

    @Test func theTillPutsTheFamilyNameFirst() throws {
        #expect(
            try expected("customer", in: "till", of: ["givenName": "Aino", "familyName": "Virtanen"])
                == ["name": "Virtanen Aino"])
        #expect(try expected("customer", in: "till", of: ["familyName": "Virtanen"]) == ["name": "Virtanen"])
        #expect(try expected("customer", in: "till", of: [:]) == [:])
    }

    @Test func tellsWhatDiffersByValueAndNotByWriting() throws {
        let projection = try #require(Projection.of("product", in: "till"))
        let row = SystemRow(
            key: "1", id: "1",
            fields: [
                JSON.Member("name", "Sofa"), JSON.Member("price", try number("19.9")), JSON.Member("currency", nil),
            ])
        #expect(projection.differences(of: row, from: ["name": "Sofa", "price": try number("19.90")]) == [])
        #expect(
            projection.differences(of: row, from: ["name": "sofa", "price": try number("19.91"), "currency": "EUR"])
                == [
                    .init(field: "name", held: "Sofa", expected: "sofa"),
                    .init(field: "price", held: try number("19.9"), expected: try number("19.91")),
                    .init(field: "currency", held: .null, expected: "EUR"),
                ])
        #expect(Projection.of("product", in: "moon") == nil)
    }

    @Test func theDesksHoldWhatTheyAreGiven() throws {
        #expect(
            try expected("stock", in: "importer", of: ["onHand": 3, "reserved": 1, "available": 2, "incoming": 5])
                == ["onHand": 3, "reserved": 1, "available": 2])
        #expect(try expected("product", in: "wholesaler", of: sofa)["name"] == sofa["name"])
    }
}
