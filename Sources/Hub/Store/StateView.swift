import CLMDB
import Consistency

/// States as of one moment, for many reads by one thread: a turn of the loop reads all it needs through one.
package protocol StateView: AnyObject {
    /// Looks anew: what was applied since is seen from now on.
    func refresh() throws(StoreError)
    /// Lets the moment go: the store may use again what is older.
    func rest()
    /// Lends the state of a key; nil when there is none.
    func withState<Result>(
        _ partition: DomainPartition, _ key: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer?) -> Result
    ) throws(StoreError) -> Result
}

/// The view of a store that has no moments of its own: always the present.
package final class PresentView<Store: StateStore>: StateView {
    private let store: Store

    init(_ store: Store) { self.store = store }

    package func refresh() {}
    package func rest() {}

    package func withState<Result>(
        _ partition: DomainPartition, _ key: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer?) -> Result
    ) throws(StoreError) -> Result {
        try store.withState(partition, key, body)
    }
}

extension StateStore where View == PresentView<Self> {
    package func view() -> PresentView<Self> { PresentView(self) }
}

/// One read transaction of LMDB, begun anew by ``refresh()``. It holds old pages back until ``rest()``.
package final class StoreView: StateView {
    private let environment: Environment
    private let state: MDB_dbi
    private var transaction: OpaquePointer?
    private var isResting = false
    /// The last partition, and what its keys begin with: mostly the next one's, too.
    private var partition = DomainPartition("", -1)
    private var key: [UInt8] = []
    private var head = 0

    init(_ environment: Environment, _ state: MDB_dbi) {
        self.environment = environment
        self.state = state
    }

    deinit { mdb_txn_abort(transaction) }

    package func refresh() throws(StoreError) {
        if let transaction {
            rest()
            if mdb_txn_renew(transaction) == MDB_SUCCESS {
                isResting = false
                return
            }
            // Its place among the readers is gone: a process of the same number, in another container, has closed the store, and
            // LMDB frees all places of that number then.
            mdb_txn_abort(transaction)
            self.transaction = nil
        }
        try StoreError.check(
            mdb_txn_begin(environment.handle, nil, UInt32(MDB_RDONLY), &transaction), "begin to read")
        isResting = false
    }

    package func rest() {
        guard let transaction, !isResting else { return }
        mdb_txn_reset(transaction)
        isResting = true
    }

    package func withState<Result>(
        _ partition: DomainPartition, _ key: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer?) -> Result
    ) throws(StoreError) -> Result {
        if transaction == nil || isResting { try refresh() }
        if partition != self.partition {
            self.partition = partition
            self.key = Store.full(partition, UnsafeRawBufferPointer(start: nil, count: 0))
            head = self.key.count
        }
        self.key.removeLast(self.key.count - head)
        self.key.append(contentsOf: key)
        let found: (code: Int32, value: MDB_val) = self.key.withUnsafeMutableBytes { bytes in
            var name = MDB_val(mv_size: bytes.count, mv_data: bytes.baseAddress)
            var value = MDB_val()
            return (mdb_get(transaction, state, &name, &value), value)
        }
        if found.code == MDB_NOTFOUND { return body(nil) }
        try StoreError.check(found.code, "get")
        let sealed = UnsafeRawBufferPointer(start: found.value.mv_data, count: found.value.mv_size)
        let value = try self.key.withRaw { name throws(StoreError) in try Seal.open(sealed, under: name) }
        return body(value)
    }
}

extension Store {
    /// States as of the present moment, for one thread.
    package func view() -> StoreView { StoreView(environment, state) }
}
