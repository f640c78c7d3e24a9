import Canonical
import Document
import Hub
import Kafka
import TestHub
import Testing
import Transports

@testable import API

/// Asking for holds over HTTP: the answer is the committed decision, and nothing else.
@Suite struct ReservationTests {
    @Test func aHoldIsConfirmedFoundReleasedAndGone() throws {
        try Desk.open { desk in
            try desk.plant.send([.count(sofa, "kamppi", "1")], to: "stock")
            try desk.settle()
            let before = Plant.wall()
            let first = try desk.reserve(sofa, "kamppi", more: ",\"customer\":\"c-1\"")
            #expect(first.status == 201, "\(first.json)")
            #expect(first.state == "confirmed")
            #expect(first.json["customer"] == "c-1" && first.json["quantity"] == 1)
            let id = try #require(first.json["reservation"]?.string)
            #expect(id.count == 36, "a UUID where none was given")
            let until = try #require(first.json["until"]?.string.flatMap { Tick(rfc3339: $0) })
            #expect(until >= before.advanced(by: 7_200_000 - 1_000), "two hours by default")
            // It is a fact on Kafka, not only an answer.
            let decided = try desk.plant.table(desk.plant.names.golden(entity: "reservation"))
            #expect(decided[id]?.json == first.json)

            let second = try desk.reserve(sofa, "kamppi")
            #expect(second.status == 409 && second.state == "refused")
            #expect(second.json["reason"] == "not available")

            #expect(try desk.get("/v1/reservations/\(id)").json == first.json)
            let released = try desk.ask(.delete, "/v1/reservations/\(id)")
            #expect(released.status == 200 && released.state == "released")
            #expect(try desk.ask(.delete, "/v1/reservations/\(id)").state == "released", "again: as it is")
            #expect(try desk.reserve(sofa, "kamppi").status == 201, "free again")
            #expect(try desk.ask(.delete, "/v1/reservations/nobody").status == 404)
        }
    }

    @Test func whatHasEndedIsLaterThanWhatHoldsAtTheSameTime() {
        func decision(_ state: JSON, _ second: Int) -> JSON {
            ["state": state, "decidedAt": .string("2026-03-01T10:00:0\(second).000Z")]
        }
        #expect(Requests.isLater(decision("released", 1), than: decision("confirmed", 1)))
        #expect(!Requests.isLater(decision("confirmed", 1), than: decision("released", 1)))
        #expect(!Requests.isLater(decision("confirmed", 1), than: decision("confirmed", 1)))
        #expect(Requests.isLater(decision("short", 2), than: decision("confirmed", 1)))
        #expect(!Requests.isLater(decision("released", 1), than: decision("confirmed", 2)))
    }

    /// Whoever was told that it is confirmed finds it from then on: the answer and the store must not be of two minds.
    @Test func whatWasAnsweredIsFoundAtOnce() throws {
        try Desk.open { desk in
            try desk.plant.send([.count(sofa, "kamppi", "1000")], to: "stock")
            try desk.settle()
            for number in 0..<40 {
                let id = "r\(number)"
                #expect(try desk.reserve(sofa, "kamppi", id: id).status == 201)
                let path = "/v1/reservations/\(id)"
                if number % 2 == 0 {
                    #expect(try desk.get(path).state == "confirmed", "\(id)")
                } else {
                    let answer = try desk.ask(.delete, path)
                    #expect(answer.status == 200 && answer.state == "released", "\(id): \(answer.json)")
                    #expect(try desk.get(path).state == "released", "\(id)")
                }
            }
        }
    }

    @Test func repeatingARequestIsAskingOnce() throws {
        try Desk.open { desk in
            try desk.plant.send([.count(sofa, "kamppi", "1")], to: "stock")
            try desk.settle()
            let first = try desk.reserve(sofa, "kamppi", id: "r1")
            #expect(first.status == 201)
            for _ in 0..<3 {
                let again = try desk.reserve(sofa, "kamppi", id: "r1")
                #expect(again.status == 201 && again.json == first.json)
            }
            // The same by the header; and a refusal stays one, even when there is something again.
            func byHeader() throws -> Desk.Answer {
                try desk.ask(
                    .post, "/v1/reservations", "{\"product\":\"\(sofa)\",\"place\":\"kamppi\",\"quantity\":1}",
                    fields: [("Idempotency-Key", "r2")])
            }
            let refused = try byHeader()
            #expect(refused.status == 409 && refused.json["reservation"] == "r2")
            #expect(try desk.ask(.delete, "/v1/reservations/r1").state == "released")
            let still = try byHeader()
            #expect(still.status == 409 && still.json == refused.json)
        }
    }

