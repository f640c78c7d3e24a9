import Digests
import Document
import Transports

/// A crowd at the hub's API: each client claims the same piece under a reservation id of its own, and asks again with the
/// same id until it is decided.
final class Claims: Sendable {
    /// What one client was told in the end.
    struct Answer: Sendable, Equatable {
        let client: Int
        let reservation: String
        /// `confirmed`, `refused` …; nil when the client gave up.
        let state: String?
        /// How often it asked.
        let attempts: Int
        /// What it heard last, when it gave up.
        let lastWords: String
    }

    private struct State: Sendable {
        var isOpen = false
        var isStopping = false
        var answers: [Answer] = []
    }

    private let state = Monitor(State())
    private let threads: [NamedThread]

    /// As many clients as there are ids; they wait for ``open()``.
    init(_ ids: [String], product: String, place: String, url: String, patience: Duration) throws {
        let state = state
        threads = try ids.enumerated().map { client, id in
            try NamedThread("claim-\(client)", stackSize: 1 << 20) {
                state.wait { $0.isOpen ? () : nil }
                let body: JSON = [
                    "reservation": .string(id), "product": .string(product), "place": .string(place), "quantity": 1,
                ]
                let answer = Self.ask(client, id, body, url, patience, state)
                state.withLock { $0.answers.append(answer) }
            }
        }
    }

    /// A fresh id for each of so many clients.
    static func ids(_ count: Int) -> [String] { (0..<count).map { _ in UUID.random().description } }

    /// All clients ask at once.
    func open() { state.withLock { $0.isOpen = true } }

    /// Waits until one has been answered while others still ask; for a moment only.
    func waitForFirst() { _ = state.wait(for: .seconds(2)) { $0.answers.isEmpty ? nil : true } }

    /// How many have been answered.
    var answered: Int { state.withLock { $0.answers.count } }

    /// The answers, in the order of the clients. Blocks until all have one or gave up.
    func answers() -> [Answer] {
        for thread in threads { thread.join() }
        return state.withLock { $0.answers }.sorted { $0.client < $1.client }
    }

    /// Sends the clients home.
    func stop() {
        state.withLock {
            $0.isStopping = true
            $0.isOpen = true
        }
        for thread in threads { thread.join() }
    }

    private static func ask(
        _ client: Int, _ id: String, _ body: JSON, _ url: String, _ patience: Duration, _ state: Monitor<State>
    ) -> Answer {
        let web = WebClient(url: url, token: "", timeout: .seconds(15))
        let deadline = ContinuousClock.now + patience
        var attempts = 0
        var words = "nothing"
        while ContinuousClock.now < deadline, !state.withLock({ $0.isStopping }) {
            attempts += 1
            do {
                let answer = try web.send(.post, "/v1/reservations", body)
                words = "\(answer.status) \(answer.body["detail"]?.string ?? "")"
                if let told = decision(answer.status, answer.body) {
                    return Answer(client: client, reservation: id, state: told, attempts: attempts, lastWords: "")
                }
                // A question that is wrong by itself stays wrong.
                if (400..<500).contains(answer.status), answer.status != 429 { break }
            } catch {
                words = "\(error)"
            }
            Clock.rest(.milliseconds(50))
        }
        return Answer(client: client, reservation: id, state: nil, attempts: attempts, lastWords: words)
    }

    /// What an answer decides; nil when it doesn't.
    static func decision(_ status: Int, _ body: JSON) -> String? {
        guard status == 201 || status == 409 || status == 200, let state = body["state"]?.string else { return nil }
        return state
    }
}

extension [Claims.Answer] {
    /// Those who were told that they have it.
    var confirmed: [Claims.Answer] { filter { $0.state == "confirmed" } }
    var refused: [Claims.Answer] { filter { $0.state == "refused" } }
    var undecided: [Claims.Answer] { filter { $0.state != "confirmed" && $0.state != "refused" } }
    /// Those who had to ask more than once.
    var repeated: Int { count { $0.attempts > 1 } }
}
