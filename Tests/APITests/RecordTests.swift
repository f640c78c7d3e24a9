import Canonical
import Document
import Hub
import TestHub
import Testing
import Transports

/// Looking things up.
@Suite struct RecordTests {
    @Test func aRecordIsFoundByItsKeyAndByASystemsOwnNumber() throws {
        try Desk.open { desk in
            try desk.plant.send(
                [Foreign.product(sofa, "\"name\":\"Sofa\",\"price\":19.90").with("ce_self", "47/11")], to: "product")
            try desk.plant.send(
                [
                    Foreign("omni.customer.stated", key: "crm:C-1", "{\"email\":\"a@example.org\"}", from: "/crm/x")
                        .with("ce_self", "C-1"),
                    Foreign("omni.customer.stated", key: "till:7", "{\"email\":\"a@example.org\"}", from: "/till/x")
                        .with("ce_self", "7"),
                ], to: "customer")
            try desk.settle()
            let byKey = try desk.get("/v1/records/product/\(sofa)")
            #expect(byKey.status == 200)
            #expect(byKey.json["entity"] == "product" && byKey.json["key"] == .string(sofa))
            #expect(byKey.json["revision"] == 1)
            #expect(
                byKey.json["document"] == ["gtin": .string(sofa), "name": "Sofa", "price": .number(Number("19.9")!)])
            let byNumber = try desk.get("/v1/records/product?system=till&id=47%2F11")
            #expect(byNumber.status == 200 && byNumber.json == byKey.json)
            // One person, whoever asks.
            let crm = try desk.get("/v1/records/customer?system=crm&id=C-1")
            let till = try desk.get("/v1/records/customer?system=till&id=7")
            #expect(crm.status == 200 && crm.json == till.json)
            let key = try #require(crm.json["key"]?.string)
            #expect(try desk.get("/v1/records/customer/\(key)").json == crm.json)
        }
    }

    @Test func whatIsNotThereIsSaidSo() throws {
        try Desk.open { desk in
            try desk.plant.send([.product(sofa, "\"name\":\"Sofa\"", from: "importer")], to: "product")
            try desk.settle()
            for (path, word) in [
                ("/v1/records/product/\(chair)", chair), ("/v1/records/sofa/\(chair)", "product"),
                ("/v1/records/reservation/r1", "product"), ("/v1/records/product?system=till&id=1", "till:1"),
                ("/v1/records/customer/nobody", "nobody"), ("/v1/records/order/%01hub", "order"),
                ("/v1/records/product/%01hub", "product"), ("/v1/records/customer/%C3%A4", "customer"),
                ("/v1/reservations/r1", "r1"), ("/v1/why/product/\(chair)/name", chair),
                ("/v1/why/product/\(sofa)/nothing", "nothing"), ("/v1/why/sofa/\(sofa)/name", "sofa"),
                ("/v1/drift?entity=sofa", "sofa"),
            ] {
                let answer = try desk.get(path)
                #expect(answer.status == 404, "\(path): \(answer.json)")
                #expect(answer.error.contains(word), "\(path): \(answer.error)")
            }
            #expect(try desk.get("/v1/records/product?system=till").status == 422)
            for query in ["limit=0", "limit=1001", "limit=ten", "after=nowhere", "after=x/y"] {
                let answer = try desk.get("/v1/records/product?\(query)")
                #expect(answer.status == 422 && answer.error.contains(query.prefix(5)), "\(query): \(answer.json)")
            }
            // Deleted: there is a state, and no record.
            try desk.plant.send([Foreign("omni.product.deleted", key: sofa, "{}", from: "/importer/x")], to: "product")
            try desk.settle()
            #expect(try desk.get("/v1/records/product/\(sofa)").status == 404)
            #expect(try desk.get("/v1/records/product").json["records"] == [])
        }
    }

    @Test func pagesHoldEveryRecordOnce() throws {
        try Desk.open { desk in
            // Keys whose order as bytes and as text differ, too.
            let keys =
                (0..<45).map { "order-\($0)" } + ["\u{E9}", "e\u{301}", "z", "\u{1F600}", "\u{FF21}", "/", "0/1"]
            try desk.plant.send(
                keys.map { key in
                    Foreign("omni.order.stated", key: key, JSON.object([.init("id", .string(key))]).text)
                }, to: "order")
            try desk.settle()
            for limit in [1, 7, 52, 100] {
                var found: [[UInt8]] = []
                var after = ""
                for page in 0... {
                    try #require(page <= keys.count, "pages without end")
                    let answer = try desk.get("/v1/records/order?limit=\(limit)\(after)")
                    let records = answer.json["records"]?.array ?? []
                    #expect(records.count <= limit && (page > 0 || !records.isEmpty))
                    found += records.compactMap { $0["key"]?.string.map { Array($0.utf8) } }
                    guard let next = answer.json["next"]?.string else { break }
                    after = "&after=" + next.utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
                }
                #expect(found.count == keys.count, "limit \(limit)")
                #expect(Set(found) == Set(keys.map { Array($0.utf8) }), "limit \(limit)")
            }
        }
    }

    @Test func availabilityNamesEveryPlaceAndItsAge() throws {
        try Desk.open { desk in
            let counted = Plant.wall().advanced(by: -60_000)
            try desk.plant.send(
                [
                    Foreign.count(sofa, "kamppi", "2").with("ce_time", counted.rfc3339),
                    .count(sofa, "pasila", "0"), .count(chair, "kamppi", "9"),
                    Foreign.count("\(sofa)1", "kamppi", "9"),
                    .hold("r1", sofa, "kamppi"),
                    .movement(sofa, "turku", "5", kind: "incoming"),
                ], to: "stock")
            try desk.settle()
            let answer = try desk.get("/v1/availability/\(sofa)")
            #expect(answer.status == 200 && answer.json["product"] == .string(sofa))
            let places = try #require(answer.json["places"]?.array)
            #expect(places.map { $0["place"] } == ["kamppi", "pasila", "turku"])
            #expect(places.map { $0["onHand"] } == [2, 0, .null])
            #expect(places.map { $0["reserved"] } == [1, 0, 0])
            #expect(places.map { $0["available"] } == [1, 0, 0])
            #expect(places.map { $0["incoming"] } == [0, 0, 5])
            let age = try #require(places[0]["ageMs"]?.integer)
            #expect(age >= 60_000 && age <= Plant.wall().milliseconds - counted.milliseconds)
            #expect(places[0]["asOf"] == .string(counted.rfc3339))
            #expect(places.map { $0["source"] } == ["till", "till", .null], "whose count it is")
            #expect(places[0]["from"]?.string?.contains(".in.stock[") == true)
            #expect(try desk.get("/v1/availability/09521234567897").status == 404, "nobody knows it")
        }
    }

    @Test func whyNamesTheWinnerTheOthersAndTheirRecords() throws {
        try Desk.open { desk in
            try desk.plant.send(
                [
                    Foreign.product(sofa, "\"price\":10", from: "wholesaler").with("ce_time", "2026-01-01T00:00:00Z"),
                    Foreign.product(sofa, "\"price\":20", from: "till").with("ce_time", "2026-02-01T00:00:00Z"),
                    .product(sofa, "\"price\":30", from: "importer"),
                ], to: "product")
            try desk.settle()
            let answer = try desk.get("/v1/why/product/\(sofa)/price")
            #expect(answer.status == 200)
            #expect(answer.json["value"] == 20 && answer.json["rule"] == "latest")
            let claims = try #require(answer.json["claims"]?.array)
            #expect(claims.map { $0["system"] } == ["till", "wholesaler", "importer"])
            #expect(claims.map { $0["verdict"] } == ["won", "older", "no say"])
            #expect(claims[0]["at"] == "2026-02-01T00:00:00Z" && claims[2]["at"] == .null)
            let origins = try desk.plant.records(desk.plant.names.input(domain: "product")).map { "\($0.place)" }
            #expect(Set(claims.compactMap { $0["from"]?.string }) == Set(origins))
        }
    }

    /// Copies of systems that have a sink; how long one may lag is said per system.
    @Test func driftCountsCopiesAndListsThoseThatDisagree() throws {
        func sink(_ system: String) -> String {
            """
            system: \(system)
            connections: { db: { sqlite: "/nowhere" } }
            sinks:
              products:
                of: product
                map: product.jsonata
                to: { db: { upsert: article, key: [ean] } }
                delete: keep
            """
        }
        let grace = "grace: { standard: 1h, systems: { shop: 0s } }"
        try Desk.open(grace, connectors: ["retailer": sink("till"), "ecommerce": sink("shop")]) { desk in
            try desk.plant.send([.product(sofa, "\"price\":10", from: "importer")], to: "product")
            try desk.settle()
            let answer = try desk.get("/v1/drift?entity=product")
            #expect(answer.status == 200)
            let report = try #require(answer.json["entities"]?.array?.first)
            #expect(answer.json["entities"]?.array?.count == 1)
            let copies = report["copies"]?.array ?? []
            #expect(copies.allSatisfy { $0["key"] == .string(sofa) })
            let conditions = Dictionary(
                uniqueKeysWithValues: copies.map { ($0["system"]?.string ?? "", $0["condition"]?.string ?? "") })
            #expect(conditions == ["till": "lagging", "shop": "missing"])
            #expect(report["counts"] == ["lagging": 1, "missing": 1])
            // Both report that they hold it.
            try desk.plant.send(
                ["till", "shop"].map { system in
                    Foreign(
                        "omni.product.written", key: sofa,
                        "{\"revision\":1,\"status\":\"written\",\"held\":{\"gtin\":\"\(sofa)\"}}", from: "/\(system)/x")
                }, to: "product")
            try desk.settle()
            let after = try desk.get("/v1/drift")
            #expect(after.json["drifting"] == 0, "\(after.json)")
        }
    }

    /// Keys that only look alike are two, wherever one asks for them.
    @Test func keysThatLookAlikeAreToldApart() throws {
        let keys = ["caf\u{E9}", "cafe\u{301}", "\u{301}x"]
        try Desk.open { desk in
            try desk.plant.send(
                keys.enumerated().map { number, key in
                    Foreign("omni.order.stated", key: key, "{\"id\":\"\(key)\",\"channel\":\"\(number)\"}")
                }, to: "order")
            try desk.plant.send([.count(sofa, "kamppi", "1")], to: "stock")
            try desk.settle()
            for (number, key) in keys.enumerated() {
                let found = try desk.get("/v1/records/order/\(PercentEncoding.encode(key))").json
                #expect(found["key"]?.string?.isExactly(key) == true)
                #expect(found["document"]?["channel"]?.string == "\(number)")
            }
            var paged: [ExactText] = []
            var next: String? = ""
            while let after = next, paged.count < 9 {
                let more = after.isEmpty ? "" : "&after=\(PercentEncoding.encode(after))"
                let page = try desk.get("/v1/records/order?limit=1\(more)").json
                paged += (page["records"]?.array ?? []).map { ExactText($0["key"]?.string ?? "") }
                next = page["next"]?.string
            }
            #expect(paged.sorted() == keys.map { ExactText($0) }.sorted())
            #expect(try desk.reserve(sofa, "kamppi", id: keys[0]).status == 201)
            #expect(try desk.reserve(sofa, "kamppi", id: keys[1]).status == 409)
            #expect(try desk.get("/v1/reservations/\(PercentEncoding.encode(keys[0]))").state == "confirmed")
            #expect(try desk.get("/v1/reservations/\(PercentEncoding.encode(keys[1]))").state == "refused")
        }
    }

    /// What isn't there, and what isn't done there, is told like every other problem.
    @Test func unknownPathsAndMethodsAreProblemsToo() throws {
        try Desk.open { desk in
            for path in ["/", "/v1", "/v1/record/product", "/v1/records/product/\(sofa)/name", "/v1/records//x"] {
                #expect(try desk.get(path).status == 404, "\(path)")
            }
            #expect(try desk.get("/v1/records/product/%zz").status == 400)
            let cases: [(HTTPMethod, String, String)] = [
                (.post, "/v1/drift", "GET, HEAD"), (.delete, "/v1/records/product/\(sofa)", "GET, HEAD"),
                (.get, "/v1/reservations", "POST"), (.put, "/v1/reservations/r1", "DELETE, GET, HEAD"),
                (.post, "/health", "GET, HEAD"),
            ]
            for (method, path, allow) in cases {
                let answer = try desk.ask(method, path, "{}")
                #expect(answer.status == 405 && answer.allow == allow, "\(method) \(path): \(answer.allow ?? "-")")
            }
        }
    }

    @Test func healthSaysHowManyPartitionsItHas() throws {
        try Desk.open(token: "secret") { desk in
            let answer = try desk.get("/health")
            #expect(answer.status == 200)
            #expect(answer.json["status"] == "ok")
            // Two of each domain, one of customers.
            #expect(answer.json["partitions"]?.integer == (desk.plant.model.domains.count - 1) * 2 + 1)
        }
    }

    @Test func withATokenNothingButHealthIsToldWithoutIt() throws {
        try Desk.open(api: "token: \"open sesame\"", token: "open sesame") { desk in
            #expect(try desk.get("/v1/records/product").status == 200)
            let paths: [(HTTPMethod, String)] = [
                (.get, "/v1/records/product"), (.get, "/v1/records/product/\(sofa)"), (.get, "/v1/drift"),
                (.get, "/v1/availability/\(sofa)"), (.get, "/v1/why/product/\(sofa)/name"),
                (.get, "/v1/reservations/r1"), (.post, "/v1/reservations"), (.delete, "/v1/reservations/r1"),
            ]
            for (method, path) in paths {
                for wrong in ["", "Bearer", "Bearer open", "Bearer open sesame ", "Basic b3Blbg==", "open sesame"] {
                    let answer = try desk.ask(method, path, "{}", fields: [("Authorization", wrong)])
                    #expect(answer.status == 401, "\(method) \(path) '\(wrong)'")
                    #expect(!answer.error.contains("sesame"))
                }
            }
            #expect(try desk.ask(.get, "/health", fields: [("Authorization", "wrong")]).status == 200)
        }
    }
}
