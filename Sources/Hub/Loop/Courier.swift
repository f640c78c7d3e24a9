import Transports

/// Something that is carried out beside the loop.
package protocol CourierJob: AnyObject, Sendable {
    func run()
}

/// Who carries out one commit after the other, beside the loop that decides.
package protocol Courier: AnyObject {
    /// Carries out a job; there is never more than one under way.
    func carry(_ job: any CourierJob)
    /// Waits until no job is under way.
    func wait()
    /// Whether a job is under way.
    var isBusy: Bool { get }
    /// Whether a job has ended when ``carry(_:)`` returns.
    var isImmediate: Bool { get }
}

/// Carries each job out at once, on the loop's own thread: in simulations, where one thread is all there is.
package final class ImmediateCourier: Courier {
    package init() {}

    package func carry(_ job: any CourierJob) { job.run() }
    package func wait() {}
    package var isBusy: Bool { false }
    package var isImmediate: Bool { true }
}

/// A thread of its own.
final class CourierThread: Courier {
    private let desk = CourierDesk()
    private let thread: NamedThread

    init(_ name: String) throws {
        let desk = desk
        thread = try NamedThread(name) { desk.work() }
    }

    deinit {
        desk.close()
        thread.join()
    }

    func carry(_ job: any CourierJob) { desk.put(job) }
    func wait() { desk.wait() }
    var isBusy: Bool { desk.isBusy }
    var isImmediate: Bool { false }
}

/// Where the courier finds its jobs.
private final class CourierDesk: Sendable {
    private let state = Monitor(State())

    private struct State: Sendable {
        /// The job under way.
        var job: (any CourierJob)?
        var isClosed = false
    }

    private enum Next: Sendable {
        case job(any CourierJob)
        case end
    }

    func work() {
        while case .job(let job) = next() {
            job.run()
            state.withLock { $0.job = nil }
        }
    }

    private func next() -> Next {
        state.wait { state -> Next? in state.job.map { .job($0) } ?? (state.isClosed ? .end : nil) }
    }

    func put(_ job: any CourierJob) {
        wait()
        state.withLock { $0.job = job }
    }

    func wait() { state.wait { $0.job == nil ? () : nil } }

    var isBusy: Bool { state.withLock { $0.job != nil } }

    func close() { state.withLock { $0.isClosed = true } }
}
