import CLMDB
public import Consistency
public import Logging
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// A partition of a domain: the unit of ownership, of the changelog and of the local store.
public struct DomainPartition: Hashable, Sendable, CustomStringConvertible {
    /// The domain's name.
    public let domain: String
    /// The partition's number.
    public let partition: Int32

    /// A partition of a domain.
    public init(_ domain: String, _ partition: Int32) {
        self.domain = domain
        self.partition = partition
    }

    /// `stock[3]`.
    public var description: String { "\(domain)[\(partition)]" }
}

/// What one committed Kafka transaction changes in the local store.
public struct StoreCommit: Sendable {
    /// A change to one key: the new bytes, or nil when the key goes.
    ///
    /// It points at bytes that its owner keeps: a transaction's arena, or bytes of its own.
    public struct Change: @unchecked Sendable {
        package let partition: DomainPartition
        let keyBytes: UnsafeRawBufferPointer
        let valueBytes: UnsafeRawBufferPointer?
        /// The entries of the new state, replacing those of the old.
        let indexes: [StateName]
        /// Whether the entries are known to stay as they are; ``indexes`` says nothing then.
        let keepsNames: Bool
        private let owner: Arena

        /// A change; `indexes` are the entries of the new state, replacing those of the old.
        public init(partition: DomainPartition, key: [UInt8], value: [UInt8]?, indexes: [StateName]) {
            let owner = Arena()
            self.init(
                partition: partition, key: key.withUnsafeBytes { owner.copy($0) },
                value: value?.withUnsafeBytes { owner.copy($0) }, names: indexes, owner: owner)
        }

        /// A change of bytes in an arena; `names` is nil when they are known to stay as they are.
        init(
            partition: DomainPartition, key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer?,
            names: [StateName]?, owner: Arena
        ) {
            self.partition = partition
            keyBytes = key
            valueBytes = value
            indexes = names ?? []
            keepsNames = names == nil
            self.owner = owner
        }

        /// The key, copied.
        package var key: [UInt8] { Array(keyBytes) }
        /// The new state, copied; nil when the key goes.
        package var value: [UInt8]? { valueBytes.map { Array($0) } }
    }

    /// The changes, at most one a key.
    public var changes: [Change] = []
    /// Where each changelog partition goes on behind these changes.
    public var changelogOffsets: [DomainPartition: Int64] = [:]
    /// The latest record among these changes, in each changelog partition.
    package var latest: [DomainPartition: LogMark] = [:]

    /// Nothing yet.
    public init() {}
}

/// The hub's local copy of its state (I4): written after the Kafka transaction has committed, together with the
/// changelog offset that it then holds, and rebuilt from the changelog whenever it can't be trusted.
///
/// Names (``StateName``) are derived from the state, never from events: a restore brings them back by itself.
///
/// The databases: `state` (domain, partition, key → state), `index` (index, key → state key), `entries` (state key → its
/// index entries, so that a change can remove the old ones), `meta`.
public final class Store: Sendable {
    /// What a store belongs to. Another cluster, prefix or format is another store.
    public struct Identity: Sendable, Equatable {
        /// The Kafka cluster's id.
        public let cluster: String
        /// The installation's prefix.
        public let prefix: String

        /// An identity.
        public init(cluster: String, prefix: String) {
            self.cluster = cluster
            self.prefix = prefix
        }

        /// The format counts what the keys and the databases look like; states tell their own.
        fileprivate var text: String { "format 3, cluster \(cluster), prefix \(prefix)" }
    }

    private let file: String
    let environment: Environment
    let state: MDB_dbi
    private let index: MDB_dbi
    private let entries: MDB_dbi
    private let meta: MDB_dbi
    private let starts: StoreStarts

