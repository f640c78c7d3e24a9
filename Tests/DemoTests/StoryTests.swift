import Document
import Synchronization
import Testing
import Transports

@testable import Demo

/// What the stories take for granted, and the crowd.
@Suite struct StoryTests {
    @Test func theNewNameCanBeToldFromTheOldOneAlsoWhereItIsCut() throws {
        let till = try #require(Projection.of("product", in: "till"))
        let old = till.expected(of: ["name": .string(PriceList.renamed.name)])
        let new = till.expected(of: ["name": .string(PriceList.newName)])
        #expect(old != new)
        #expect(PriceList.renamed.shopName == nil, "the shop gives names of its own")
        #expect(PriceList.renamed.inStore != nil)
    }

    @Test func theNewPriceIsSeenInEverySystemAndRoundedInTheShop() throws {
        let article = PriceList.repriced
        #expect(article.inStore != nil && article.atWholesaler != nil && article.shopName != nil)
        let price = try #require(Number(PriceList.newPrice))
        let shop = try #require(Projection.of("product", in: "shop")).expected(of: ["price": .number(price)])
        #expect(shop.first { $0.key == "price" }?.value.held == "233.35")
        #expect(![article.price, article.recommended].contains(PriceList.newPrice))
    }

    @Test func thereIsOneGreenSofaAndTheShopHasNeverHeardOfIt() {
        #expect(Assortment.greenSofa.inStore == 1)
        #expect(Assortment.greenSofa.shopName == nil)
        #expect(Assortment.blueSofa.shopName?.contains("sofa") == true)
        #expect(Assortment.all.compactMap(\.shopName).filter { $0.lowercased().contains("sofa") }.count == 1)
    }

    @Test func thePersonsOfTheStoriesAreWhereTheStoriesNeedThem() throws {
        let mover = try #require(Person.all.first { $0.till?.loyalty == NewAddress.loyalty })
        #expect(mover.shop != nil && mover.crm != nil)
        let forgotten = try #require(Person.all.first { $0.crm?.email == SilentDeletion.email })
        #expect(forgotten.shop != nil)
    }

    @Test(
        arguments: [
            (201, ["state": "confirmed"], "confirmed"), (409, ["state": "refused"], "refused"),
            (200, ["state": "fulfilled"], "fulfilled"), (202, ["state": "confirmed"], nil),
            (409, ["detail": "no"], nil),
            (503, ["detail": "not ready"], nil), (500, nil, nil),
        ] as [(Int, JSON, String?)])
    func onlyADecisionDecides(status: Int, body: JSON, decision: String?) {
        #expect(Claims.decision(status, body) == decision)
    }

    /// A hub that loses its first answers, as one that is killed does: each client asks again under the same id, and one
    /// piece goes to one of them.
    @Test func clientsAskAgainWithTheSameIdUntilItIsDecided() throws {
        struct Shelf: Sendable {
            var asked: [String: Int] = [:]
            var owner: String?
        }
        let shelf = Monitor(Shelf())
        let server = HTTPServer { request in
            guard let id = try JSON(parsing: request.body)["reservation"]?.string else { return HTTPResponse(422) }
            return shelf.withLock { shelf in
                shelf.asked[id, default: 0] += 1
                if shelf.owner == nil { shelf.owner = id }
                if shelf.asked[id] == 1 { return HTTPResponse(503) }
                let state = shelf.owner == id ? "confirmed" : "refused"
                let body: JSON = ["reservation": .string(id), "state": .string(state)]
                return .json(state == "confirmed" ? 201 : 409, body.utf8)
            }
        }
        let port = try server.start()
        defer { server.stop() }
        let ids = Claims.ids(20)
        let claims = try Claims(
            ids, product: "p", place: "x", url: "http://127.0.0.1:\(port)", patience: .seconds(20))
        claims.open()
        let answers = claims.answers()
        #expect(answers.map(\.reservation) == ids)
        #expect(answers.confirmed.map(\.reservation) == [shelf.withLock { $0.owner }])
        #expect(answers.refused.count == 19)
        #expect(answers.undecided.isEmpty)
        #expect(answers.repeated == 20)
        #expect(shelf.withLock { $0.asked.keys.sorted() } == ids.sorted())
    }

    @Test func whoIsToldThatTheQuestionIsWrongGivesUp() throws {
        let server = HTTPServer { _ in
            HTTPResponse(422, "application/json", Array("{\"detail\": \"no such place\"}".utf8))
        }
        let port = try server.start()
        defer { server.stop() }
        let claims = try Claims(
            Claims.ids(2), product: "p", place: "x", url: "http://127.0.0.1:\(port)", patience: .seconds(60))
        claims.open()
        let answers = claims.answers()
        #expect(answers.undecided.count == 2)
        #expect(answers.map(\.attempts) == [1, 1])
        #expect(answers[0].lastWords == "422 no such place")
    }
}
