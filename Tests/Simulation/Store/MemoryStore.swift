package import Hub
import Kafka

/// A hub's local store in memory. It outlives the processes that use it, as a disk does, unless the disk is lost.
package final class MemoryStore {
    fileprivate(set) var states: [DomainPartition: [[UInt8]: [UInt8]]] = [:]
    fileprivate(set) var offsets: [DomainPartition: Int64] = [:]
    /// It can't be read any more: whoever opens it next begins anew.
    fileprivate(set) var isCondemned = false

    package init() {}

    /// What an opened store finds on the disk.
    func reopen() {
        guard isCondemned else { return }
        (states, offsets, isCondemned) = ([:], [:], false)
    }

    /// What it holds of a partition, by key.
    package func contents(_ partition: DomainPartition) -> [[UInt8]: [UInt8]] { states[partition] ?? [:] }
}

/// A process's view of a ``MemoryStore``: calls fail, and the process may be killed in them.
package final class SimulatedStore: StateStore {
    private let disk: MemoryStore
    private let scheduler: Scheduler
    private let process: SimulatedProcess
    private let flaw: SimulatedBroker.Flaw?

    package init(_ disk: MemoryStore, _ scheduler: Scheduler, _ process: SimulatedProcess, flaw: SimulatedBroker.Flaw?)
    {
        self.disk = disk
        self.scheduler = scheduler
        self.process = process
        self.flaw = flaw
        disk.reopen()
    }

    private static let full: Int32 = 28
    private static let corrupted: Int32 = -30_796

    private func check(_ action: String) throws(StoreError) {
        guard !process.isDead else { throw StoreError(action: action, code: Self.full) }
        guard scheduler.fails(scheduler.profile.storeFaults) else { return }
        let code = scheduler.random.one(in: 10) ? Self.corrupted : Self.full
        scheduler.trace.count(code == Self.full ? "disk full" : "store corrupted", process.name, action)
        throw StoreError(action: action, code: code)
    }

    /// A call at which others may run; a crash shows as a failure here, and as itself at the next call to a broker.
    private func point(_ action: String) throws(StoreError) {
        do throws(KafkaError) { try scheduler.point(process, action) } catch {
            throw StoreError(action: action, code: Self.full)
        }
    }

    package func withState<Result>(
        _ partition: DomainPartition, _ key: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer?) -> Result
    ) throws(StoreError) -> Result {
        try check("get")
        guard let bytes = disk.states[partition]?[Array(key)] else { return body(nil) }
        return bytes.withUnsafeBytes { body($0) }
    }

    package func stateBytes(_ partition: DomainPartition, _ key: [UInt8]) throws(StoreError) -> [UInt8]? {
        try check("get")
        return disk.states[partition]?[key]
    }

    package func scan(
        _ partition: DomainPartition, keysFrom prefix: [UInt8], after: [UInt8]?,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Bool
    ) throws(StoreError) {
        try check("scan")
        let found = (disk.states[partition] ?? [:]).filter { key, _ in
            key.starts(with: prefix) && (after.map { $0.lexicographicallyPrecedes(key) } ?? true)
        }
        for (key, value) in found.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            let goesOn = key.withUnsafeBytes { key in value.withUnsafeBytes { value in body(key, value) } }
            guard goesOn else { return }
        }
    }

    package func changelogOffset(_ partition: DomainPartition) throws(StoreError) -> Int64? {
        try check("get")
        return disk.offsets[partition]
    }

    package func apply(_ commit: StoreCommit) throws(StoreError) {
        try point("write the store")
        try check("commit")
        var changes = commit.changes
        if flaw == .storeForgets, !changes.isEmpty, scheduler.random.one(in: 8) { changes.removeLast() }
        for change in changes { disk.states[change.partition, default: [:]][change.key] = change.value }
        for (partition, offset) in commit.changelogOffsets {
            disk.offsets[partition] = flaw == .storeAhead ? offset + 2 : offset
        }
        try point("the store is written")
    }

    package func drop(_ partition: DomainPartition) throws(StoreError) {
        try check("drop")
        disk.states[partition] = nil
        disk.offsets[partition] = nil
    }

    package func condemn() { disk.isCondemned = true }

    package func close() throws(StoreError) { try point("close the store") }
}
