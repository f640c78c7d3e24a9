import CLMDB

#if canImport(Glibc)
    import Glibc
#endif

/// An LMDB call that failed: what was attempted, and what to do.
public struct StoreError: Error, Sendable, CustomStringConvertible {
    /// What was attempted.
    public let action: String
    /// LMDB's or the system's code.
    public let code: Int32

    package init(action: String, code: Int32) {
        self.action = action
        self.code = code
    }

    /// The attempt, LMDB's words, and the remedy where there is one.
    public var description: String {
        let reason = String(cString: mdb_strerror(code))
        let remedy =
            switch code {
            case MDB_MAP_FULL: "; it is as large as it may become: share the partitions among more hubs"
            case ENOSPC: "; free disk space"
            // LMDB says so of a page that was written in part.
            case EIO: "; the disk is full, or fails"
            case _ where isCorruption:
                "; the store is rebuilt from the changelog"
            default: ""
            }
        return "the local store: \(action): \(reason)\(remedy)"
    }

    /// Whether the file itself can't be trusted and must be rebuilt.
    ///
    /// A bad transaction counts: nothing is done with one after its first error, so LMDB met the error by itself.
    package var isCorruption: Bool {
        [MDB_INVALID, MDB_CORRUPTED, MDB_PAGE_NOTFOUND, MDB_VERSION_MISMATCH, MDB_BAD_TXN, MDB_PANIC].contains(code)
    }

    /// Whether it may succeed later: the disk is full. LMDB calls a page that was written in part an input/output error.
    public var mayPass: Bool { [ENOSPC, EDQUOT, EIO].contains(code) }

    static func check(_ code: Int32, _ action: @autoclosure () -> String) throws(StoreError) {
        guard code == 0 else { throw StoreError(action: action(), code: code) }
    }
}

/// One LMDB environment: a file of named, sorted databases, of values that are sealed (``Seal``).
///
/// Written without syncing (`MDB_NOSYNC`): Kafka's changelog is the truth, and after an unclean boot of the machine the
/// store is rebuilt. Readers are tied to their transaction, not to a thread (`MDB_NOTLS`), so any thread may read.
final class Environment: @unchecked Sendable {
    let handle: OpaquePointer
    /// How many read at a time, in all processes.
    private static let readers: UInt32 = 512
    /// What the lock file takes, in bytes: a cache line for each reader, and some for what they share.
    static let lockSize = Int(readers + 8) * 64

    init(path: String, size: Int, databases: UInt32, flags extra: UInt32 = 0) throws(StoreError) {
        var created: OpaquePointer?
        try StoreError.check(mdb_env_create(&created), "create the environment")
        handle = created!
        let flags = UInt32(MDB_NOTLS | MDB_NOSYNC | MDB_NORDAHEAD) | extra
        // What fails from here on is closed by deinit: there is nothing left to initialise.
        try StoreError.check(mdb_env_set_maxdbs(handle, databases), "allow \(databases) databases")
        try StoreError.check(mdb_env_set_mapsize(handle, size), "set the size to \(size) bytes")
        try StoreError.check(mdb_env_set_maxreaders(handle, Self.readers), "allow \(Self.readers) readers")
        try StoreError.check(mdb_env_open(handle, path, flags, 0o640), "open \(path)")
    }

    deinit { mdb_env_close(handle) }

    /// Opens or creates a named database.
    func database(_ name: String) throws(StoreError) -> MDB_dbi {
        try write { transaction throws(StoreError) in
            var dbi: MDB_dbi = 0
            try StoreError.check(
                mdb_dbi_open(transaction.handle, name, UInt32(MDB_CREATE), &dbi), "open the database \(name)")
            return dbi
        }
    }

    /// Runs `body` with a view of one moment. Bytes that it lends are valid inside `body` only.
    func read<Result>(
        _ body: (borrowing ReadTransaction) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        var started: OpaquePointer?
        try StoreError.check(mdb_txn_begin(handle, nil, UInt32(MDB_RDONLY), &started), "begin to read")
        defer { mdb_txn_abort(started) }
        return try body(ReadTransaction(handle: started!))
    }

    /// Runs `body` and commits; an error aborts everything.
    func write<Result>(
        _ body: (borrowing WriteTransaction) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        var started: OpaquePointer?
        try StoreError.check(mdb_txn_begin(handle, nil, 0, &started), "begin to write")
        let result: Result
        do throws(StoreError) {
            result = try body(WriteTransaction(handle: started!))
        } catch {
            mdb_txn_abort(started)
            throw error
        }
        try StoreError.check(mdb_txn_commit(started), "commit")
        return result
    }

    /// Whether pages are missing at the file's end. A few of the last ones may never have been written: LMDB leaves out
    /// pages that a transaction took and gave back.
    func isCutShort(_ path: String) throws(StoreError) -> Bool {
        var info = MDB_envinfo()
        var statistics = MDB_stat()
        var file = stat()
        try StoreError.check(mdb_env_info(handle, &info), "ask for the last page")
        try StoreError.check(mdb_env_stat(handle, &statistics), "ask for the size of a page")
        guard stat(path, &file) == 0 else { return true }
        return Int(file.st_size) / Int(statistics.ms_psize) + 64 < info.me_last_pgno + 1
    }

