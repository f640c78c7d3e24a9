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

    /// What is known of a reservation; nil when nothing is.
    ///
    /// An answer was a committed decision before the store had it, or is another hub's: what was heard on the topic
    /// counts where it is later than what the store holds.
    func known(_ id: String) throws -> JSON? {
        let (stored, heard) = (try stored(id), decisions.latest(id))
        guard let stored, let heard else { return stored ?? heard }
        return Self.isLater(heard, than: stored) ? heard : stored
    }

    /// Whether one decision on a reservation came after another. Time may have stood still between them, as it does while clocks
    /// disagree; what has ended never begins again.
    static func isLater(_ one: JSON, than other: JSON) -> Bool {
        let (left, right) = (decidedAt(one), decidedAt(other))
        return left == right ? isActive(other) && !isActive(one) : left > right
    }

    private static func decidedAt(_ reservation: JSON) -> Tick {
        reservation["decidedAt"]?.string.flatMap { Tick(rfc3339: $0) } ?? .never
    }

    private func stored(_ id: String) throws -> JSON? {
        guard let found = try hub.store.find(StateName("reservation", id)),
            let state = try hub.store.stateBytes(found.partition, found.key)
        else { return nil }
        return try Engine.reservation(id, key: String(decoding: found.key, as: UTF8.self), state: state).map {
            try JSON(parsing: $0)
        }
    }

    /// Asks for a hold, and waits for the decision. A reservation that was decided already is answered as it is.
    func request(_ reservation: String, _ document: JSON, now: Tick, within timeout: Duration) async throws -> JSON? {
        let asked = try known(reservation)
        if let asked {
            for name in ["product", "place", "quantity"] where document[name] != asked[name] {
                throw Refusal(409, "the reservation '\(reservation)' is another request: its \(name) differs")
            }
            return asked
        }
        guard reservation.utf8.count <= Engine.longestReservation else {
            throw Refusal(422, "a reservation's id has at most \(Engine.longestReservation) bytes")
        }
        let key = try check(document, now)
        // Past this nobody waits for the answer any more: deciding then would hold a sofa for nobody.
        let notAfter = now.advanced(by: 60_000)
        return try await decisions.next(on: reservation, within: timeout) { [self] in
            try publish(.item("hold"), "hold", document, reservation, key: key, notAfter: notAfter)
            return nil
        }
    }

    /// Whether the broker has everything that was asked for. What it hasn't may still reach it.
    var isPublished: Bool { (try? producer.flush(timeout: .milliseconds(500))) != nil }

    /// Whether there is anything left to give up.
    static func isActive(_ reservation: JSON) -> Bool {
        reservation["state"] == "confirmed" || reservation["state"] == "short"
    }

    /// A reservation that there is nothing left to give up of; nil while there is.
    private func ended(_ reservation: String) throws -> JSON? {
        guard let known = try known(reservation), !Self.isActive(known) else { return Optional.none }
        return known
    }

    /// Gives a reservation up, and waits until that is decided, or something else has ended it.
    func release(_ reservation: String, _ known: JSON, within timeout: Duration) async throws -> JSON? {
        guard let product = known["product"], let place = known["place"] else { return known }
        let document: JSON = ["reservation": .string(reservation), "product": product, "place": place]
        let key = "\(product.string ?? "")@\(place.string ?? "")"
        let end = ContinuousClock.now + timeout
        var answer = try await decisions.next(on: reservation, within: timeout) { [self] in
            try publish(.item("release"), "release", document, reservation, key: key, notAfter: nil)
            // Whoever else gave it up may have been told before this one waited.
            return try ended(reservation)
        }
        // A change that came between, such as a count that left it short.
        while let between = answer, Self.isActive(between), ContinuousClock.now < end {
            answer = try await decisions.next(on: reservation, within: end - .now) { [self] in
                try ended(reservation)
            }
        }
        return answer
    }

    /// Waits for the next decision on a reservation.
    func next(_ reservation: String, within timeout: Duration) async throws -> JSON? {
        try await decisions.next(on: reservation, within: timeout)
    }

    /// Checks a request before it is published, as nobody would hear of its dead letter; answers its key.
    private func check(_ document: JSON, _ now: Tick) throws -> String {
        guard let product = document["product"]?.string, !product.isEmpty, !product.utf8.contains(UInt8(ascii: "@"))
        else { throw Refusal(422, "'product' is needed: the product's key as text, without '@'") }
        guard let place = document["place"]?.string, !place.isEmpty else {
            throw Refusal(422, "'place' is needed: the place's key as text")
        }
        let key = "\(product)@\(place)"
        if let flaw = StateKey.flaw(of: key) {
            throw Refusal(422, "the position's key, 'product' and 'place' with '@' between them, \(flaw)")
        }
        if let entry = hub.kinds["hold"] {
            var tape = Tape()
            try tape.parse(document.utf8)
            let violations = entry.schema.violations(of: tape.root)
            if !violations.isEmpty {
                throw Refusal(422, violations.summary())
            }
            do throws(KeyError) {
                _ = try entry.entity.key.key(of: tape.root, system: "api", selfID: nil)
            } catch {
                throw Refusal(422, error.description)
            }
        }
        guard case .number(let quantity)? = document["quantity"], Engine.takes(hold: quantity) else {
            throw Refusal(422, "'quantity' is a number above zero, at most 10^12, with at most three decimals")
        }
        if let until = document["until"]?.string.flatMap({ Tick(rfc3339: $0) }), until <= now {
            throw Refusal(422, "'until' is over: a hold ends in the future")
        }
        return key
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
