import Canonical
import Kafka
import Logging

/// The connector's one producer: everything it says leaves here, in the order in which it was said (docs/contracts.md,
/// Turns).
///
/// Threads say things on a *ticket* of their own, and wait until all of it is acknowledged, or learn that some was not.
final class Publisher: Sendable {
    private let producer: any Outlet
    private let log: Logger
    /// The largest record that brokers take, in bytes.
    let largest: Int

    /// What one thread has said and not yet heard back about.
    struct Ticket: Sendable {
        fileprivate let account = Account()
    }

    init(_ brokers: any Brokers, log: Logger) throws(KafkaError) {
        self.log = log
        largest = brokers.largest
        producer = try brokers.producer { Account.end($0.token, $0.error) }
    }

    /// Whether brokers take it.
    func takes(_ event: OutgoingEvent) -> Bool { takes(event.data.count, key: event.key, own: event.envelope.selfID) }

    /// Whether brokers take so many bytes that are said of an entity: its key also stands in the headers.
    func takes(_ bytes: Int, key: String, own: String?) -> Bool {
        bytes + 3 * key.utf8.count + 2 * (own?.utf8.count ?? 0) <= largest
    }

    /// A ticket for what is said from now on.
    func ticket() -> Ticket { Ticket() }

    /// Says something. Order is kept.
    func publish(_ event: OutgoingEvent, on ticket: Ticket) throws(KafkaError) {
        try write(to: event.topic, key: event.key, value: event.data, headers: Headers(event), on: ticket)
    }

    /// Writes a record; a nil value is a tombstone.
    func write(
        to topic: String, key: String, value: [UInt8]?, headers: consuming Headers? = nil, on ticket: Ticket
    ) throws(KafkaError) {
        if let value {
            try write(to: topic, key: key.utf8.span.bytes, value: value.span.bytes, headers: headers, on: ticket)
        } else {
            try write(to: topic, key: key.utf8.span.bytes, value: nil, headers: headers, on: ticket)
        }
    }

    /// Writes a record from where it lies; a nil value is a tombstone.
    func write(
        to topic: String, key: RawSpan, value: RawSpan?, headers: consuming Headers?, on ticket: Ticket
    ) throws(KafkaError) {
        let token = ticket.account.begin()
        do throws(KafkaError) {
            try producer.produce(
                to: topic, partition: nil, key: key, value: value, headers: headers, timestamp: nil, token: token)
        } catch {
            ticket.account.cancel()
            throw error
        }
    }

    /// Whether everything said on the ticket is acknowledged (I1).
    ///
    /// - Throws: why something was not delivered, once nothing is on its way any more.
    func isSettled(_ ticket: Ticket) throws(KafkaError) -> Bool {
        guard ticket.account.isSettled else { return false }
        if let failure = ticket.account.failure { throw failure }
        return true
    }

    /// Sends what is said without waiting for more of it, and takes acknowledgements in, for so long at most.
    func serve(for time: Duration) {
        // What fails is told to its ticket. In short turns: it waits for what others say, too.
        do { try producer.flush(timeout: min(time, .milliseconds(5))) } catch {}
    }

    /// Waits for what is still on its way, at the end.
    func close(patience: Duration) {
        do { try producer.flush(timeout: patience) } catch {
            log.warning(
                "not everything was acknowledged before the end; it will be repeated", metadata: ["error": "\(error)"])
        }
    }
}

extension Headers {
    /// An event's attributes (docs/contracts.md, Events).
    init(_ event: OutgoingEvent) {
        let envelope = event.envelope
        self.init(capacity: 13)
        add(constant: "ce_specversion", "1.0")
        add(constant: "ce_id", envelope.id)
        add(constant: "ce_source", event.said?.source ?? envelope.source.description)
        add(constant: "ce_type", event.said?.type ?? envelope.type.description)
        add(constant: "ce_subject", envelope.subject)
        if envelope.time.isKnown { add(constant: "ce_time", envelope.time.rfc3339) }
        if let dataSchema = envelope.dataSchema { add(constant: "ce_dataschema", dataSchema) }
        add(constant: "content-type", "application/json")
        if let position = envelope.position { add(constant: "ce_position", String(position)) }
        if let own = envelope.selfID { add(constant: "ce_self", own) }
        if envelope.isDormant { add(constant: "ce_dormant", "true") }
        if let revision = envelope.revision { add(constant: "ce_revision", String(revision)) }
        if let epoch = envelope.epoch { add(constant: "ce_epoch", String(epoch)) }
        if let notAfter = envelope.notAfter { add(constant: "ce_notafter", notAfter.rfc3339) }
        if let traceparent = envelope.traceparent { add(constant: "traceparent", traceparent) }
    }
}
