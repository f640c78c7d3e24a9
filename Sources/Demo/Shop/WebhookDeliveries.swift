import Digests
import Document
import Synchronization
import Transports

/// Tells webhooks of changes, on a thread of its own: one delivery after the other, several times if need be, and never
/// again once a webhook has failed too often.
///
/// A delivery is written in the transaction of its change, so a restart forgets none.
final class WebhookDeliveries: Sendable {
    private let store: Store
    private let patience: Shop.Patience
    private let client: HTTPClient
    private let state = Monitor(State())
    private let thread = Mutex<NamedThread?>(nil)

    private struct State: Sendable {
        var isAwake = true
        var isStopping = false
    }

    init(_ store: Store, _ patience: Shop.Patience) {
        self.store = store
        self.patience = patience
        var options = HTTPClient.Options()
        options.timeout = patience.answer
        options.userAgent = "shop-webhooks/1"
        client = HTTPClient(options)
    }

    /// Writes down what every enabled webhook of the topic must be told.
    static func announce(_ topic: String, _ data: JSON, in database: SQLiteDatabase) throws {
        let webhooks = try database.all("SELECT id, topics FROM webhook WHERE enabled = 1") { row in
            (id: row.integer(at: 0) ?? 0, topics: row.text(at: 1) ?? "")
        }
        let now = Clock.milliseconds()
        for webhook in webhooks where webhook.topics.split(separator: " ").contains(topic[...]) {
            let id = UUID.random().description
            let body: JSON = [
                "delivery": .string(id), "topic": .string(topic), "occurred_at": .string(Clock.rfc3339(now)),
                "data": data,
            ]
            try database.run(
                "INSERT INTO delivery (id, webhook_id, topic, body, next_at) VALUES (?, ?, ?, ?, ?)",
                [.text(id), .integer(webhook.id), .text(topic), .text(body.text), .integer(now)])
        }
    }

    /// There may be something to tell.
    func wake() { state.withLock { $0.isAwake = true } }

    func start() throws {
        try thread.withLock { thread in thread = try NamedThread("shop-webhooks") { self.run() } }
    }

    func stop() {
        state.withLock { $0.isStopping = true }
        thread.withLock { thread in
            thread?.join()
            thread = nil
        }
    }

    // MARK: The thread

    private struct Delivery: Sendable {
        let number: Int64
        let id: String
        let webhook: Int64
        let topic: String
        let body: String
        let attempts: Int
        let nextAt: Int64
        let url: String
        let secret: String
    }

    private func run() {
        while true {
            state.withLock { $0.isAwake = false }
            let delivery = (try? next()) ?? nil
            let wait = delivery.map { max(0, $0.nextAt - Clock.milliseconds()) }
            if let delivery, wait == 0 {
                if state.withLock({ $0.isStopping }) { return }
                if attempt(delivery) { continue }
                // Its outcome could not be written down, so it will be tried again, but not at once.
                if state.wait(for: .seconds(1), until: { $0.isStopping ? true : nil }) == true { return }
                continue
            }
            // Nothing is due: until something is, or is announced.
            let isStopping = state.wait(for: .milliseconds(wait ?? 60_000)) { state in
                state.isStopping ? true : state.isAwake ? false : nil
            }
            if isStopping == true { return }
        }
    }

    private func next() throws -> Delivery? {
        try store.read { database in
            try database.first(
                """
                SELECT delivery.number, delivery.id, webhook_id, topic, body, attempts, next_at, url, secret
                FROM delivery JOIN webhook ON webhook.id = webhook_id ORDER BY next_at, number LIMIT 1
                """
            ) { row in
                Delivery(
                    number: row.integer(at: 0) ?? 0, id: row.text(at: 1) ?? "", webhook: row.integer(at: 2) ?? 0,
                    topic: row.text(at: 3) ?? "", body: row.text(at: 4) ?? "",
                    attempts: Int(row.integer(at: 5) ?? 0), nextAt: row.integer(at: 6) ?? 0,
                    url: row.text(at: 7) ?? "", secret: row.text(at: 8) ?? "")
            }
        }
    }

    /// Whether the outcome, good or bad, could be written down.
    private func attempt(_ delivery: Delivery) -> Bool {
        let failure = send(delivery)
        return (try? record(failure, of: delivery)) != nil
    }

    private func record(_ failure: String?, of delivery: Delivery) throws {
        try store.write { database in
            guard let failure else {
                try database.run("DELETE FROM delivery WHERE number = ?", [.integer(delivery.number)])
                return
            }
            let attempts = delivery.attempts + 1
            guard attempts < self.patience.attempts else {
                try database.run("DELETE FROM delivery WHERE webhook_id = ?", [.integer(delivery.webhook)])
                try database.run(
                    "UPDATE webhook SET enabled = 0, last_error = ? WHERE id = ?",
                    [.text(failure), .integer(delivery.webhook)])
                return
            }
            let pause = Int64(self.patience.pause / .milliseconds(1)) << Int64(attempts - 1)
            try database.run(
                "UPDATE delivery SET attempts = ?, next_at = ? WHERE number = ?",
                [.integer(Int64(attempts)), .integer(Clock.milliseconds() + pause), .integer(delivery.number)])
        }
    }

    /// Why the webhook didn't take it; nil when it did.
    private func send(_ delivery: Delivery) -> String? {
        let body = Array(delivery.body.utf8)
        let signature = Base64.encode(HMACSHA256.code(for: body, key: Array(delivery.secret.utf8)))
        let request = HTTPClient.Request(
            .post, delivery.url,
            fields: [
                "Content-Type": "application/json", "X-Shop-Topic": delivery.topic, "X-Shop-Delivery": delivery.id,
                "X-Shop-Signature": signature,
            ], body: body)
        do {
            let answer = try client.send(request)
            return answer.isSuccess ? nil : "answered \(answer.status)"
        } catch {
            return "\(error)"
        }
    }
}
