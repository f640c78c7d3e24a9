import CLMDB
public import Canonical
public import Consistency

#if canImport(Glibc)
    import Glibc
#endif

/// A hub's local store, opened by another process: for reading, while the hub runs or not.
///
/// ```swift
/// let copy = try LocalCopy(folder: "var/hub-1")
/// for found in try copy.states(of: "06438012345675", domain: "product") { … }
/// ```
///
/// Nothing is held longer than a look-up takes: LMDB's readers don't stop its writer, but an old view keeps pages from being
/// used again. It isn't asked whose the store is: the hub does that when it opens it.
public final class LocalCopy {
    private let environment: Environment
    private let state: MDB_dbi
    private let index: MDB_dbi
    private let meta: MDB_dbi

    /// A state, and as of when.
    public struct Found: Sendable {
        /// Where it lies.
        public let partition: DomainPartition
        /// Its key.
        public let key: [UInt8]
        /// Its bytes.
        public let state: [UInt8]
        /// The tick of the last transaction that the store holds of this partition: what was decided later isn't in it.
        public let asOf: Tick
    }

    /// Opens the store in a hub's folder.
    ///
    /// - Throws: ``StoreError`` when there is none, or it can't be read.
    public init(folder: String) throws(StoreError) {
        let file = folder + "/state.mdb"
        guard access(file, R_OK) == 0 else { throw StoreError(action: "open \(file)", code: errno) }
        environment = try Environment(
            path: file, size: 0, databases: 8, flags: UInt32(MDB_NOSUBDIR | MDB_RDONLY))
        // Reading behind the file's end would end the process.
        guard try !environment.isCutShort(file) else { throw StoreError(action: "open \(file)", code: MDB_CORRUPTED) }
        state = try environment.presentDatabase("state")
        index = try environment.presentDatabase("index")
        meta = try environment.presentDatabase("meta")
    }

    /// The states of a key: at most one where the store is level, and none where it never had it.
    public func states(of key: String, domain: String) throws(StoreError) -> [Found] {
        let partitions = try partitions(of: domain)
        var found: [Found] = []
        for partition in partitions {
            guard let bytes = try value(Store.full(partition, Array(key.utf8))) else { continue }
            found.append(
                Found(partition: partition, key: Array(key.utf8), state: bytes, asOf: try asOf(partition)))
        }
        return found
    }

    /// The key that an index entry names.
    public func find(_ entry: StateName) throws(StoreError) -> [UInt8]? {
        let name = Store.indexKey(entry)
        let full: [UInt8]? = try environment.read { transaction throws(StoreError) in
            try name.withRaw { name throws(StoreError) in
                try transaction.get(index, name) { bytes in bytes.map { Array($0) } }
            }
        }
        return full.map { Store.split($0).key }
    }

    /// The partitions of a domain of which the store holds anything.
    private func partitions(of domain: String) throws(StoreError) -> [DomainPartition] {
        var partitions: [DomainPartition] = []
        let head = Array("offset \(domain)[".utf8)
        try environment.read { transaction throws(StoreError) in
            try transaction.scan(meta, prefix: head) { key, _ in
                let digits = String(decoding: key.dropFirst(head.count).dropLast(), as: UTF8.self)
                if let number = Int32(digits) { partitions.append(DomainPartition(domain, number)) }
                return true
            }
        }
        return partitions
    }

    private func asOf(_ partition: DomainPartition) throws(StoreError) -> Tick {
        Mirror(try value(Store.full(partition, Array(Mirror.key.utf8))))?.tick ?? .never
    }

    private func value(_ full: [UInt8]) throws(StoreError) -> [UInt8]? {
        try environment.read { transaction throws(StoreError) in
            try full.withRaw { name throws(StoreError) in
                try transaction.get(state, name) { bytes in bytes.map { Array($0) } }
            }
        }
    }
}

extension Environment {
    /// Opens a named database that is there.
    fileprivate func presentDatabase(_ name: String) throws(StoreError) -> MDB_dbi {
        var started: OpaquePointer?
        try StoreError.check(mdb_txn_begin(handle, nil, UInt32(MDB_RDONLY), &started), "begin to read")
        var dbi: MDB_dbi = 0
        let code = mdb_dbi_open(started, name, 0, &dbi)
        // Committed, though nothing is written: a handle that was opened in a transaction that is aborted is closed with it.
        guard code == 0 else {
            mdb_txn_abort(started)
            throw StoreError(action: "open the database \(name)", code: code)
        }
        try StoreError.check(mdb_txn_commit(started), "open the database \(name)")
        return dbi
    }
}

extension Store {
    fileprivate static func full(_ partition: DomainPartition, _ key: [UInt8]) -> [UInt8] {
        key.withUnsafeBytes { full(partition, $0) }
    }
}
