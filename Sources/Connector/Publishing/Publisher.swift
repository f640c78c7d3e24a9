import Canonical
import Kafka
import Logging
import Transports

/// The connector's one producer: everything it says leaves here, in the order in which it was said (docs/contracts.md,
/// Turns).
///
/// Threads say things on a *ticket* of their own, and wait until all of it is acknowledged, or learn that some was not.
final class Publisher: Sendable {
    private struct Account: Sendable {
        var pending = 0
        var failure: KafkaError?
    }

    private let producer: Producer
    private let accounts: Monitor<[UInt64: Account]>
    private let next = Monitor<UInt64>(1)
    private let log: Logger
    /// The largest record that brokers take, in bytes.
    let largest: Int

    /// What one thread has said and not yet heard back about.
    struct Ticket: Sendable, Hashable {
        fileprivate let number: UInt64
    }

    init(_ settings: Settings, log: Logger) throws(KafkaError) {
        let accounts = Monitor<[UInt64: Account]>([:])
        self.accounts = accounts
        self.log = log
        // Room for headers and the batch around the record.
        largest = (settings["message.max.bytes"].flatMap { Int($0) } ?? 1_000_000) - 4096
        // Three seconds without a free place: the brokers take nothing. The page is read again later.
        producer = try Producer(settings, log: log, queuePatience: .seconds(3)) { delivery in
            accounts.withLock { accounts in
                accounts[delivery.token]?.pending -= 1
                if let error = delivery.error, accounts[delivery.token]?.failure == nil {
                    accounts[delivery.token]?.failure = error
                }
            }
        }
    }

    /// Whether brokers take it: its key also stands in its headers.
    func takes(_ event: OutgoingEvent) -> Bool {
        event.data.count + 3 * event.key.utf8.count + 2 * (event.envelope.selfID?.utf8.count ?? 0) <= largest
    }

    /// A ticket for what is said from now on.
    func ticket() -> Ticket {
        let number = next.withLock { number in
            defer { number += 1 }
            return number
        }
        accounts.withLock { $0[number] = Account() }
        return Ticket(number: number)
    }

    /// Says something. Order is kept.
    func publish(_ event: OutgoingEvent, on ticket: Ticket) throws(KafkaError) {
        try write(to: event.topic, key: event.key, value: event.data, headers: event.envelope.headers, on: ticket)
    }

    /// Writes a record; a nil value is a tombstone.
    func write(
        to topic: String, key: String, value: [UInt8]?, headers: [(name: String, text: String)] = [],
        on ticket: Ticket
    ) throws(KafkaError) {
        accounts.withLock { $0[ticket.number]?.pending += 1 }
        do throws(KafkaError) {
            let headers = headers.isEmpty ? nil : Headers(headers)
            if let value {
                try producer.produce(
                    to: topic, key: key.utf8.span.bytes, value: value.span.bytes, headers: headers,
                    token: ticket.number)
            } else {
                try producer.produce(
                    to: topic, key: key.utf8.span.bytes, value: nil, headers: headers, token: ticket.number)
            }
        } catch {
            accounts.withLock { $0[ticket.number]?.pending -= 1 }
            throw error
        }
    }

    /// Waits until everything said on the ticket is acknowledged (I1), and gives the ticket back.
    ///
    /// - Parameter patience: how much longer to wait once it is time to end.
    /// - Throws: what was not delivered, or ``Stopped``.
    func settle(_ ticket: Ticket, _ stop: StopSignal, patience: Duration = .seconds(3)) throws {
        defer { forget(ticket) }
        var deadline: ContinuousClock.Instant?
        while true {
            let account = accounts.withLock { $0[ticket.number] } ?? Account()
            if account.pending == 0 {
                if let failure = account.failure { throw failure }
                return
            }
            if stop.isSet {
                let end = deadline ?? .now + patience
                deadline = end
                if .now >= end { throw Stopped() }
            }
            producer.poll(timeout: .milliseconds(50))
        }
    }

    /// Gives a ticket back whose records nobody waits for any more.
    func forget(_ ticket: Ticket) { accounts.withLock { $0[ticket.number] = nil } }

    /// Waits for what is still on its way, at the end.
    func close(patience: Duration) {
        do { try producer.flush(timeout: patience) } catch {
            log.warning(
                "not everything was acknowledged before the end; it will be repeated", metadata: ["error": "\(error)"])
        }
    }
}

/// It was time to end before all was done; what was not done is repeated at the next start.
struct Stopped: Error {}
