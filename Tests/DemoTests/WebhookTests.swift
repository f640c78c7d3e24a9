import Demo
import Digests
import Document
import Testing
import Transports

@Suite struct WebhookTests {
    private let secret = "webhook-secret"
    private let sofa: JSON = ["sku": "1", "name": "Sofa", "price": 10]

    private func register(_ receiver: Receiver, at shop: WebClient, topics: JSON = nil) throws -> Int {
        let webhook = try shop.call(
            .post, "/api/webhooks", ["url": .string(receiver.url), "secret": .string(secret), "topics": topics])
        #expect(webhook["secret"] == nil)
        return try #require(webhook["id"]?.integer)
    }

    private func body(_ request: HTTPRequest) throws -> JSON { try JSON(parsing: request.body) }

    @Test func tellsOfChangesInOrderAndSignsTheRawBody() throws {
        let receiver = try Receiver()
        defer { receiver.stop() }
        try withShop(try TemporaryFolder(), isEmpty: true) { shop throws in
            _ = try register(receiver, at: shop)
            try shop.call(.post, "/api/products", sofa)
            try shop.call(.put, "/api/products/501/availability/helsinki-1", ["available": 1])
            try shop.call(.post, "/api/customers", ["email": "aino@example.com"])
            try shop.call(
                .post, "/api/checkout",
                ["delivery": "home", "lines": [["product_id": 501, "quantity": 1, "place": "helsinki-1"]]])
            try shop.call(.delete, "/api/products/501")
            let requests = try receiver.requests(atLeast: 4)
            #expect(
                requests.map { $0.fields["X-Shop-Topic"] }
                    == ["product.updated", "customer.updated", "order.created", "product.deleted"])
            for request in requests {
                let signature = try #require(request.fields["X-Shop-Signature"].flatMap { Base64.decode($0) })
                #expect(HMACSHA256.isValid(signature, for: request.body, key: Array(secret.utf8)))
                #expect(try body(request)["delivery"]?.string == request.fields["X-Shop-Delivery"])
            }
            #expect(try body(requests[0])["data"] == ["id": 501])
            #expect(try body(requests[2])["data"]?["lines"]?[0]?["place"] == "helsinki-1")
            #expect(try body(requests[3])["data"] == ["id": 501, "sku": "1"])
            #expect(Set(requests.map { $0.fields["X-Shop-Delivery"] }).count == 4)
        }
    }

    @Test func triesAgainWithTheSameDeliveryId() throws {
        let receiver = try Receiver()
        defer { receiver.stop() }
        var patience = Shop.Patience()
        patience.pause = .milliseconds(1)
        patience.attempts = 1000
        try withShop(try TemporaryFolder(), patience: patience, isEmpty: true) { shop throws in
            let id = try register(receiver, at: shop)
            receiver.answer(503)
            try shop.call(.post, "/api/products", sofa)
            _ = try receiver.requests(atLeast: 2)
            receiver.answer(200)
            _ = try eventually { try shop.call(.get, "/api/webhooks/\(id)")["pending"] == 0 ? true : nil }
            #expect(Set(receiver.requests.map { $0.fields["X-Shop-Delivery"] }).count == 1)
            #expect(try shop.call(.get, "/api/webhooks/\(id)")["enabled"] == true)
        }
    }

    @Test func isSwitchedOffAfterFailuresAndTellsNothingUntilItIsEnabled() throws {
        let receiver = try Receiver()
        defer { receiver.stop() }
        let folder = try TemporaryFolder()
        var patience = Shop.Patience()
        patience.pause = .milliseconds(1)
        patience.attempts = 3
        let id = try withShop(folder, patience: patience, isEmpty: true) { shop throws in
            let id = try register(receiver, at: shop)
            receiver.answer(500)
            try shop.call(.post, "/api/products", sofa)
            let webhook = try eventually {
                let webhook = try shop.call(.get, "/api/webhooks/\(id)")
                return webhook["enabled"] == false ? webhook : JSON?.none
            }
            #expect(webhook["last_error"] == "answered 500")
            #expect(receiver.requests.count == 3)
            receiver.answer(200)
            try shop.call(.put, "/api/products/501", ["name": "Missed"])
            return id
        }
        // It stays off over a restart.
        try withShop(folder, patience: patience) { shop throws in
            try shop.call(.put, "/api/products/501", ["name": "Missed too"])
            #expect(try shop.call(.get, "/api/webhooks/\(id)")["pending"] == 0)
            #expect(try shop.call(.post, "/api/webhooks/\(id)/enable")["enabled"] == true)
            try shop.call(.delete, "/api/products/501")
            // What comes next is the deletion: the two changes before it were told to nobody.
            #expect(try receiver.requests(atLeast: 4)[3].fields["X-Shop-Topic"] == "product.deleted")
        }
    }

    @Test func aDeliveryThatWaitsSurvivesARestart() throws {
        let receiver = try Receiver()
        defer { receiver.stop() }
        let folder = try TemporaryFolder()
        var patience = Shop.Patience()
        patience.pause = .seconds(3600)
        try withShop(folder, patience: patience, isEmpty: true) { shop throws in
            let id = try register(receiver, at: shop, topics: ["product.updated"])
            receiver.answer(500)
            try shop.call(.post, "/api/products", sofa)
            _ = try receiver.requests(atLeast: 1)
            try shop.call(.post, "/api/customers", ["email": "aino@example.com"])
            #expect(try shop.call(.get, "/api/webhooks/\(id)")["pending"] == 1, "customers were not asked for")
        }
        try withShop(folder) { shop throws in
            #expect(try shop.call(.get, "/api/webhooks")["webhooks"]?[0]?["pending"] == 1)
        }
    }

    @Test func aSecondRegistrationOfAnAddressReplacesTheFirst() throws {
        let receiver = try Receiver()
        defer { receiver.stop() }
        try withShop(try TemporaryFolder(), isEmpty: true) { shop throws in
            let first = try register(receiver, at: shop)
            #expect(try register(receiver, at: shop) == first)
            #expect(try shop.call(.get, "/api/webhooks")["webhooks"]?.array?.count == 1)
            for broken: JSON in [
                ["url": "ftp://x", "secret": "long enough"], ["url": .string(receiver.url), "secret": "short"],
                ["url": .string(receiver.url), "secret": "long enough", "topics": ["everything"]],
            ] {
                #expect(try shop.send(.post, "/api/webhooks", broken).status == 422)
            }
            try shop.call(.delete, "/api/webhooks/\(first)")
            #expect(try shop.call(.get, "/api/webhooks")["webhooks"] == [])
        }
    }
}