    @Test func whatCanNotBeAskedForIsRefusedWithWordsThatHelp() throws {
        try Desk.open("reservations: { most: 10, longest: 1d }") { desk in
            try desk.plant.send([.count(sofa, "kamppi", "1000")], to: "stock")
            try desk.settle()
            let good = "\"product\":\"\(sofa)\",\"place\":\"kamppi\",\"quantity\":1"
            let long = String(repeating: "x", count: 65)
            let cases: [(body: String, status: Int, word: String)] = [
                ("", 400, "object"), ("[]", 400, "object"), ("{", 400, "object"),
                ("{}", 422, "product"), ("{\"product\":\"\(sofa)\"}", 422, "place"),
                ("{\"product\":1,\"place\":\"kamppi\",\"quantity\":1}", 422, "product"),
                ("{\"product\":\"\(sofa)\",\"place\":\"kamppi\"}", 422, "quantity"),
                ("{\"product\":\"\(sofa)\",\"place\":\"kamppi\",\"quantity\":\"1\"}", 422, "quantity"),
                ("{\"product\":\"\(sofa)\",\"place\":\"kamppi\",\"quantity\":0}", 422, "quantity"),
                ("{\"product\":\"\(sofa)\",\"place\":\"kamppi\",\"quantity\":-1}", 422, "quantity"),
                ("{\"product\":\"\(sofa)\",\"place\":\"kamppi\",\"quantity\":0.0001}", 422, "quantity"),
                ("{\"product\":\"\(sofa)\",\"place\":\"kamppi\",\"quantity\":1e30}", 422, "quantity"),
                ("{\"product\":\"\(sofa)\",\"place\":\"kamppi\",\"quantity\":5000000000000}", 422, "quantity"),
                ("{\"product\":\"a@b\",\"place\":\"kamppi\",\"quantity\":1}", 422, "product"),
                ("{\"product\":\"\",\"place\":\"kamppi\",\"quantity\":1}", 422, "product"),
                (
                    "{\"product\":\"\(sofa)\",\"place\":\"\(String(repeating: "p", count: 400))\",\"quantity\":1}", 422,
                    "place"
                ),
                ("{\(good),\"until\":\"tomorrow\"}", 422, "until"), ("{\(good),\"until\":null}", 422, "until"),
                ("{\(good),\"until\":\"2020-01-01T00:00:00Z\"}", 422, "until"),
                ("{\(good),\"reservation\":\"\"}", 422, "reservation"),
                ("{\(good),\"reservation\":\"\(long)\"}", 422, "reservation"),
                ("{\(good),\"reservation\":17}", 422, "reservation"),
                ("{\(good),\"reservation\":null}", 422, "reservation"),
            ]
            for (body, status, word) in cases {
                let answer = try desk.ask(.post, "/v1/reservations", body)
                #expect(answer.status == status, "\(body): \(answer.status) \(answer.json)")
                #expect(answer.error.contains(word), "\(body): \(answer.error)")
            }
            #expect(
                try desk.plant.records(desk.plant.names.input(domain: "stock")).count == 1, "none of it was published")
            #expect(try desk.reserve(sofa, "kamppi", quantity: "10").status == 201, "as many as allowed")
            // What the installation allows is the hub's to decide.
            let tooMany = try desk.reserve(sofa, "kamppi", quantity: "11")
            #expect(tooMany.status == 409 && tooMany.json["reason"]?.string?.contains("at most 10") == true)
            let tooLong = try desk.reserve(sofa, "kamppi", more: ",\"until\":\"2999-01-01T00:00:00Z\"")
            #expect(tooLong.status == 409 && tooLong.json["reason"]?.string?.contains("too long") == true)
            #expect(try desk.reserve(sofa, "nowhere").json["reason"] == "never counted")
        }
    }

    @Test func waitingForAReservationAnswersWithItsNextChange() throws {
        try Desk.open { desk in
            try desk.plant.send([.count(sofa, "kamppi", "1"), .hold("r1", sofa, "kamppi")], to: "stock")
            try desk.settle()
            let answer = Monitor<Desk.Answer?>(nil)
            let failure = Monitor<String?>(nil)
            let waiter = try NamedThread("waiter") {
                do {
                    let found = try desk.get("/v1/reservations/r1?wait=30")
                    answer.withLock { $0 = found }
                } catch { failure.withLock { $0 = "\(error)" } }
            }
            // Nothing tells when the request has come to wait: changes follow until one meets it.
            var number = 0
            try eventually("the waiter is answered") {
                number += 1
                try desk.plant.send(
                    [number % 2 == 1 ? .count(sofa, "kamppi", "0") : .count(sofa, "kamppi", "1")], to: "stock")
                return answer.withLock { $0 } != nil || failure.withLock { $0 } != nil
            }
            waiter.join()
            #expect(failure.withLock { $0 } == nil)
            let found = try #require(answer.withLock { $0 })
            #expect(found.status == 200 && ["short", "confirmed"].contains(found.state ?? ""))
            // Nothing changes: after the wait, as it is. An unknown one is still unknown.
            for wait in [0, 1] { #expect(try desk.get("/v1/reservations/r1?wait=\(wait)").status == 200) }
            #expect(try desk.get("/v1/reservations/nobody?wait=0").status == 404)
        }
    }

    @Test func ofAHundredWhoAskAtOnceOneWins() throws {
        try Desk.open { desk in
            try desk.plant.send([.count(sofa, "kamppi", "1")], to: "stock")
            try desk.settle()
            let answers = Monitor<[Int: Int]>([:])
            let threads = try (0..<100).map { number in
                try NamedThread("claim", stackSize: 256 << 10) {
                    let status = (try? desk.reserve(sofa, "kamppi", id: "r\(number)"))?.status ?? 0
                    answers.withLock { $0[status, default: 0] += 1 }
                }
            }
            for thread in threads { thread.join() }
            #expect(answers.withLock { $0 } == [201: 1, 409: 99])
            let decided = try desk.plant.table(desk.plant.names.golden(entity: "reservation"))
            #expect(decided.count == 100)
            #expect(decided.values.count { $0.json?["state"] == "confirmed" } == 1)
            #expect(try desk.get("/v1/availability/\(sofa)").json["places"]?.array?.first?["available"] == 0)
        }
    }

    /// The hub goes while people wait: each gets an answer that is true, and none is left hanging.
    @Test func thoseWhoWaitWhenItStopsAreAnswered() throws {
        let desk = try Desk()
        try desk.plant.send([.count(sofa, "kamppi", "1")], to: "stock")
        try desk.settle()
        // The hub stops first, as when the process is told to end: what comes now is not decided.
        try desk.running.stop()
        let answers = Monitor<[Desk.Answer]>([])
        let threads = try (0..<20).map { number in
            try NamedThread("claim", stackSize: 256 << 10) {
                let answer = try? desk.reserve(sofa, "kamppi", id: "r\(number)")
                answers.withLock { $0.append(answer ?? Desk.Answer(status: 0, json: .null)) }
            }
        }
        let input = desk.plant.names.input(domain: "stock")
        _ = try desk.plant.records(input, count: 21)
        desk.server.stop()
        for thread in threads { thread.join() }
        let found = answers.withLock { $0 }
        #expect(found.count { $0.status == 202 && $0.state == "requested" } == 20, "\(found)")
        // What was accepted is decided by the next hub, once.
        try desk.plant.running(desk.plant.elsewhere("next")) { _ in
            try desk.settle()
            let decided = try desk.plant.records(desk.plant.names.golden(entity: "reservation"))
            #expect(decided.count == 20)
            #expect(decided.count { $0.json?["state"] == "confirmed" } == 1)
        }
    }

    /// Two who give the same hold up at the same time are both told that it is.
    @Test func releasingAtTheSameTimeIsAnsweredToBoth() throws {
        try Desk.open { desk in
            try desk.plant.send([.count(sofa, "kamppi", "10")], to: "stock")
            try desk.settle()
            for number in 0..<5 {
                #expect(try desk.reserve(sofa, "kamppi", id: "r\(number)").status == 201)
                let answers = Monitor<[Desk.Answer]>([])
                let threads = try (0..<4).map { _ in
                    try NamedThread("release", stackSize: 256 << 10) {
                        let answer = try? desk.ask(.delete, "/v1/reservations/r\(number)")
                        answers.withLock { $0.append(answer ?? Desk.Answer(status: 0, json: .null)) }
                    }
                }
                for thread in threads { thread.join() }
                let found = answers.withLock { $0 }
                #expect(found.allSatisfy { $0.status == 200 && $0.state == "released" }, "\(found)")
            }
        }
    }
}
