import Canonical
import Consistency

/// What the open transaction has decided on top of the local store. Dropped as a whole when it aborts (I4).
final class Overlay {
    /// A pending change of one key.
    enum Change {
        case put([UInt8])
        case removed

        /// The new state; nil when the key goes.
        var bytes: [UInt8]? {
            switch self {
            case .put(let bytes): bytes
            case .removed: nil
            }
        }
    }

    /// The pending states.
    private(set) var changes: [DomainPartition: [String: Change]] = [:]
    /// The pending expiry times; ``Tick/never`` means that nothing expires any more.
    var due: [DomainPartition: [String: Tick]] = [:]

    func reset() {
        changes.removeAll(keepingCapacity: true)
        due.removeAll(keepingCapacity: true)
    }

    /// The pending change of a key; nil when there is none.
    func change(_ partition: DomainPartition, _ key: String) -> Change? { changes[partition]?[key] }

    func put(_ partition: DomainPartition, _ key: String, _ change: Change) {
        changes[partition, default: [:]][key] = change
    }
}

/// The engine's view of one partition: the overlay over the store.
struct PartitionState: StateAccess {
    let partition: DomainPartition
    let overlay: Overlay
    let store: Store
    /// The first failure of the store: the engine's protocol knows none, so the loop asks afterwards and aborts.
    var failure: StoreError?

    init(_ partition: DomainPartition, _ overlay: Overlay, _ store: Store) {
        self.partition = partition
        self.overlay = overlay
        self.store = store
    }

    mutating func get(_ key: String, into buffer: inout [UInt8]) -> Bool {
        buffer.removeAll(keepingCapacity: true)
        if let change = overlay.change(partition, key) {
            guard let bytes = change.bytes else { return false }
            buffer.append(contentsOf: bytes)
            return true
        }
        do throws(StoreError) {
            let name = Array(key.utf8)
            return try name.withRaw { name throws(StoreError) in
                try store.withState(partition, name) { bytes in
                    guard let bytes else { return false }
                    buffer.append(contentsOf: bytes)
                    return true
                }
            }
        } catch {
            failure = failure ?? error
            return false
        }
    }

    mutating func put(_ key: String, _ bytes: UnsafeRawBufferPointer?) {
        overlay.put(partition, key, bytes.map { .put(Array($0)) } ?? .removed)
    }
}
