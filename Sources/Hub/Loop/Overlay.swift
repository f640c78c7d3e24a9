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
    private(set) var changes: [DomainPartition: [ExactText: Change]] = [:]
    /// The pending expiry times; ``Tick/never`` means that nothing expires any more.
    private(set) var due: [DomainPartition: [ExactText: Tick]] = [:]
    /// What the decision that is being made has changed, with what was there before it.
    private var before: [(partition: DomainPartition, key: ExactText, change: Change?)] = []
    /// The largest state that this decision has made, in bytes.
    private(set) var largest = 0

    func reset() {
        changes.removeAll(keepingCapacity: true)
        due.removeAll(keepingCapacity: true)
        begin()
    }

    /// The pending change of a key; nil when there is none.
    func change(_ partition: DomainPartition, _ key: String) -> Change? { changes[partition]?[ExactText(key)] }

    func put(_ partition: DomainPartition, _ key: String, _ change: Change) {
        let key = ExactText(key)
        before.append((partition, key, changes[partition]?[key]))
        largest = max(largest, change.bytes?.count ?? 0)
        changes[partition, default: [:]][key] = change
    }

    func setDue(_ partition: DomainPartition, _ key: String, _ time: Tick?) {
        due[partition, default: [:]][ExactText(key)] = time ?? .never
    }

    /// A decision begins: ``undo()`` comes back to here.
    func begin() {
        before.removeAll(keepingCapacity: true)
        largest = 0
    }

    /// Forgets the states that the decision since ``begin()`` has changed.
    func undo() {
        for (partition, key, change) in before.reversed() { changes[partition]?[key] = change }
        begin()
    }
}

/// The engine's view of one partition: the overlay over the store.
struct PartitionState<Store: StateStore>: StateAccess {
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

    // The engine lies in another module: it calls what is generic here unless it is told of this one.
    @_specialize(where Store == Hub.Store)
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