    /// Opens the store in a folder, or makes it; what belongs elsewhere, is corrupt or outlived an unclean boot of the
    /// machine is removed and rebuilt.
    ///
    /// - Parameter size: the largest the file may grow, in bytes; address space, not disk.
    public init(folder: String, identity: Identity, size: Int, log: Logger) throws(StoreError) {
        if mkdir(folder, 0o750) != 0, errno != EEXIST { throw StoreError(action: "make \(folder)", code: errno) }
        let file = folder + "/state.mdb"
        starts = StoreStarts(folder: folder)
        let isSuspect = starts.begin(now: time(nil)) > StoreStarts.most
        let suspicion = "\(StoreStarts.most) processes in a row ended soon after they had opened it"
        // What ends a process must not be looked at again.
        if let reason = isSuspect ? suspicion : Store.distrust(file, folder, identity, size) {
            log.warning("rebuilding the local store", metadata: ["reason": "\(reason)", "file": "\(file)"])
            unlink(file)
            unlink(file + "-lock")
            starts.forget()
        }
        self.file = file
        do throws(StoreError) {
            let opened = try Store.begin(file, size, identity)
            (environment, state, index, entries, meta) = opened
        } catch {
            // A disk that is full says nothing against the file.
            if error.mayPass { starts.forget() }
            throw error
        }
    }

    private typealias Opened = (
        environment: Environment, state: MDB_dbi, index: MDB_dbi, entries: MDB_dbi, meta: MDB_dbi
    )

    private static func begin(_ file: String, _ size: Int, _ identity: Identity) throws(StoreError) -> Opened {
        let environment = try Store.open(file, size)
        let state = try environment.database("state")
        let index = try environment.database("index")
        let entries = try environment.database("entries")
        let meta = try environment.database("meta")
        try environment.write { transaction throws(StoreError) in
            try transaction.put(meta, text: "identity", text: identity.text)
            try transaction.put(meta, text: "boot", text: Store.bootID())
        }
        return (environment, state, index, entries, meta)
    }

    /// The process ends because it has decided to: no page of the store has ended it, however often that happens in a row.
    func clear() { starts.forget() }

    /// Flushes to the disk: afterwards the store is trusted even when the machine restarts.
    public func close() throws(StoreError) {
        try environment.write { transaction throws(StoreError) in
            try transaction.put(meta, text: "boot", text: "clean")
        }
        try environment.sync()
        starts.forget()
    }

    /// Removes the file, which can't be trusted any more: the next process builds it anew from the changelog.
    package func condemn() {
        unlink(file)
        unlink(file + "-lock")
    }

    // MARK: State

    /// Lends the state of a key.
    public func withState<Result>(
        _ partition: DomainPartition, _ key: UnsafeRawBufferPointer,
        _ body: (UnsafeRawBufferPointer?) -> Result
    ) throws(StoreError) -> Result {
        let full = Store.full(partition, key)
        return try environment.read { transaction throws(StoreError) in
            try full.withRaw { name throws(StoreError) in
                try transaction.get(state, name) { bytes in body(bytes) }
            }
        }
    }

    /// The state of a key, copied.
    public func stateBytes(_ partition: DomainPartition, _ key: [UInt8]) throws(StoreError) -> [UInt8]? {
        try key.withRaw { name throws(StoreError) in
            try withState(partition, name) { $0.map { Array($0) } }
        }
    }

    /// Lends the states of a partition in the order of their keys, until `body` answers false.
    ///
    /// - Parameters:
    ///   - prefix: with what the keys begin.
    ///   - after: only keys behind this one, which begins with `prefix`.
    public func scan(
        _ partition: DomainPartition, keysFrom prefix: [UInt8] = [], after: [UInt8]? = nil,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Bool
    ) throws(StoreError) {
        let head = prefix.withUnsafeBytes { Store.full(partition, $0) }
        let skip = head.count - prefix.count
        try environment.read { transaction throws(StoreError) in
            try transaction.scan(state, prefix: head, after: after.map { head.prefix(skip) + $0 }) { key, value in
                body(UnsafeRawBufferPointer(rebasing: key[skip...]), value)
            }
        }
    }

