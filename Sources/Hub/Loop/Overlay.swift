import Canonical
import Consistency

#if canImport(Glibc)
    import Glibc
#endif

/// What a turn has decided on top of the local store: states by key, and when keys have something to expire. Dropped as a
/// whole when its transaction aborts (I4).
///
/// Keys and states lie in an arena; what stands here points there. One thread at a time uses it, and nothing that is called here
/// calls back, so that accesses can't overlap: looking at that with each of them took a twentieth of a decision.
final class Overlay: @unchecked Sendable {
    /// What is pending of one key.
    struct Entry {
        let partition: Int32
        let hash: UInt32
        let key: UnsafeRawBufferPointer
        fileprivate(set) var change = Change.none
        /// Whether the state's names are what they were before the turn.
        fileprivate(set) var keepsNames = true
        /// When it has something to expire, if that was said; ``Tick/never``: nothing any more.
        fileprivate(set) var due: Tick?
    }

    /// A pending change of one key.
    enum Change {
        case none
        case put(UnsafeRawBufferPointer)
        case removed
    }

    let arena = Arena()
    /// The partitions in which something is pending, in the order in which they came.
    @exclusivity(unchecked) private(set) var partitions: [DomainPartition] = []
    @exclusivity(unchecked) private(set) var entries: [Entry] = []
    /// Places of entries, from 1, by hash; as many as a power of two, less than half of them taken.
    @exclusivity(unchecked) private var table = [Int32](repeating: 0, count: 1024)
    /// What the decision that is being made has changed, with what was there before it.
    @exclusivity(unchecked) private var before: [(entry: Int, change: Change, keepsNames: Bool)] = []
    /// The largest state that this decision has made, in bytes.
    @exclusivity(unchecked) private(set) var largest = 0
    @exclusivity(unchecked) private var latestPartition: Int32 = 0

    func reset() {
        if !entries.isEmpty { table.withUnsafeMutableBufferPointer { $0.update(repeating: 0) } }
        entries.removeAll(keepingCapacity: true)
        partitions.removeAll(keepingCapacity: true)
        arena.reset()
        begin()
    }

    /// A decision begins: ``undo()`` comes back to here.
    func begin() {
        before.removeAll(keepingCapacity: true)
        largest = 0
    }

    /// Forgets the states that the decision since ``begin()`` has changed.
    func undo() {
        for (entry, change, keepsNames) in before.reversed() {
            entries[entry].change = change
            entries[entry].keepsNames = keepsNames
        }
        begin()
    }

    /// The pending change of a key.
    func change(_ partition: DomainPartition, _ key: UnsafeRawBufferPointer) -> Change {
        guard let number = number(of: partition) else { return .none }
        let place = find(number, key, Self.hash(key, number))
        return place.entry < 0 ? .none : entries[place.entry].change
    }

    /// - Parameter keepsNames: whether the state's names are those of the state before.
    func put(
        _ partition: DomainPartition, _ key: UnsafeRawBufferPointer, _ state: UnsafeRawBufferPointer?,
        keepsNames: Bool = false
    ) {
        let entry = add(partition, key)
        before.append((entry, entries[entry].change, entries[entry].keepsNames))
        largest = max(largest, state?.count ?? 0)
        entries[entry].change = state.map { .put(arena.copy($0)) } ?? .removed
        entries[entry].keepsNames = entries[entry].keepsNames && keepsNames
    }

    /// The same with what is written now and then.
    func put(_ partition: DomainPartition, _ key: String, _ state: [UInt8]?) {
        var key = key
        key.withUTF8 { key in
            if let state {
                state.withUnsafeBytes { put(partition, UnsafeRawBufferPointer(key), $0) }
            } else {
                put(partition, UnsafeRawBufferPointer(key), nil)
            }
        }
    }

    func setDue(_ partition: DomainPartition, _ key: String, _ time: Tick?) {
        var key = key
        key.withUTF8 { entries[add(partition, UnsafeRawBufferPointer($0))].due = time ?? .never }
    }

    // MARK: Finding

    private func add(_ partition: DomainPartition, _ key: UnsafeRawBufferPointer) -> Int {
        let number: Int32
        if let known = self.number(of: partition) {
            number = known
        } else {
            number = Int32(partitions.count)
            partitions.append(partition)
        }
        let hash = Self.hash(key, number)
        let found = find(number, key, hash)
        if found.entry >= 0 { return found.entry }
        entries.append(Entry(partition: number, hash: hash, key: arena.copy(key)))
        table[found.slot] = Int32(entries.count)
        if entries.count * 2 > table.count { grow() }
        return entries.count - 1
    }

    /// Keys of one partition come in runs.
    private func number(of partition: DomainPartition) -> Int32? {
        if Int(latestPartition) < partitions.count, partitions[Int(latestPartition)] == partition {
            return latestPartition
        }
        guard let found = partitions.firstIndex(of: partition) else { return nil }
        latestPartition = Int32(found)
        return latestPartition
    }

