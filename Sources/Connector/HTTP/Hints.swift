import Digests
package import Transports

/// Webhooks on their way to their source: each is answered 200 only when what it led to is acknowledged by Kafka.
package final class Hints: Sendable {
    /// One delivery.
    struct Hint: Sendable {
        /// The raw body.
        let body: [UInt8]
        /// Names the delivery: repetitions have the same bytes.
        let digest: String
        fileprivate let answer: @Sendable (HTTPResponse) -> Void
    }

    private struct State: Sendable {
        var waiting: [Hint] = []
        var taken: [Hint] = []
        var isClosed = false
    }

    private let state = Monitor(State())

    /// So many wait at most; the system is told to come again later.
    private let most = 1000

    package init() {}

    /// Queues a delivery, and waits for its answer.
    func deliver(_ body: [UInt8]) async -> HTTPResponse {
        await withCheckedContinuation { continuation in deliver(body) { continuation.resume(returning: $0) } }
    }

    /// Queues a delivery; it is answered on the thread that has dealt with it.
    package func deliver(_ body: [UInt8], _ answer: @escaping @Sendable (HTTPResponse) -> Void) {
        let hint = Hint(body: body, digest: Hex.encode(Array(SHA256.digest(body).prefix(8))), answer: answer)
        let isQueued = state.withLock { state in
            guard !state.isClosed, state.waiting.count < most else { return false }
            state.waiting.append(hint)
            return true
        }
        if !isQueued { hint.answer(.later) }
    }

    /// Takes what is waiting, in its order.
    func take(atMost count: Int) -> [Hint] {
        state.withLock { state in
            state.taken = Array(state.waiting.prefix(count))
            state.waiting.removeFirst(state.taken.count)
            return state.taken
        }
    }

    /// What was taken is safe.
    func confirmTaken() { answerTaken(HTTPResponse(200)) }

    /// What was taken could not be dealt with: the system delivers it again, and catching up finds it too.
    func refuseTaken() { answerTaken(.later) }

    private func answerTaken(_ response: HTTPResponse) {
        let taken = state.withLock { state in
            defer { state.taken = [] }
            return state.taken
        }
        for hint in taken { hint.answer(response) }
    }

    /// Blocks until something waits, for so long at most.
    func wait(for time: Duration, _ stop: StopSignal) {
        _ = state.wait(for: time) { $0.waiting.isEmpty && !$0.isClosed && !stop.isSet ? nil : true }
    }

    /// Answers everything, and takes no more.
    func close() {
        let open = state.withLock { state in
            state.isClosed = true
            defer { (state.waiting, state.taken) = ([], []) }
            return state.waiting + state.taken
        }
        for hint in open { hint.answer(.later) }
    }
}

extension HTTPResponse {
    /// 503: come again.
    static var later: HTTPResponse { .text(503, "Try again later.\n") }
}
