import Connector

/// A defect planted into a system's transports, or into the connector's producer: the auditor must notice.
package enum HouseFlaw: String, CaseIterable, Sendable {
    /// The position that a source notes is ahead of what it has handed over.
    case positionAhead = "position-ahead"
    /// A writer reads back what it was given, not what the system holds.
    case blindReadBack = "blind-read-back"
    /// A writer now and then says that it has written, and has not.
    case forgottenWrite = "forgotten-write"
    /// The producer's records overtake each other.
    case overtaking
    /// A system takes every write, whatever version the writer has seen.
    case unconditional = "unconditional-writes"
}

/// The line between a connector's process and its system: calls get lost, or their answers; the system is away for a while; what a
/// killed process has sent may still arrive.
package final class SystemLine {
    package let scheduler: Scheduler
    /// The system's own clock.
    package let machine: MachineClock
    /// Until then the system answers nobody, in milliseconds.
    package private(set) var awayUntil: Int64 = 0
    /// What tests break on purpose.
    package var flaw: HouseFlaw?
    /// How often a call fails, in a million.
    package var faults = 0

    package init(_ scheduler: Scheduler) {
        self.scheduler = scheduler
        machine = MachineClock(scheduler.clock)
    }

    /// The system is away for so long.
    package func goAway(_ milliseconds: Int) { awayUntil = scheduler.clock.now + Int64(milliseconds) }

    package var isAway: Bool { scheduler.clock.now < awayUntil }

    package enum Fate {
        /// The system never had it.
        case lost
        /// The system has done it, and nobody heard.
        case unanswered
        case answered
    }

    /// What becomes of a call. Others may run before it arrives.
    package func fate(_ process: SimulatedProcess, _ what: @autoclosure () -> String) throws -> Fate {
        try scheduler.point(process, what())
        if isAway || scheduler.fails(faults) { return .lost }
        return scheduler.fails(faults) ? .unanswered : .answered
    }

    /// The answer is on its way; others may run before it arrives.
    package func answer(_ process: SimulatedProcess, _ what: @autoclosure () -> String) throws {
        try scheduler.point(process, what())
    }
}
