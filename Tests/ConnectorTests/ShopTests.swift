import Canonical
import Connector
import Demo
import Digests
import Document
import Testing
import Transports

/// `Connectors/ecommerce` against the demonstration's shop; the test plays the hub.
@Suite struct ShopTests {
    private let token = "secret-token"
    private let secret = "webhook-secret"
    private let blueSofa = EAN.gtin14(Assortment.blueSofa.ean)

    private struct Site {
        let place: Workplace
        let shop: Shop
        let url: String
        let token: String

        @discardableResult
        func send(_ method: HTTPMethod, _ path: String, _ body: JSON? = nil) throws -> JSON {
            let answer = try HTTPClient().send(
                HTTPClient.Request(
                    method, url + path, fields: ["Authorization": "Bearer \(token)"], body: body?.utf8 ?? []))
            try #require(answer.isSuccess)
            return (try? JSON(parsing: answer.body)) ?? .null
        }

        /// Says of everything that was stated whose it is, as the hub does.
        func identifyAll() throws {
            place.eventually { try place.records(place.names.input(domain: "product")).count >= 7 }
            for record in try place.records(place.names.input(domain: "product")) {
                try place.identify("product", "shop", record.headers["ce_self"] ?? "", as: record.key)
            }
            place.eventually { try place.records(place.names.input(domain: "customer")).count >= 4 }
            for record in try place.records(place.names.input(domain: "customer")) {
                try place.identify("customer", "shop", record.headers["ce_self"] ?? "", as: "golden-\(record.key)")
            }
        }
    }

    private func site(every: String = "60s", _ body: (Site) throws -> Void) throws {
        let folder = try TemporaryFolder()
        let shop = try Shop(folder: folder.path, port: 0, token: token)
        let url = "http://127.0.0.1:\(try shop.start())"
        defer { shop.stop() }
        var files = try Workplace.connector("ecommerce")
        // Polled so rarely that what is seen at once was told by a webhook; or so often that nothing needs one.
        files["connector.yaml"] = files["connector.yaml"]?.replacing("every: 10s", with: "every: \(every)")
            .replacing("every: 5s", with: "every: \(every)")
        let place = try Workplace(
            files, environment: ["SHOP_URL": url, "SHOP_TOKEN": token, "SHOP_WEBHOOK_SECRET": secret])
        try body(Site(place: place, shop: shop, url: url, token: token))
    }

    @Test func aWebhookHintsAtWhatToFetch() throws {
        try site { site in
            let topic = site.place.names.input(domain: "product")
            try site.place.connected { _ in
                try site.identifyAll()
                try site.send(.put, "/api/products/501", ["name": "Night sofa"])
                site.place.eventually {
                    try site.place.records(topic).contains { $0.key == blueSofa && $0.value?["name"] == "Night sofa" }
                }
                // Answered 200 only when Kafka has it: the shop has nothing left to tell.
                site.place.eventually {
                    try site.send(.get, "/api/webhooks")["webhooks"]?.array?.allSatisfy { $0["pending"] == 0 } == true
                }
                #expect(try site.send(.get, "/api/webhooks")["webhooks"]?.array?.count == 3)
            }
        }
    }

