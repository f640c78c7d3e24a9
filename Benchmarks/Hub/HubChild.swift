import Glibc
import Hub
import Installation
import Logging
import Synchronization

/// The hub in a process of its own, as `omni hub` runs it, without the API.
enum HubChild {
    private static let isStopped = Atomic(false)

    /// Works until SIGTERM.
    static func run(folder: String) throws {
        for number in [SIGTERM, SIGINT] { signal(number) { _ in HubChild.isStopped.store(true, ordering: .relaxed) } }
        let installation = try Installation.load(
            folder: folder,
            surroundings: Surroundings(variable: { Bench.variable($0) }, file: { _ in nil }))
        var log = Logger(label: "hub")
        log.logLevel = .info
        let hub = try HubProcess(installation, instance: "1", log: log)
        try hub.run { isStopped.load(ordering: .relaxed) }
    }
}
