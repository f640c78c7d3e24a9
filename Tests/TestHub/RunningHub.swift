import Canonical
package import Hub
package import Installation
import Kafka
import Synchronization
import Transports

/// A hub on a thread of its own.
package final class RunningHub: Sendable {
    package let hub: HubProcess
    private let isStopping: Flag
    private let ending: Monitor<Ending?>
    private let thread: NamedThread

    private final class Flag: Sendable {
        let isSet = Atomic(false)
    }

    private enum Ending: Sendable {
        case stopped
        case failed(any Error)
    }

    /// Starts a hub; it has its partitions when this returns, unless `waits` is false.
    package init(
        _ plant: Plant, _ installation: Installation? = nil, instance: String = "1", waits: Bool = true,
        limit: Duration = .seconds(30)
    ) throws {
        let hub = try HubProcess(installation ?? plant.installation, instance: instance, log: plant.log)
        let flag = Flag()
        let ending = Monitor<Ending?>(nil)
        self.hub = hub
        isStopping = flag
        self.ending = ending
        thread = try NamedThread("hub") {
            do {
                try hub.run { flag.isSet.load(ordering: .relaxed) }
                ending.withLock { $0 = .stopped }
            } catch {
                ending.withLock { $0 = .failed(error) }
            }
        }
        guard waits else { return }
        do {
            try ready(within: limit)
        } catch {
            end()
            throw error
        }
    }

    /// Waits until it has partitions.
    package func ready(within limit: Duration = .seconds(30)) throws {
        try eventually("the hub has partitions", within: limit) {
            if let failure { throw failure }
            return !hub.partitions.isEmpty
        }
    }

    /// Why it has ended by itself; nil when it runs, or was stopped.
    package var failure: (any Error)? {
        if case .failed(let error) = ending.withLock({ $0 }) { error } else { nil }
    }

    /// Waits until everything there is has been committed, and this hub's store, which is written after that, holds it.
    package func settle(_ plant: Plant) throws {
        try plant.settle()
        let owned = hub.partitions
        let admin = try plant.admin()
        let places = owned.map { TopicPartition(plant.names.state(domain: $0.domain), $0.partition) }
        let ends = try admin.watermarks(of: places, timeout: .seconds(30))
        try eventually("the store is level") {
            try zip(owned, places).allSatisfy { partition, place in
                // The last offset is the transaction's marker.
                try hub.store.changelogOffset(partition) ?? 0 >= (ends[place]?.high ?? 0) - 1
            }
        }
    }

    /// Stops it and waits for its end. Throws why it had ended before.
    package func stop() throws {
        isStopping.isSet.store(true, ordering: .relaxed)
        thread.join()
        if let failure { throw failure }
    }

    /// The same where nobody asks how it ended.
    package func end() {
        isStopping.isSet.store(true, ordering: .relaxed)
        thread.join()
    }
}

extension Plant {
    /// Runs a hub while the body runs.
    package func running<Result>(
        _ installation: Installation? = nil, _ body: (RunningHub) throws -> Result
    ) throws -> Result {
        let hub = try RunningHub(self, installation)
        defer { hub.end() }
        let result = try body(hub)
        try hub.stop()
        return result
    }
}