    @Test func aWebhookWithAWrongSignatureIsRefused() throws {
        try site { site in
            try site.place.connected { running in
                site.place.eventually { running.connector.webhookPort != nil }
                let port = try #require(running.connector.webhookPort)
                let body = Array(#"{"data":{"id":501}}"#.utf8)
                let right = Base64.encode(HMACSHA256.code(for: body, key: Array(secret.utf8)))
                let wrong = Base64.encode(HMACSHA256.code(for: body, key: Array("another".utf8)))
                for (signature, expected) in [(wrong, 401), (nil, 401), ("???", 401), (right, 200)] as [(String?, Int)]
                {
                    var fields: HTTPFields = [:]
                    if let signature { fields["X-Shop-Signature"] = signature }
                    let answer = try HTTPClient().send(
                        HTTPClient.Request(.post, "http://127.0.0.1:\(port)/hooks/products", fields: fields, body: body)
                    )
                    #expect(answer.status == expected)
                }
            }
        }
    }

    @Test func whatNoWebhookToldIsCaughtUpByPolling() throws {
        try site(every: "200ms") { site in
            let topic = site.place.names.input(domain: "product")
            try site.place.connected { _ in
                try site.identifyAll()
                for webhook in try site.send(.get, "/api/webhooks")["webhooks"]?.array ?? [] {
                    try site.send(.delete, "/api/webhooks/\(webhook["id"]?.integer ?? 0)")
                }
                try site.send(.put, "/api/products/501", ["name": "Silent sofa"])
                site.place.eventually {
                    try site.place.records(topic).contains { $0.key == blueSofa && $0.value?["name"] == "Silent sofa" }
                }
            }
        }
    }

    @Test func aWriteFirstTellsWhatItFindsAndThenReportsWhatIsHeld() throws {
        try site { site in
            let topic = site.place.names.input(domain: "product")
            try site.place.connected { running in
                try site.identifyAll()
                site.place.eventually { running.knows("product", "shop", "501") }
                try site.place.golden(
                    "product", blueSofa, revision: 3,
                    [
                        "gtin": .string(blueSofa), "name": "Golden sofa", "price": .number(Number("899.92")!),
                        "currency": "EUR",
                    ])
                site.place.eventually { try site.place.records(topic).contains { $0.type == "omni.product.written" } }
                let seen = try site.place.records(topic).filter { $0.key == blueSofa }
                let place = try #require(seen.firstIndex { $0.type == "omni.product.written" })
                #expect(seen[place - 1].type == "omni.product.stated")
                #expect(seen[place - 1].value?["name"] == "Aurora sofa, midnight blue")
                let report = seen[place]
                #expect(report.value?["held"]?["name"] == "Golden sofa")
                // This shop rounds.
                #expect(report.value?["held"]?["price"] == .number(Number("899.9")!))
            }
        }
    }

    private func decide(_ hold: Seen, _ state: String, _ place: Workplace) throws {
        var decision = try #require(hold.value)
        decision["state"] = .string(state)
        if state == "refused" { decision["reason"] = "not available" }
        let id = try #require(decision["reservation"]?.string)
        try place.golden("reservation", id, revision: 1, decision, verb: .decided)
    }

    private func checkout(_ site: Site) throws -> (number: Int, holds: [Seen]) {
        let order = try site.send(
            .post, "/api/checkout",
            [
                "delivery": "pickup",
                "lines": [
                    ["product_id": 501, "quantity": 1, "place": "helsinki-1"],
                    ["product_id": 502, "quantity": 2, "place": "helsinki-1"],
                ],
            ])
        let number = try #require(order["id"]?.integer)
        // The webhook and the next poll both tell of it; the hub knows a request by its reservation.
        var holds: [String: Seen] = [:]
        site.place.eventually {
            for hold in try site.place.records(site.place.names.input(domain: "stock")) { holds[hold.key] = hold }
            return holds.count == 2
        }
        return (number, holds.values.sorted { $0.key < $1.key })
    }

    @Test func anOrderOfSeveralLinesIsConfirmedWhenAllOfThemAre() throws {
        try site { site in
            let place = site.place
            try place.connected { _ in
                try site.identifyAll()
                let (number, holds) = try checkout(site)
                try #require(holds.count == 2)
                try decide(holds[0], "confirmed", place)
                // It waits for the other line, and says so.
                let parked = try place.records(place.names.parked(connector: "test"), count: 1)
                #expect(parked.first?.value?["reason"]?.string?.contains("not decided yet") == true)
                #expect(try site.send(.get, "/api/orders/\(number)")["state"] == "pending")
                try decide(holds[1], "confirmed", place)
                place.eventually { try site.send(.get, "/api/orders/\(number)")["state"] == "confirmed" }
            }
        }
    }

    @Test func anOrderWithARefusedLineIsRefusedAndGivesTheOthersUp() throws {
        try site(every: "200ms") { site in
            let place = site.place
            try place.connected { _ in
                try site.identifyAll()
                let (number, holds) = try checkout(site)
                try #require(holds.count == 2)
                try decide(holds[0], "confirmed", place)
                try decide(holds[1], "refused", place)
                place.eventually { try site.send(.get, "/api/orders/\(number)")["state"] == "refused" }
                #expect(try site.send(.get, "/api/orders/\(number)")["reason"] == "not available")
                let held = try #require(holds[0].value?["reservation"])
                place.eventually {
                    try place.records(place.names.input(domain: "stock")).contains {
                        $0.type == "omni.hold.released" && $0.value?["reservation"] == held && $0.key == holds[0].key
                    }
                }
                // Nothing is left waiting, and nothing was refused by the shop.
                place.eventually {
                    let newest = Dictionary(
                        try place.records(place.names.parked(connector: "test")).map { ($0.key, $0.bytes) }
                    ) { $1 }
                    return newest.values.allSatisfy(\.isEmpty)
                }
            }
        }
    }

    @Test func anOrderAsksForItsHoldsAndGetsTheDecision() throws {
        try site { site in
            let place = site.place
            try place.connected { running in
                try site.identifyAll()
                place.eventually { running.knows("customer", "shop", "7001") }
                let order = try site.send(
                    .post, "/api/checkout",
                    [
                        "customer_id": 7001, "delivery": "pickup",
                        "lines": [["product_id": 501, "quantity": 1, "place": "helsinki-1"]],
                    ])
                let number = try #require(order["id"]?.integer)
                let holds = try place.records(place.names.input(domain: "stock"), count: 1)
                #expect(holds[0].type == "omni.hold.requested" && holds[0].key == "\(blueSofa)@helsinki-1")
                #expect(holds[0].value?["order"] == .string("shop-\(number)"))
                let stated = try place.records(place.names.input(domain: "order"), count: 1)
                #expect(stated[0].key == "shop-\(number)")
                #expect(stated[0].value?["customer"] == "golden-shop:7001")
                let reservation = try #require(holds[0].value?["reservation"]?.string)
                try place.golden(
                    "reservation", reservation, revision: 1,
                    [
                        "reservation": .string(reservation), "product": .string(blueSofa), "place": "helsinki-1",
                        "quantity": 1, "state": "confirmed", "order": .string("shop-\(number)"),
                    ], verb: .decided)
                place.eventually { try site.send(.get, "/api/orders/\(number)")["state"] == "confirmed" }
                // Availability goes to the product's page; of what the shop doesn't sell, nothing.
                try place.golden(
                    "stock", "\(blueSofa)@helsinki-1", revision: 1,
                    ["product": .string(blueSofa), "place": "helsinki-1", "onHand": 3, "reserved": 1, "available": 2])
                try place.golden(
                    "stock", "06438012345675@helsinki-1", revision: 1,
                    ["product": "06438012345675", "place": "helsinki-1", "available": 2])
                place.eventually {
                    try site.send(.get, "/api/products/501")["availability"]?[0]?["available"] == 2
                }
                place.eventually {
                    try place.records(place.names.input(domain: "stock")).contains {
                        $0.key.hasPrefix("06438012345675") && $0.value?["status"] == "absent"
                    }
                }
            }
        }
    }
}
