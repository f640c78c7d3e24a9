package import Hub

/// Carries a process's commits out beside its loop: some time, at whatever call the loop is, at the latest when it is waited for.
///
/// The loop doesn't go on while a commit is under way that others have interrupted: on one thread it could not be waited for.
package final class SimulatedCourier: Courier {
    private var job: (any CourierJob)?
    private var isRunning = false
    private let thread: SimulatedThread

    /// - Parameter process: whose commits these are.
    init(_ scheduler: Scheduler, _ process: SimulatedProcess) {
        let box = Box()
        thread = SimulatedThread("\(process.name) commits", of: process) { box.courier?.run() }
        thread.wakes = .max
        box.courier = self
        scheduler.start(thread)
    }

    /// The thread is made before the courier is.
    private final class Box { weak var courier: SimulatedCourier? }

    /// Whether the loop may go on.
    var isInterrupted: Bool { isRunning }

    package func carry(_ job: any CourierJob) {
        wait()
        self.job = job
        thread.wakes = 0
    }

    /// The loop's own, when it needs what became of the job.
    package func wait() {
        precondition(!isRunning, "the loop goes on in the middle of a commit")
        run()
    }

    package var isBusy: Bool { job != nil }
    package var isImmediate: Bool { false }

    private func run() {
        guard let job, !isRunning else { return }
        isRunning = true
        job.run()
        isRunning = false
        self.job = nil
        thread.wakes = .max
    }
}
