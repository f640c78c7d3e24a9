import Canonical
import Consistency
import Digests
import Document
import Hub
import Kafka
import Schema
import Synchronization

/// Publishes requests about reservations, and finds what was decided.
final class Requests: Sendable {
    private let hub: HubProcess
    private let producer: Producer
    private let decisions: Decisions
    private let count = Atomic(0)

    init(_ hub: HubProcess, _ producer: Producer, _ decisions: Decisions) {
        self.hub = hub
        self.producer = producer
        self.decisions = decisions
    }

    /// What the store holds of a reservation; nil when it is unknown.
    func known(_ id: String) throws -> JSON? {
        guard let found = try hub.store.find(StateName("reservation", id)),
            let state = try hub.store.stateBytes(found.partition, found.key)
        else { return nil }
        return try Engine.reservation(id, key: String(decoding: found.key, as: UTF8.self), state: state).map {
            try JSON(parsing: $0)
        }
    }

    /// Asks for a hold, and waits for the decision. A reservation that was decided already is answered as it is.
    func request(_ reservation: String, _ document: JSON, notAfter: Tick, within timeout: Duration) async throws
        -> JSON?
    {
        if let known = try known(reservation) { return known }
        guard let product = document["product"]?.string, let place = document["place"]?.string else {
            throw Refusal(422, "'product' and 'place' are needed, as text")
        }
        try check(document, kind: "hold")
        return try await decisions.next(on: reservation, within: timeout) { [self] in
            try publish(.item("hold"), "hold", document, reservation, key: "\(product)@\(place)", notAfter: notAfter)
        }
    }

    /// Gives a reservation up, and waits until that is decided.
    func release(_ reservation: String, _ known: JSON, within timeout: Duration) async throws -> JSON? {
        guard let product = known["product"], let place = known["place"] else { return known }
        let document: JSON = ["reservation": .string(reservation), "product": product, "place": place]
        return try await decisions.next(on: reservation, within: timeout) { [self] in
            try publish(
                .item("release"), "release", document, reservation,
                key: "\(product.string ?? "")@\(place.string ?? "")", notAfter: nil)
        }
    }

    /// Waits for the next decision on a reservation.
    func next(_ reservation: String, within timeout: Duration) async throws -> JSON? {
        try await decisions.next(on: reservation, within: timeout)
    }

    private func check(_ document: JSON, kind: String) throws {
        guard let entry = hub.kinds[kind] else { return }
        var tape = Tape()
        try tape.parse(document.utf8)
        let violations = entry.schema.violations(of: tape.root)
        if !violations.isEmpty {
            throw Refusal(422, violations.prefix(5).map(\.description).joined(separator: "; "))
        }
    }

    private func publish(
        _ type: EventType, _ kind: String, _ document: JSON, _ reservation: String, key: String, notAfter: Tick?
    ) throws {
        // A request's identity is its reservation: publishing it twice is asking once.
        let id = EventID.make(source: "/api", reference: "\(kind)/\(reservation)", index: 0)
        var envelope = Envelope(
            id: id.description, source: EventSource(system: "api"), type: type, subject: key)
        envelope.dataSchema = hub.kinds[kind]?.kind.dataSchema
        envelope.notAfter = notAfter
        try producer.produce(
            to: hub.names.input(domain: "stock"), key: key.utf8.span.bytes, value: document.utf8.span.bytes,
            headers: Headers(envelope.headers))
        producer.poll(timeout: .zero)
    }
}