    /// The state key that an index entry names, with its partition.
    public func find(_ entry: StateName) throws(StoreError) -> (partition: DomainPartition, key: [UInt8])? {
        let name = Store.indexKey(entry)
        let found: [UInt8]? = try environment.read { transaction throws(StoreError) in
            try name.withRaw { name throws(StoreError) in
                try transaction.get(index, name) { bytes in bytes.map { Array($0) } }
            }
        }
        return found.map { Store.split($0) }
    }

    /// Where the changelog goes on behind what the store holds of a partition; nil when it holds nothing of it.
    public func changelogOffset(_ partition: DomainPartition) throws(StoreError) -> Int64? {
        let name = Store.offsetKey(partition)
        return try environment.read { transaction throws(StoreError) in
            try name.withRaw { name throws(StoreError) in
                try transaction.get(meta, name) { bytes in bytes.map { $0.loadUnaligned(as: Int64.self) } }
            }
        }
    }

    /// The latest record that the store holds of a partition's changelog; nil when that isn't known.
    package func latest(_ partition: DomainPartition) throws(StoreError) -> LogMark? {
        let name = Store.latestKey(partition)
        return try environment.read { transaction throws(StoreError) in
            try name.withRaw { name throws(StoreError) in
                try transaction.get(meta, name) { bytes in bytes.map { $0.loadUnaligned(as: LogMark.self) } }
            }
        }
    }

    /// Writes what a committed transaction changed, all or nothing.
    public func apply(_ commit: StoreCommit) throws(StoreError) {
        try environment.write { transaction throws(StoreError) in
            try write(commit.changes, transaction)
            for (partition, offset) in commit.changelogOffsets {
                try Store.offsetKey(partition).withRaw { name throws(StoreError) in
                    try withBytes(of: offset) { value throws(StoreError) in
                        try transaction.put(meta, name, value)
                    }
                }
            }
            for (partition, mark) in commit.latest {
                try Store.latestKey(partition).withRaw { name throws(StoreError) in
                    try withBytes(of: mark) { value throws(StoreError) in
                        try transaction.put(meta, name, value)
                    }
                }
            }
        }
    }

    /// Sorted keys: neighbouring pages are touched together.
    private func write(
        _ changes: [StoreCommit.Change], _ transaction: borrowing WriteTransaction
    ) throws(StoreError) {
        let cursor = try transaction.cursor(state)
        var full: [UInt8] = []
        for index in Store.sorted(changes) {
            let change = changes[index]
            Store.write(change.partition, change.keyBytes, to: &full)
            try full.withRaw { name throws(StoreError) in
                if let value = change.valueBytes {
                    try cursor.put(name, value)
                } else {
                    try transaction.delete(state, name)
                }
            }
            if !change.keepsNames { try replaceEntries(of: full, by: change.indexes, transaction) }
        }
    }

    /// The changes' places in the order of their full keys.
    private static func sorted(_ changes: [StoreCommit.Change]) -> [Int] {
        var partitions: [(partition: DomainPartition, changes: [Int])] = []
        var latest = 0
        for index in changes.indices {
            let partition = changes[index].partition
            if latest >= partitions.count || partitions[latest].partition != partition {
                latest = partitions.firstIndex { $0.partition == partition } ?? partitions.count
                if latest == partitions.count { partitions.append((partition, [])) }
            }
            partitions[latest].changes.append(index)
        }
        let empty = UnsafeRawBufferPointer(start: nil, count: 0)
        partitions.sort { full($0.partition, empty).lexicographicallyPrecedes(full($1.partition, empty)) }
        return partitions.flatMap { own in
            own.changes.sorted { precedes(changes[$0].keyBytes, changes[$1].keyBytes) }
        }
    }