    private func find(_ partition: Int32, _ key: UnsafeRawBufferPointer, _ hash: UInt32) -> (slot: Int, entry: Int) {
        let mask = table.count - 1
        var slot = Int(hash) & mask
        while table[slot] != 0 {
            let entry = Int(table[slot]) - 1
            if entries[entry].hash == hash, entries[entry].partition == partition,
                Self.isSame(entries[entry].key, key)
            {
                return (slot, entry)
            }
            slot = (slot + 1) & mask
        }
        return (slot, -1)
    }

    private func grow() {
        table = [Int32](repeating: 0, count: table.count * 2)
        let mask = table.count - 1
        for (place, entry) in entries.enumerated() {
            var slot = Int(entry.hash) & mask
            while table[slot] != 0 { slot = (slot + 1) & mask }
            table[slot] = Int32(place + 1)
        }
    }

    private static func isSame(_ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Bool {
        one.count == other.count && (one.isEmpty || memcmp(one.baseAddress!, other.baseAddress!, one.count) == 0)
    }

    /// Eight bytes at a time; spread by a multiplication (Fibonacci hashing).
    private static func hash(_ key: UnsafeRawBufferPointer, _ partition: Int32) -> UInt32 {
        var hash = UInt64(UInt32(bitPattern: partition)) &+ UInt64(key.count) &* 0x9e37_79b9_7f4a_7c15
        var at = 0
        while at + 8 <= key.count {
            hash = (hash ^ key.loadUnaligned(fromByteOffset: at, as: UInt64.self)) &* 0x9e37_79b9_7f4a_7c15
            hash ^= hash >> 29
            at += 8
        }
        while at < key.count {
            hash = (hash ^ UInt64(key[at])) &* 0x0000_0100_0000_01b3
            at += 1
        }
        hash = (hash ^ hash >> 32) &* 0x9e37_79b9_7f4a_7c15
        return UInt32(truncatingIfNeeded: hash >> 32)
    }
}

extension Overlay {
    /// What is pending, as a change of the store.
    ///
    /// - Parameter names: what a state can be found by; asked where that may have changed.
    func changes(
        names: (_ domain: String, _ key: String, _ state: [UInt8]) throws -> [StateName]
    ) rethrows -> StoreCommit {
        var commit = StoreCommit()
        commit.changes.reserveCapacity(entries.count)
        for entry in entries {
            let partition = partitions[Int(entry.partition)]
            let state: UnsafeRawBufferPointer?
            var own: [StateName]? = []
            switch entry.change {
            case .put(let bytes):
                state = bytes
                own =
                    entry.keepsNames
                    ? nil : try names(partition.domain, String(decoding: entry.key, as: UTF8.self), Array(bytes))
            case .removed: state = nil
            case .none: continue
            }
            commit.changes.append(
                .init(partition: partition, key: entry.key, value: state, names: own, owner: arena))
        }
        return commit
    }
}

/// The engine's view of one partition: the present turn over the one that is being committed over the store.
struct PartitionState<View: StateView>: StateAccess {
    let partition: DomainPartition
    let overlay: Overlay
    /// Decided and handed over, but not in the store yet, as far as the view goes.
    let beneath: Overlay
    let view: View
    /// The first failure of the store: the engine's protocol knows none, so the loop asks afterwards and aborts.
    var failure: StoreError?

    init(_ partition: DomainPartition, _ overlay: Overlay, over beneath: Overlay, _ view: View) {
        self.partition = partition
        self.overlay = overlay
        self.beneath = beneath
        self.view = view
    }

    mutating func get(_ key: String, into buffer: inout [UInt8]) -> Bool {
        buffer.removeAll(keepingCapacity: true)
        return read(key) { buffer.append(contentsOf: $0) }
    }

    mutating func read(_ key: String, _ body: (UnsafeRawBufferPointer) -> Void) -> Bool {
        var key = key
        return key.withUTF8 { read(UnsafeRawBufferPointer($0), body) }
    }

    private mutating func read(_ key: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) -> Bool {
        if let found = lend(overlay.change(partition, key), body) { return found }
        if let found = lend(beneath.change(partition, key), body) { return found }
        do throws(StoreError) {
            return try view.withState(partition, key) { bytes in
                guard let bytes else { return false }
                body(bytes)
                return true
            }
        } catch {
            failure = failure ?? error
            return false
        }
    }

    /// Whether there is a state; nil when nothing is pending.
    private func lend(_ change: Overlay.Change, _ body: (UnsafeRawBufferPointer) -> Void) -> Bool? {
        switch change {
        case .put(let bytes):
            body(bytes)
            return true
        case .removed: return false
        case .none: return nil
        }
    }

    mutating func put(_ key: String, _ bytes: UnsafeRawBufferPointer?) { put(key, bytes, keepsNames: false) }

    mutating func put(_ key: String, _ bytes: UnsafeRawBufferPointer?, keepsNames: Bool) {
        var key = key
        key.withUTF8 { overlay.put(partition, UnsafeRawBufferPointer($0), bytes, keepsNames: keepsNames) }
    }
}
