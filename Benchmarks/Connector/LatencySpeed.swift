import Digests
import Glibc
import Kafka
import Logging
import TestBroker
import TestHub
import Transports

/// From a webhook's 200 to the row in another system's database: source, hub and sink are processes of their own. Beside it
/// two hops through Kafka and nothing else: a record in a transaction, read committed, and the same again.
enum LatencySpeed: Measurement {
    static let name = "latency"
    static let about = "from an accepted webhook to the last copy written"

    private static let secret = "a secret of the bench"

    static func run(_ bench: Bench) throws -> [Figure] {
        let count = bench.count(1_000, atLeast: 200)
        let site = try Site(bench)
        defer { site.plant.sweep(bench) }
        let ours = try site.measure(count)
        let hops = try bareHops(site.plant, count)
        return [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)].map { name, part in
            Figure(
                name: "latency/\(name)", value: percentile(ours, part), unit: "ms",
                beside: .init(name: "two bare hops", value: percentile(hops, part)),
                target: name == "p99" ? .ratioAtMost(2) : nil)
        }
    }

    private static func percentile(_ times: [Double], _ part: Double) -> Double {
        let sorted = times.sorted()
        return sorted[min(sorted.count - 1, Int(Double(sorted.count) * part))] * 1000
    }

    /// A shop that sends webhooks, a till that has a database, and the hub between them.
    private final class Site {
        let plant: Plant
        private let bench: Bench
        private let shop: HTTPServer
        private let door: Int
        private let database: SQLiteDatabase

        init(_ bench: Bench) throws {
            self.bench = bench
            var router = Router()
            router.on(.get, "/items") { _ in HTTPResponse(200, body: Array(#"{"items":[]}"#.utf8)) }
            shop = HTTPServer(host: "127.0.0.1", port: 0, handler: router.handler)
            let port = try shop.start()
            door = try Self.freePort()
            plant = try Plant(
                partitions: 3, omni: "hub: { transactional-id: \(bench.broker.isEmbedded ? "per-start" : "stable") }",
                connectors: [
                    "shop": """
                    system: shop
                    connections:
                      api:
                        http: "http://127.0.0.1:\(port)"
                        webhooks: { listen: "127.0.0.1:\(door)", secret: "\(secret)", header: X-Signature, encoding: hex }
                    sources:
                      items:
                        from: { api: { poll: /items, items: items, webhook: { path: /hook, facts: true, record: data } } }
                        map: map.jsonata
                        of: product
                        every: 1h
                    """,
                    "till": """
                    system: till
                    connections:
                      db: { sqlite: "${env:SYSTEM}/till.db", busy: 5s }
                    sinks:
                      products:
                        of: product
                        map: map.jsonata
                        to: { db: { upsert: article, key: [ean] } }
                    """,
                ])
            try Plant.write(
                "\(plant.folder)/Connectors/shop/map.jsonata",
                #"{ "product": { "gtin": $omni_gtin(ean), "name": name, "price": price }, "self": id }"#)
            try Plant.write(
                "\(plant.folder)/Connectors/till/map.jsonata",
                #"{ "ean": $substring($key, 1), "name": name, "price": price }"#)
            mkdir("\(plant.folder)/system", 0o755)
            database = try SQLiteDatabase("\(plant.folder)/system/till.db", mode: .create)
            try database.execute("CREATE TABLE article (ean TEXT PRIMARY KEY, name TEXT, price NUMERIC)")
        }

        deinit { shop.stop(grace: .zero) }

        private static func freePort() throws -> Int {
            let server = HTTPServer(host: "127.0.0.1", port: 0, handler: Router().handler)
            defer { server.stop(grace: .zero) }
            return try server.start()
        }

        /// One webhook after the other, each from its 200 to its row, in seconds.
        func measure(_ count: Int) throws -> [Double] {
            let environment = ["DATA": "\(plant.folder)/var", "SYSTEM": "\(plant.folder)/system"]
            let hub = try Child(
                "\(bench.programs)/omni-bench", ["hub", plant.folder], environment: environment,
                log: "\(plant.folder)/hub.log")
            let connectors = try ["shop", "till"].map { name in
                try Child(
                    "\(bench.programs)/omni", ["connect", name, "-C", plant.folder], environment: environment,
                    log: "\(plant.folder)/\(name).log")
            }
            var times: [Double] = []
            let client = HTTPClient()
            // The first ones wake everything up.
            for number in 0..<(count + 20) {
                let accepted = try deliver(number, client, patience: number == 0 ? 60 : 10)
                try awaitRow(number)
                if number >= 20 { times.append(seconds() - accepted) }
            }
            for child in connectors { try child.stop() }
            try hub.stop()
            return times
        }

        /// Sends a webhook until it is accepted, which it is once Kafka has it; when that was.
        private func deliver(_ number: Int, _ client: HTTPClient, patience: Double) throws -> Double {
            let body = Array(
                (#"{"id":"\#(number)","data":{"id":\#(number % 50),"ean":"\#(Articles.ean(number % 50))","#
                    + #""name":"Sofa \#(number)","price":\#(number).5}}"#).utf8)
            let code = Hex.encode(HMACSHA256.code(for: body, key: Array(LatencySpeed.secret.utf8)))
            let request = HTTPClient.Request(
                .post, "http://127.0.0.1:\(door)/hook",
                fields: ["Content-Type": "application/json", "X-Signature": code], body: body)
            let end = seconds() + patience
            while true {
                if let answer = try? client.send(request), answer.isSuccess { return seconds() }
                guard seconds() < end else { throw BenchError("no webhook is accepted: \(plant.folder)/shop.log") }
                usleep(50_000)
            }
        }

        private func awaitRow(_ number: Int) throws {
            let end = seconds() + 30
            while true {
                let name = try database.first(
                    "SELECT name FROM article WHERE ean = ?", [.text(Articles.ean(number % 50))]
                ) { $0.text(at: 0) }
                if name == "Sofa \(number)" { return }
                guard seconds() < end else { throw BenchError("webhook \(number) never arrives: \(plant.folder)") }
                usleep(300)
            }
        }
    }

    /// A record in a transaction to a topic, read committed, and from there to another topic.
    private static func bareHops(_ plant: Plant, _ count: Int) throws -> [Double] {
        let topics = ["\(plant.prefix).hop.1", "\(plant.prefix).hop.2"]
        try plant.admin().create(
            topics.map { TopicSpecification($0, partitions: 1, replicas: 1) }, timeout: .seconds(30))
        let producers = try topics.map { topic in
            let producer = try plant.producer(["transactional.id": topic, "linger.ms": "0"])
            try producer.initTransactions(timeout: .seconds(30))
            return producer
        }
        let consumers = try topics.map { topic in
            let consumer = try Consumer(
                plant.broker.merging(["group.id": topic, "isolation.level": "read_committed"]), log: plant.log)
            try consumer.assign([TopicPartition(topic, 0).at(0)])
            return consumer
        }
        let value = [UInt8](repeating: 0x61, count: 200)
        var times: [Double] = []
        for number in 0..<(count + 20) {
            let start = seconds()
            for hop in 0...1 {
                try producers[hop].begin()
                try producers[hop].produce(to: topics[hop], key: value.span.bytes, value: value.span.bytes)
                try producers[hop].commit(timeout: .seconds(30))
                while try consumers[hop].poll(timeout: .seconds(1), { $0.isEmpty }) {}
            }
            if number >= 20 { times.append(seconds() - start) }
        }
        for consumer in consumers { try consumer.close() }
        return times
    }
}