    private static func precedes(_ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Bool {
        let common = min(one.count, other.count)
        guard common > 0 else { return one.count < other.count }
        let order = memcmp(one.baseAddress!, other.baseAddress!, common)
        return order == 0 ? one.count < other.count : order < 0
    }

    /// Forgets a partition: it belongs to somebody else now, or must be rebuilt.
    public func drop(_ partition: DomainPartition) throws(StoreError) {
        var empties: [[UInt8]] = []
        try scan(partition) { key, _ in
            empties.append(Store.full(partition, key))
            return true
        }
        try environment.write { transaction throws(StoreError) in
            for full in empties { try replaceEntries(of: full, by: [], transaction) }
            let head = Store.full(partition, UnsafeRawBufferPointer(start: nil, count: 0))
            try transaction.delete(state, prefix: head)
            for name in [Store.offsetKey(partition), Store.latestKey(partition)] {
                try name.withRaw { name throws(StoreError) in try transaction.delete(meta, name) }
            }
        }
    }

    private func replaceEntries(
        of full: [UInt8], by new: [StateName], _ transaction: borrowing WriteTransaction
    ) throws(StoreError) {
        let reader = ReadTransaction(handle: transaction.handle)
        let old: [UInt8]? = try full.withRaw { name throws(StoreError) in
            try reader.get(entries, name) { bytes in bytes.map { Array($0) } }
        }
        let wanted = new.map { Store.indexKey($0) }
        let joined = wanted.reduce(into: [UInt8]()) { $0 += Store.lengthPrefixed($1) }
        guard joined != old ?? [] else { return }
        let known = Set(Store.parts(old ?? []))
        for name in known.subtracting(wanted) {
            try name.withRaw { name throws(StoreError) in
                // It may have moved to another key already: of two customers that become one, the names of one go over.
                let isOwn = try reader.get(index, name) { bytes in bytes?.elementsEqual(full) ?? false }
                if isOwn { try transaction.delete(index, name) }
            }
        }
        for name in wanted where !known.contains(name) {
            try name.withRaw { name throws(StoreError) in
                try full.withRaw { full throws(StoreError) in try transaction.put(index, name, full) }
            }
        }
        try full.withRaw { name throws(StoreError) in
            if joined.isEmpty {
                try transaction.delete(entries, name)
            } else {
                try joined.withRaw { value throws(StoreError) in try transaction.put(entries, name, value) }
            }
        }
    }
}

// MARK: - Trust

extension Store {
    private static func open(_ file: String, _ size: Int) throws(StoreError) -> Environment {
        try reserve(file + "-lock")
        let environment = try Environment(path: file, size: size, databases: 8, flags: UInt32(MDB_NOSUBDIR))
        // Readers in other processes that died without a word would keep pages from being used again.
        try StoreError.check(mdb_reader_check(environment.handle, nil), "look for dead readers")
        return environment
    }

    /// Gives the lock file its room on the disk. LMDB maps it as a hole and writes there: on a full disk that is a SIGBUS.
    private static func reserve(_ lock: String) throws(StoreError) {
        let descriptor = Glibc.open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw StoreError(action: "open \(lock)", code: errno) }
        defer { Glibc.close(descriptor) }
        try StoreError.check(posix_fallocate(descriptor, 0, Environment.lockSize), "make room for \(lock)")
    }

    /// Why the store on the disk can't be used; nil when it can, or when there is none.
    private static func distrust(_ file: String, _ folder: String, _ identity: Identity, _ size: Int) -> String? {
        guard access(file, F_OK) == 0 else { return nil }
        do throws(StoreError) {
            let environment = try open(file, size)
            // Reading behind the file's end would end the process.
            if try environment.isCutShort(file) { return "it is cut short" }
            let meta = try environment.database("meta")
            let (owner, boot): (String?, String?) = try environment.read { transaction throws(StoreError) in
                (try transaction.get(meta, text: "identity"), try transaction.get(meta, text: "boot"))
            }
            if owner != identity.text { return "it belongs to: \(owner ?? "nobody")" }
            if boot != "clean", boot != bootID() { return "the machine restarted without closing it" }
            return nil
        } catch {
            return error.description
        }
    }

