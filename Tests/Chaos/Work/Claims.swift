import Demo
import Digests
import Document
import Kafka
import Logging
import Transports

extension Workload {
    /// Somebody at the hub's API who asks for holds, repeats what wasn't answered, and gives some of them up.
    func claims(_ name: String, seed: UInt64) throws -> Worker {
        let held = Monitor<[String]>([])
        return try Worker(name, seed: seed, pause: 50...200) { random in
            if random.once(in: 3), let id = held.withLock({ $0.popLast() }) { return try release(id) }
            let article = day.articles(.scarce, .mixed).randomElement(using: &random)!
            let id = UUID.random().description
            let quantity = random.once(in: 4) ? 2 : 1
            journal.note("request \(id)") {
                $0.requests[id] = Journal.Request(id: id, key: article.key, quantity: quantity, by: "api")
            }
            let state = ask(
                id,
                [
                    "reservation": .string(id), "product": .string(article.gtin), "place": .string(Place.store),
                    "quantity": .number(Number(quantity)),
                ])
            if state == "confirmed" { held.withLock { $0.append(id) } }
        }
    }

    /// Asks until there is an answer, some times at most. The hub at the first address may be away: then others are asked.
    private func ask(_ id: String, _ body: JSON) -> String? {
        for _ in 0..<6 {
            let web = WebClient(url: cast.layout.apiURL, token: "", timeout: .seconds(12))
            if let answer = try? web.send(.post, "/v1/reservations", body) {
                let state = answer.body["state"]?.string
                if [200, 201, 202, 409].contains(answer.status) {
                    journal.note("\(id) \(answer.status) \(state ?? "")") { journal in
                        journal.requests[id]?.isPromised = true
                        if answer.status != 202 { journal.requests[id]?.told = state }
                    }
                    return state
                }
            }
            Clock.rest(.milliseconds(400))
        }
        return nil
    }

    private func release(_ id: String) throws {
        journal.note("release \(id)") { _ = $0.releases.insert(id) }
        let web = WebClient(url: cast.layout.apiURL, token: "", timeout: .seconds(12))
        _ = try web.send(.delete, "/v1/reservations/\(id)")
    }

    /// A stranger who writes what nobody understands into the hub's input: each is worth one dead letter, and twice
    /// decided is two.
    func nonsense(seed: UInt64) throws -> Worker {
        let settings: Settings = [
            "bootstrap.servers": cast.layout.broker, "enable.idempotence": "true", "partitioner": "murmur2_random",
        ]
        let producer = try Producer(settings, log: Logger(label: "nonsense"))
        let (topic, articles, journal) = ("\(cast.layout.prefix).in.stock", day.articles, journal)
        return try Worker("nonsense", seed: seed, pause: 100...400) { random in
            let key = articles.randomElement(using: &random)!.key
            let id = UUID.random().description
            var headers = Headers(capacity: 8)
            for (name, text) in [
                ("ce_specversion", "1.0"), ("ce_id", id), ("ce_source", "/stranger/test"),
                ("ce_type", "omni.nonsense.stated"), ("ce_subject", key), ("content-type", "application/json"),
            ] { headers.add(name, text) }
            try producer.produce(
                to: topic, key: key.utf8.span.bytes, value: Array("{}".utf8).span.bytes, headers: headers)
            try producer.flush(timeout: .seconds(60))
            journal.note("nonsense \(id)") { $0.nonsense.append(id) }
        }
    }
}
