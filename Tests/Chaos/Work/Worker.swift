import Demo
import Logging
import Transports

/// Somebody who changes something in a system, again and again, until the run's input stops.
final class Worker: Sendable {
    private let thread: NamedThread
    private let isStopping = Monitor(false)

    /// - Parameters:
    ///   - pause: between two changes, in milliseconds.
    ///   - step: makes one change. What goes wrong is the system's business of that moment.
    init(
        _ name: String, seed: UInt64, pause: ClosedRange<Int>, _ step: @escaping @Sendable (inout Seeded) throws -> Void
    )
        throws
    {
        let isStopping = isStopping
        thread = try NamedThread(name) {
            var random = Seeded.stream(seed, name)
            while true {
                do {
                    try step(&random)
                } catch {
                    Logger(label: "work.\(name)").debug("a step failed", metadata: ["error": "\(error)"])
                }
                let stopped: Void? = isStopping.wait(for: random.duration(pause)) { $0 ? () : nil }
                if stopped != nil { return }
            }
        }
    }

    func stop() {
        isStopping.withLock { $0 = true }
        thread.join()
    }
}
