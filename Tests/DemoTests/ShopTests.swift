import Demo
import Document
import Testing
import Transports

@Suite struct ShopTests {
    private func product(_ sku: String, price: JSON = 10) -> JSON {
        ["sku": .string(sku), "name": .string("Article \(sku)"), "price": price]
    }

    @Test func numbersItsProductsItselfAndKeepsThemOverARestart() throws {
        let folder = try TemporaryFolder()
        let first = try withShop(folder, isEmpty: true) { try $0.call(.post, "/api/products", product("1")) }
        #expect(first["id"] == 501)
        try withShop(folder, isEmpty: true) { shop throws in
            #expect(try shop.call(.get, "/api/products/501") == first)
            #expect(try shop.call(.post, "/api/products", product("2"))["id"] == 502)
            try shop.call(.delete, "/api/products/502")
            // A number is never given twice.
            #expect(try shop.call(.post, "/api/products", product("3"))["id"] == 503)
        }
    }

    @Test func asksRoundPrices() throws {
        try withShop(try TemporaryFolder(), isEmpty: true) { shop throws in
            let created = try shop.call(.post, "/api/products", product("1", price: .number(Number("249.99")!)))
            #expect(created["price"]?.text == "250.00")
            let changed = try shop.call(.put, "/api/products/501", ["price": .number(Number("79.92")!)])
            #expect(changed["price"]?.text == "79.90")
            #expect(changed["name"] == "Article 1", "what is absent stays")
            #expect(try shop.call(.put, "/api/products/501", ["price": nil])["price"] == .null)
        }
    }

    @Test func listsInPagesOfAtMostFifty() throws {
        try withShop(try TemporaryFolder(), isEmpty: true) { shop throws in
            for number in 1...53 { try shop.call(.post, "/api/products", product("\(number)")) }
            let first = try shop.send(.get, "/api/products?per_page=500")
            #expect(first.body["products"]?.array?.count == 50)
            #expect(first.body["total"] == 53)
            let next = try #require(first.body["next"]?.string)
            #expect(first.fields["Link"] == "<\(next)>; rel=\"next\"")
            let second = try shop.call(.get, next)
            #expect(second["products"]?.array?.compactMap { $0["id"]?.integer } == [551, 552, 553])
            #expect(second["next"] == .null)
            #expect(try shop.call(.get, "/api/products?sku=53")["products"]?[0]?["id"] == 553)
            #expect(try shop.call(.get, "/api/products?sku=99")["products"] == [])
        }
    }

    @Test func listsWhatChangedSinceATimeItGave() throws {
        try withShop(try TemporaryFolder(), isEmpty: true) { shop throws in
            try shop.call(.post, "/api/products", product("1"))
            let second = try shop.call(.post, "/api/products", product("2"))
            var changed = try shop.call(.put, "/api/products/501", ["name": "Other"])
            // Within one millisecond nothing can be told apart: change it until the time is another.
            while changed["updated_at"] == second["updated_at"] {
                changed = try shop.call(.put, "/api/products/501", ["name": "Other"])
            }
            let since = try #require(changed["updated_at"]?.string)
            let found = try shop.call(.get, "/api/products?updated_since=\(since)")
            #expect(found["products"]?.array?.compactMap { $0["id"]?.integer } == [501])
            #expect(try shop.call(.get, "/api/products?updated_since=2000-01-01")["total"] == 2)
            #expect(try shop.call(.get, "/api/products?updated_since=2100-01-01T00:00:00Z")["total"] == 0)
            #expect(try shop.send(.get, "/api/products?updated_since=yesterday").status == 422)
        }
    }

