import Canonical
import Consistency

/// What the open transaction has decided on top of the local store. Dropped as a whole when it aborts (I4).
final class Overlay {
    /// The pending states; a nil state is a removed one.
    private(set) var states: [DomainPartition: [String: [UInt8]?]] = [:]
    /// The pending expiry times; a nil time means that nothing expires any more.
    var due: [DomainPartition: [String: Tick?]] = [:]

    var isEmpty: Bool { states.isEmpty }

    func reset() {
        states.removeAll(keepingCapacity: true)
        due.removeAll(keepingCapacity: true)
    }

    /// The pending state of a key: nothing when it isn't pending, and inside, nil when it is removed.
    func pending(_ partition: DomainPartition, _ key: String) -> [UInt8]?? { states[partition]?[key] }

    func put(_ partition: DomainPartition, _ key: String, _ state: [UInt8]?) {
        states[partition, default: [:]].updateValue(state, forKey: key)
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
        if let pending = overlay.pending(partition, key) {
            guard let bytes = pending else { return false }
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
        overlay.put(partition, key, bytes.map { Array($0) })
    }
}
