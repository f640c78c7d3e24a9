import Canonical
import Document
import Kafka

/// People who ask for holds and give them up, each by a request of their own: nobody keeps an order between them, and who
/// gets no answer asks again.
package final class Shoppers {
    private let broker: SimulatedBroker
    private let names: TopicNames
    private var scheduler: Scheduler { broker.scheduler }
    /// Whether some want a thing for seconds only.
    let areHasty: Bool
    /// Every hold that was asked for.
    private(set) var asked: [(id: String, key: String)] = []

    init(_ broker: SimulatedBroker, _ names: TopicNames) {
        self.broker = broker
        self.names = names
        areHasty = broker.scheduler.random.one(in: 2)
    }

    /// Somebody asks for something.
    func ask(_ gtin: String, _ place: String) {
        let random = scheduler.random
        let id = "r\(asked.count)"
        let until = broker.now + Int64(areHasty ? random.pick([3_000, 60_000, 86_400_000]) : 86_400_000)
        asked.append((id, "\(gtin)@\(place)"))
        let data: JSON = [
            "reservation": .string(id), "product": .string(gtin), "place": .string(place),
            "quantity": .number(Number(random.within(1...2))), "until": .string(Tick(until).rfc3339),
        ]
        send(EventType("hold", .requested), "\(gtin)@\(place)", id: "web/\(id)", data)
    }

    /// Somebody gives a hold up, perhaps before it was granted.
    func release() {
        guard !asked.isEmpty else { return }
        let (id, key) = scheduler.random.pick(asked)
        let parts = key.split(separator: "@").map(String.init)
        let data: JSON = ["reservation": .string(id), "product": .string(parts[0]), "place": .string(parts[1])]
        send(EventType("hold", .released), key, id: "web/\(id)/release", data)
    }

    /// The request arrives some time, once or more often.
    private func send(_ type: EventType, _ key: String, id: String, _ data: JSON) {
        let event = SimulatedEvent.make(
            type, key: key, from: "web", id: id, data: data, topic: names.input(domain: "stock"), at: broker.now)
        for _ in 0..<scheduler.random.pick([1, 1, 1, 2, 3]) {
            scheduler.after(scheduler.random.below(3_000)) { [broker] in broker.append(event) }
        }
    }
}
