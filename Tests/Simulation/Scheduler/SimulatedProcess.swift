package import Kafka

/// One start of one process: from here to its crash or end. A restart is another one.
///
/// What runs in it asks ``Scheduler/point(_:_:)`` at each call that leaves it. Once it is dead every such call throws.
package final class SimulatedProcess {
    package let name: String
    package let machine: MachineClock
    package fileprivate(set) var isDead = false
    /// Nothing in it moves: the machine is suspended, or the garbage collector of a hypervisor has it. Its heartbeats
    /// stop, too.
    package internal(set) var isFrozen = false
    /// Why it ended; nil while it lives, and when it was killed.
    package fileprivate(set) var failure: (any Error)?
    /// Told once, when it has ended.
    package var ended: (() -> Void)?

    package init(_ name: String, machine: MachineClock) {
        self.name = name
        self.machine = machine
    }

    /// Ends it at once: nothing that it has not yet handed over leaves it any more.
    package func kill(_ failure: (any Error)? = nil) {
        guard !isDead else { return }
        isDead = true
        self.failure = failure
        let ended = self.ended
        self.ended = nil
        ended?()
    }

    /// What a call of a dead process throws, all the way out.
    package static let crash = KafkaError(
        KafkaError.Code(rawValue: -9_999), operation: "live", message: "the process was killed", verdict: .fatal)

    package static func isCrash(_ error: any Error) -> Bool { (error as? KafkaError)?.code == crash.code }
}

/// A thread of a process, in steps: between two steps it holds nothing but its own state.
package final class SimulatedThread {
    package let name: String
    package let process: SimulatedProcess
    let body: () throws -> Void
    /// It is in the middle of a step, while others run.
    var isRunning = false
    /// Not before then, in milliseconds: it waits for something.
    package var wakes: Int64 = 0
    /// Whether another thread of its process lets it go on.
    package var isFree: () -> Bool = { true }

    package init(_ name: String, of process: SimulatedProcess, body: @escaping () throws -> Void) {
        self.name = name
        self.process = process
        self.body = body
    }
}