    /// Waits until everything written is on the disk.
    func sync() throws(StoreError) {
        try StoreError.check(mdb_env_sync(handle, 1), "sync")
    }
}

/// A view of one moment.
struct ReadTransaction: ~Copyable {
    let handle: OpaquePointer

    /// Lends the value of a key; nil when there is none.
    func get<Result>(
        _ dbi: MDB_dbi, _ key: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer?) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        var name = MDB_val(key)
        var value = MDB_val()
        let code = mdb_get(handle, dbi, &name, &value)
        if code == MDB_NOTFOUND { return try body(nil) }
        try StoreError.check(code, "get")
        return try body(try Seal.open(UnsafeRawBufferPointer(value), under: key))
    }

    /// Lends every key and value whose key begins with `prefix`, in order, until `body` answers false.
    ///
    /// - Parameter after: only keys behind this one, which begins with `prefix`.
    func scan(
        _ dbi: MDB_dbi, prefix: [UInt8], after: [UInt8]? = nil,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws(StoreError) -> Bool
    ) throws(StoreError) {
        var opened: OpaquePointer?
        try StoreError.check(mdb_cursor_open(handle, dbi, &opened), "open a cursor")
        defer { mdb_cursor_close(opened) }
        // The next key behind one is that one with a zero byte.
        var start = after.map { $0 + [0] } ?? prefix
        var key = MDB_val()
        var value = MDB_val()
        var code = start.withUnsafeMutableBytes { bytes in
            key = MDB_val(mv_size: bytes.count, mv_data: bytes.baseAddress)
            return mdb_cursor_get(opened, &key, &value, bytes.isEmpty ? MDB_FIRST : MDB_SET_RANGE)
        }
        while code == 0 {
            let found = UnsafeRawBufferPointer(key)
            guard found.count >= prefix.count, zip(found, prefix).allSatisfy({ $0 == $1 }) else { return }
            guard try body(found, try Seal.open(UnsafeRawBufferPointer(value), under: found)) else { return }
            code = mdb_cursor_get(opened, &key, &value, MDB_NEXT)
        }
        if code != MDB_NOTFOUND { try StoreError.check(code, "scan") }
    }
}

/// Changes that become visible together.
struct WriteTransaction: ~Copyable {
    let handle: OpaquePointer

    func put(
        _ dbi: MDB_dbi, _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
    ) throws(StoreError) {
        var name = MDB_val(key)
        var room = MDB_val(mv_size: value.count + Seal.size, mv_data: nil)
        try StoreError.check(mdb_put(handle, dbi, &name, &room, UInt32(MDB_RESERVE)), "put")
        Seal.write(value, under: key, to: room.mv_data)
    }

    /// Puts many keys, in their order: where the next one lies on the same page it needs no search.
    func cursor(_ dbi: MDB_dbi) throws(StoreError) -> WriteCursor {
        var opened: OpaquePointer?
        try StoreError.check(mdb_cursor_open(handle, dbi, &opened), "open a cursor")
        return WriteCursor(handle: opened!)
    }

    func delete(_ dbi: MDB_dbi, _ key: UnsafeRawBufferPointer) throws(StoreError) {
        var name = MDB_val(key)
        let code = mdb_del(handle, dbi, &name, nil)
        if code != MDB_NOTFOUND { try StoreError.check(code, "delete") }
    }

    /// Removes every key that begins with `prefix`.
    func delete(_ dbi: MDB_dbi, prefix: [UInt8]) throws(StoreError) {
        var opened: OpaquePointer?
        try StoreError.check(mdb_cursor_open(handle, dbi, &opened), "open a cursor")
        defer { mdb_cursor_close(opened) }
        var prefix = prefix
        var key = MDB_val()
        var value = MDB_val()
        var code = prefix.withUnsafeMutableBytes { bytes in
            key = MDB_val(mv_size: bytes.count, mv_data: bytes.baseAddress)
            return mdb_cursor_get(opened, &key, &value, bytes.isEmpty ? MDB_FIRST : MDB_SET_RANGE)
        }
        while code == 0 {
            let found = UnsafeRawBufferPointer(key)
            guard found.count >= prefix.count, zip(found, prefix).allSatisfy({ $0 == $1 }) else { return }
            try StoreError.check(mdb_cursor_del(opened, 0), "delete")
            code = mdb_cursor_get(opened, &key, &value, MDB_NEXT)
        }
        if code != MDB_NOTFOUND { try StoreError.check(code, "scan") }
    }
}

/// A place in a database, to write at. Must end before its transaction does.
struct WriteCursor: ~Copyable {
    fileprivate let handle: OpaquePointer

    deinit { mdb_cursor_close(handle) }

    func put(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws(StoreError) {
        var name = MDB_val(key)
        var room = MDB_val(mv_size: value.count + Seal.size, mv_data: nil)
        try StoreError.check(mdb_cursor_put(handle, &name, &room, UInt32(MDB_RESERVE)), "put")
        Seal.write(value, under: key, to: room.mv_data)
    }
}

extension MDB_val {
    fileprivate init(_ bytes: UnsafeRawBufferPointer) {
        self.init(mv_size: bytes.count, mv_data: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
    }
}

extension UnsafeRawBufferPointer {
    fileprivate init(_ value: MDB_val) {
        self.init(start: value.mv_data, count: value.mv_size)
    }
}