    /// The kernel's name for this boot of the machine.
    private static func bootID() -> String {
        guard let file = fopen("/proc/sys/kernel/random/boot_id", "r") else { return "unknown" }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = fread(&buffer, 1, buffer.count, file)
        return String(decoding: buffer[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }
}

// MARK: - Keys

extension Store {
    /// `<domain> 0 <partition, big endian> <key>`: a partition's keys lie together.
    static func full(_ partition: DomainPartition, _ key: UnsafeRawBufferPointer) -> [UInt8] {
        var full: [UInt8] = []
        write(partition, key, to: &full)
        return full
    }

    private static func write(_ partition: DomainPartition, _ key: UnsafeRawBufferPointer, to full: inout [UInt8]) {
        full.removeAll(keepingCapacity: true)
        full.append(contentsOf: partition.domain.utf8)
        full.append(0)
        withUnsafeBytes(of: partition.partition.bigEndian) { full.append(contentsOf: $0) }
        full.append(contentsOf: key)
    }

    static func split(_ full: [UInt8]) -> (partition: DomainPartition, key: [UInt8]) {
        let end = full.firstIndex(of: 0) ?? 0
        let domain = String(decoding: full[..<end], as: UTF8.self)
        let number = full[(end + 1)..<(end + 5)].reduce(Int32(0)) { $0 << 8 | Int32($1) }
        return (DomainPartition(domain, number), Array(full[(end + 5)...]))
    }

    static func indexKey(_ entry: StateName) -> [UInt8] {
        Array(entry.index.utf8) + [0] + Array(entry.name.utf8)
    }

    private static func latestKey(_ partition: DomainPartition) -> [UInt8] { Array("latest \(partition)".utf8) }

    private static func offsetKey(_ partition: DomainPartition) -> [UInt8] { Array("offset \(partition)".utf8) }

    private static func lengthPrefixed(_ bytes: [UInt8]) -> [UInt8] {
        withUnsafeBytes(of: UInt32(bytes.count).littleEndian) { Array($0) } + bytes
    }

    private static func parts(_ joined: [UInt8]) -> [[UInt8]] {
        var parts: [[UInt8]] = []
        var at = 0
        while at + 4 <= joined.count {
            let length = joined.withUnsafeBytes {
                Int(UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: at, as: UInt32.self)))
            }
            parts.append(Array(joined[(at + 4)..<(at + 4 + length)]))
            at += 4 + length
        }
        return parts
    }
}

extension [UInt8] {
    /// `withUnsafeBytes` with a typed error.
    func withRaw<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var outcome: Swift.Result<Result, Failure>?
        withUnsafeBytes { bytes in
            do throws(Failure) { outcome = .success(try body(bytes)) } catch { outcome = .failure(error) }
        }
        return try outcome!.get()
    }
}

private func withBytes<Value: BitwiseCopyable>(
    of value: Value, _ body: (UnsafeRawBufferPointer) throws(StoreError) -> Void
) throws(StoreError) {
    try withUnsafeBytes(of: value) { Array($0) }.withRaw(body)
}

extension ReadTransaction {
    fileprivate func get(_ dbi: MDB_dbi, text key: String) throws(StoreError) -> String? {
        try Array(key.utf8).withRaw { name throws(StoreError) in
            try get(dbi, name) { bytes in bytes.map { String(decoding: $0, as: UTF8.self) } }
        }
    }
}

extension WriteTransaction {
    fileprivate func put(_ dbi: MDB_dbi, text key: String, text value: String) throws(StoreError) {
        try Array(key.utf8).withRaw { name throws(StoreError) in
            try Array(value.utf8).withRaw { value throws(StoreError) in try put(dbi, name, value) }
        }
    }
}
