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

    private let producer: any Outlet
    private let accounts: Monitor<[UInt64: Account]>
    private let next = Monitor<UInt64>(1)
    private let log: Logger
    /// The largest record that brokers take, in bytes.
    let largest: Int

    /// What one thread has said and not yet heard back about.
    struct Ticket: Sendable, Hashable {
        fileprivate let number: UInt64
    }

    init(_ brokers: any Brokers, log: Logger) throws(KafkaError) {
        let accounts = Monitor<[UInt64: Account]>([:])
        self.accounts = accounts
        self.log = log
        largest = brokers.largest
        producer = try brokers.producer { delivery in
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
                    to: topic, partition: nil, key: key.utf8.span.bytes, value: value.span.bytes, headers: headers,
                    timestamp: nil, token: ticket.number)
            } else {
                try producer.produce(
                    to: topic, partition: nil, key: key.utf8.span.bytes, value: nil, headers: headers, timestamp: nil,
                    token: ticket.number)
            }
        } catch {
            accounts.withLock { $0[ticket.number]?.pending -= 1 }
            throw error
        }
    }

    /// Whether everything said on the ticket is acknowledged (I1); then, and when something was not delivered, the ticket is
    /// given back.
    ///
    /// - Throws: why something was not delivered, once nothing is on its way any more.
    func isSettled(_ ticket: Ticket) throws(KafkaError) -> Bool {
        let account = accounts.withLock { $0[ticket.number] } ?? Account()
        guard account.pending == 0 else { return false }
        forget(ticket)
        if let failure = account.failure { throw failure }
        return true
    }

    /// Takes acknowledgements in, waiting for the first for so long at most.
    func serve(for time: Duration) { producer.poll(timeout: time) }

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
