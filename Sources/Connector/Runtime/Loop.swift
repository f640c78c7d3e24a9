import Logging
import Transports

/// What a loop waits for after a step.
package enum Next {
    /// Nothing: there is more to be done.
    case again
    /// Records: the next step waits for them itself, for a moment.
    case records
    /// The brokers' acknowledgements.
    case acknowledgements
    /// The system: until there may be something to read.
    case system
    /// The system, which another loop has to itself. Threads wait for their turn within the step.
    case turn
    /// Another loop: until the gate is open.
    case gate(Gate)
    /// The sinks: until no write of these kinds is in doubt.
    case certainty(Set<String>)
    /// So much time: something failed, or is looked at again.
    case time(Duration)
}

/// One of the loops of a connector, cut into steps: a bounded piece of work, and what it waits for after it.
///
/// A thread runs it with ``run(_:)``; a simulator calls the steps itself, in its own time (I11).
package protocol Loop: AnyObject {
    /// The thread's name.
    var name: String { get }
    /// Whether nothing is under way: ending here leaves nothing to be repeated.
    var isAtRest: Bool { get }
    /// Does one piece of work.
    ///
    /// - Throws: what doesn't pass by itself: the connector can't go on.
    func step() throws -> Next
    /// Blocks until the system may have something to read, or it is time to end.
    func waitForSystem(_ stop: StopSignal)
    /// Gives back what it has opened.
    func close()
}

extension Loop {
    package func waitForSystem(_ stop: StopSignal) {}
    package func close() {}

    /// Runs until it is time to end, on a thread of its own.
    func run(_ shared: Shared) {
        do { try go(shared) } catch {
            shared.log.error("this can't go on", metadata: ["loop": "\(name)", "error": "\(error)"])
            shared.stop.set(failure: "\(name): \(error)")
        }
        close()
    }

    /// How long what is under way is waited for once it is time to end; it is repeated at the next start.
    private static var patience: Duration { .seconds(3) }

    private func go(_ shared: Shared) throws {
        var end: ContinuousClock.Instant?
        while true {
            if shared.stop.isSet {
                let now = shared.clock.now()
                let last = end ?? now + Self.patience
                end = last
                if isAtRest || now >= last { return }
            }
            let next = try step()
            switch next {
            case .again, .turn: continue
            case .acknowledgements: shared.publisher.serve(for: .milliseconds(50))
            case .records: if shared.stop.isSet { return }
            case .system: waitForSystem(shared.stop)
            case .gate(let gate): gate.wait(for: .milliseconds(100))
            case .certainty(let kinds): shared.doubts.waitUntilNone(of: kinds, shared.stop)
            case .time(let time): if shared.stop.wait(for: time) { return }
            }
        }
    }
}

/// A clock that only goes forward, and that administrators don't move: the machine's, or a simulator's (I11).
package struct LoopClock: Sendable {
    /// What it shows.
    package let now: @Sendable () -> ContinuousClock.Instant

    package init(now: @escaping @Sendable () -> ContinuousClock.Instant) { self.now = now }

    /// The machine's.
    package static let machine = LoopClock { .now }
}
