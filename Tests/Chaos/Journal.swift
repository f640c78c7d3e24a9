import Demo
import Document
import Glibc
import Transports

/// What the workload does to the systems, noted *before* it is done: the auditor's memory. A change whose answer got lost
/// stays `unknown`: the system may have it or not.
final class Journal: Sendable {
    /// A change of one field of one record by one system.
    struct Change: Sendable {
        let number: Int
        let system: String
        /// Whose: a GTIN, a customer's mark, `gtin@place`.
        let subject: String
        let field: String
        let value: String
        var outcome = Outcome.unknown
    }

    enum Outcome: String, Sendable { case unknown, accepted, refused }

    /// A request for goods to be held.
    struct Request: Sendable {
        let id: String
        let key: String
        let quantity: Int
        /// `api` or `shop`.
        let by: String
        /// What whoever asked was told: a state.
        var told: String?
        /// Whether somebody has promised that the request counts: an answer of 201, 202, 409, or an order in the shop.
        var isPromised = false
    }

    /// A file that was delivered.
    struct Delivery: Sendable {
        let source: String
        let file: String
        /// Records that can be used.
        let good: Int
        /// Records that can't.
        let bad: Int
    }

    struct State: Sendable {
        var changes: [Change] = []
        var requests: [String: Request] = [:]
        var releases: Set<String> = []
        var deliveries: [Delivery] = []
        /// Records that mean nothing, by their ids: each is worth one dead letter.
        var nonsense: [String] = []
        /// Products that their owner has withdrawn, and contacts that the CRM has deleted.
        var gone: Set<String> = []
    }

    private let state = Monitor(State())
    private let file: Monitor<Int32>

    /// A journal that is also a file of JSON lines, for people who look for a fault.
    init(_ path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw SystemError.last("open", path) }
        file = Monitor(descriptor)
    }

    deinit { close(file.withLock { $0 }) }

    /// Everything so far.
    var contents: State { state.withLock { $0 } }

    /// Notes a change, makes it, and notes how it ended. A refusal of the system's is an outcome; no answer is none.
    @discardableResult
    func change(
        _ system: String, _ subject: String, _ field: String, to value: String, _ make: () throws -> Bool
    ) -> Outcome {
        let number = state.withLock { state in
            let number = state.changes.count
            state.changes.append(
                Change(number: number, system: system, subject: subject, field: field, value: value))
            return number
        }
        write(["system": .string(system), "subject": .string(subject), field: .string(value)])
        let outcome: Outcome
        do { outcome = try make() ? .accepted : .refused } catch { outcome = .unknown }
        state.withLock { $0.changes[number].outcome = outcome }
        write(["change": .number(Number(number)), "outcome": .string(outcome.rawValue)])
        return outcome
    }

    /// Notes something else.
    func note(_ what: String, _ body: (inout State) -> Void) {
        state.withLock { body(&$0) }
        write(["note": .string(what)])
    }

    private func write(_ members: JSON) {
        var members = members
        members["at"] = .string(Clock.rfc3339())
        let line = Array((members.text + "\n").utf8)
        file.withLock { _ = Glibc.write($0, line, line.count) }
    }
}