    @Test func availabilityLeavesUpdatedAtAndVersionAlone() throws {
        try withShop(try TemporaryFolder(), isEmpty: true) { shop throws in
            let before = try shop.call(.post, "/api/products", product("1"))
            let path = "/api/products/501/availability/helsinki-1"
            try shop.call(.put, path, ["available": 3, "as_of": "2026-11-21T10:00:00Z"])
            try shop.call(.put, path, ["available": 2, "as_of": "2026-11-21T11:00:00Z"])
            let after = try shop.call(.get, "/api/products/501")
            #expect(after["updated_at"] == before["updated_at"])
            #expect(after["version"] == before["version"])
            #expect(
                after["availability"]
                    == [["place": "helsinki-1", "available": 2, "as_of": "2026-11-21T11:00:00Z"]])
            #expect(try shop.send(.put, path, ["available": -1]).status == 422)
            #expect(try shop.send(.put, "/api/products/9/availability/x", ["available": 1]).status == 404)
        }
    }

    @Test func refusesAnOutdatedVersion() throws {
        try withShop(try TemporaryFolder(), isEmpty: true) { shop throws in
            let created = try shop.send(.post, "/api/products", product("1"))
            let tag = try #require(created.fields["ETag"])
            let change: JSON = ["name": "Newer"]
            #expect(try shop.send(.put, "/api/products/501", change, fields: ["If-Match": tag]).status == 200)
            #expect(try shop.send(.put, "/api/products/501", change, fields: ["If-Match": tag]).status == 412)
            #expect(try shop.send(.put, "/api/products/501", ["name": "Old", "version": 1]).status == 409)
            #expect(try shop.send(.put, "/api/products/501", ["name": "New", "version": 2]).status == 200)
            #expect(try shop.call(.get, "/api/products/501")["name"] == "New")
        }
    }

    @Test func refusesTwinsStrangersAndNonsense() throws {
        try withShop(try TemporaryFolder(), isEmpty: true) { shop throws in
            try shop.call(.post, "/api/products", product("1"))
            #expect(try shop.send(.post, "/api/products", product("1")).status == 409)
            #expect(try shop.send(.post, "/api/products", ["sku": "2"]).status == 422)
            #expect(try shop.send(.put, "/api/products/501", ["price": "cheap"]).status == 422)
            #expect(try shop.send(.get, "/api/products/502").status == 404)
            #expect(try WebClient(url: shop.url, token: "wrong").send(.get, "/api/products").status == 401)
            try shop.call(.post, "/api/customers", ["email": "a@example.com"])
            #expect(try shop.send(.post, "/api/customers", ["email": "A@example.com"]).status == 409)
        }
    }

    @Test func keepsCustomers() throws {
        let folder = try TemporaryFolder()
        try withShop(folder, isEmpty: true) { shop throws in
            let created = try shop.call(
                .post, "/api/customers",
                ["first_name": "Aino", "email": "aino@example.com", "address": ["city": "Turku", "zip": "20100"]])
            #expect(created["id"] == 7001)
            let changed = try shop.call(.put, "/api/customers/7001", ["address": ["city": "Helsinki"]])
            #expect(changed["address"] == ["street": nil, "zip": "20100", "city": "Helsinki", "country": nil])
            #expect(changed["first_name"] == "Aino")
            #expect(changed["version"] == 2)
            #expect(
                try shop.send(.put, "/api/customers/7001", ["phone": "1"], fields: ["If-Match": "\"1\""]).status == 412)
        }
        try withShop(folder) { shop throws in
            #expect(try shop.call(.get, "/api/customers?email=aino@example.com")["customers"]?[0]?["id"] == 7001)
            try shop.call(.delete, "/api/customers/7001")
            #expect(try shop.send(.get, "/api/customers/7001").status == 404)
        }
    }

    @Test func anOrderWaitsUntilItIsDecidedOnce() throws {
        let folder = try TemporaryFolder()
        try withShop(folder, isEmpty: true) { shop throws in
            try shop.call(.post, "/api/products", product("1", price: .number(Number("19.90")!)))
            try shop.call(.post, "/api/customers", ["email": "aino@example.com"])
            let order = try shop.call(
                .post, "/api/checkout",
                [
                    "customer_id": 7001, "delivery": "pickup",
                    "lines": [["product_id": 501, "quantity": 2, "place": "helsinki-1"]],
                ])
            #expect(order["id"] == 90001)
            #expect(order["state"] == "pending")
            #expect(order["total"]?.text == "39.80")
            #expect(order["lines"]?[0]?["sku"] == "1")
            #expect(order["lines"]?[0]?["reservation"]?.string?.utf8.count == 36)
        }
        try withShop(folder) { shop throws in
            #expect(try shop.call(.get, "/api/orders?state=pending")["orders"]?[0]?["id"] == 90001)
            #expect(try shop.call(.put, "/api/orders/90001", ["state": "confirmed"])["state"] == "confirmed")
            #expect(try shop.send(.put, "/api/orders/90001", ["state": "confirmed"]).status == 200)
            #expect(try shop.send(.put, "/api/orders/90001", ["state": "refused"]).status == 409)
            #expect(try shop.send(.put, "/api/orders/90001", ["state": "eaten"]).status == 422)
            #expect(try shop.call(.get, "/api/orders/90001")["state"] == "confirmed")
            for broken: JSON in [
                ["delivery": "pickup", "lines": []],
                ["delivery": "drone", "lines": [["product_id": 501, "quantity": 1, "place": "x"]]],
                ["delivery": "home", "lines": [["product_id": 9, "quantity": 1, "place": "x"]]],
                ["delivery": "home", "customer_id": 9, "lines": [["product_id": 501, "quantity": 1, "place": "x"]]],
            ] {
                #expect(try shop.send(.post, "/api/checkout", broken).status == 422)
            }
            #expect(try shop.call(.get, "/api/orders")["total"] == 1)
        }
    }

    @Test func showsPeopleWhatThereIsAndOnlyTheBlueSofa() throws {
        try withShop(try TemporaryFolder()) { shop throws in
            let sofa = try shop.call(.get, "/api/products?sku=0\(Assortment.blueSofa.ean)")["products"]?[0]
            let id = try #require(sofa?["id"]?.integer)
            try shop.call(.put, "/api/products/\(id)/availability/helsinki-1", ["available": 3])
            try shop.call(.post, "/api/products", ["sku": "x", "name": "A <b>table</b> & \"more\""])
            let page = try HTTPClient().send(HTTPClient.Request(.get, shop.url + "/"))
            let html = String(decoding: page.body, as: UTF8.self)
            #expect(page.fields["Content-Type"] == "text/html; charset=utf-8")
            #expect(html.contains("Aurora sofa, midnight blue"))
            #expect(html.contains("helsinki-1: 3"))
            #expect(html.contains("A &lt;b&gt;table&lt;/b&gt; &amp; &quot;more&quot;"))
            #expect(!html.contains("green"))
            #expect(try shop.call(.get, "/api/products?sku=0\(Assortment.greenSofa.ean)")["total"] == 0)
        }
    }
}
