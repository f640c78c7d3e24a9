import Consistency
import Logging
import TestHub
import Testing

@testable import Hub

#if canImport(Glibc)
    import Glibc
#endif

/// A store in a folder of the test's own.
final class Shelf {
    let folder: String
    private static let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init() throws {
        var template = Array("/tmp/omni-store-XXXXXX".utf8CString)
        folder = try #require(mkdtemp(&template).map { String(cString: $0) })
    }

    deinit { Plant.remove(folder) }

    func open(cluster: String = "c1", prefix: String = "omni", size: Int = 1 << 30) throws -> Store {
        try Store(
            folder: folder + "/store", identity: .init(cluster: cluster, prefix: prefix), size: size, log: Self.log)
    }

    var file: String { folder + "/store/state.mdb" }
}

extension Store {
    func put(_ partition: DomainPartition, _ key: String, _ value: String?, _ names: [StateName] = []) throws {
        var commit = StoreCommit()
        commit.changes.append(
            .init(partition: partition, key: Array(key.utf8), value: value.map { Array($0.utf8) }, indexes: names))
        try apply(commit)
    }

    func text(_ partition: DomainPartition, _ key: String) throws -> String? {
        try stateBytes(partition, Array(key.utf8)).map { String(decoding: $0, as: UTF8.self) }
    }

    func keys(_ partition: DomainPartition, from prefix: String = "") throws -> [String] {
        var keys: [String] = []
        try scan(partition, keysFrom: Array(prefix.utf8)) { key, _ in
            keys.append(String(decoding: key, as: UTF8.self))
            return true
        }
        return keys
    }

    func found(_ name: StateName) throws -> String? {
        try find(name).map { "\($0.partition) \(String(decoding: $0.key, as: UTF8.self))" }
    }
}

private let stock = DomainPartition("stock", 0)

@Suite struct StoreTests {
    @Test func aStateIsKeptReplacedAndRemoved() throws {
        let shelf = try Shelf()
        let store = try shelf.open()
        #expect(try store.text(stock, "a") == nil)
        try store.put(stock, "a", "1")
        try store.put(stock, "a", "2")
        try store.put(stock, "empty", "")
        #expect(try store.text(stock, "a") == "2")
        #expect(try store.text(stock, "empty") == "", "empty is not nothing")
        #expect(try store.text(DomainPartition("stock", 1), "a") == nil)
        try store.put(stock, "a", nil)
        try store.put(stock, "never there", nil)
        #expect(try store.text(stock, "a") == nil)
    }

    @Test func scansKeepToTheirPartitionAndPrefix() throws {
        let shelf = try Shelf()
        let store = try shelf.open()
        // Names and numbers whose bytes could run into each other.
        let others = [DomainPartition("stoc", 0), DomainPartition("stocks", 0), DomainPartition("stock", 256)]
        for partition in others + [stock] {
            for key in ["b@2", "b@1", "a", "b", "c\u{0}d", "b@10"] { try store.put(partition, key, "\(partition)") }
        }
        #expect(try store.keys(stock) == ["a", "b", "b@1", "b@10", "b@2", "c\u{0}d"])
        #expect(try store.keys(stock, from: "b@") == ["b@1", "b@10", "b@2"])
        #expect(try store.keys(stock, from: "b@1") == ["b@1", "b@10"])
        #expect(try store.keys(stock, from: "zz") == [])
        #expect(try store.keys(DomainPartition("stock", 1)) == [])
        var first: [String] = []
        try store.scan(stock) { key, value in
            first.append(String(decoding: key, as: UTF8.self) + String(decoding: value, as: UTF8.self))
            return first.count < 2
        }
        #expect(first == ["astock[0]", "bstock[0]"], "until the body answers false")
    }

    @Test func aChangeReplacesItsIndexEntries() throws {
        let shelf = try Shelf()
        let store = try shelf.open()
        let (one, two) = (StateName("id.product", "till:1"), StateName("id.product", "shop:1"))
        try store.put(stock, "a", "x", [one])
        #expect(try store.found(one) == "stock[0] a")
        #expect(try store.found(StateName("id.produc", "ttill:1")) == nil)
        try store.put(stock, "a", "y", [two])
        #expect(try store.found(one) == nil)
        #expect(try store.found(two) == "stock[0] a")
        try store.put(stock, "a", nil)
        #expect(try store.found(two) == nil)
    }

    /// Two customers become one: in one commit the one's members become the other's, in whatever order keys have.
    @Test(arguments: [("a", "b"), ("b", "a")])
    func aNameThatMovesToAnotherKeyStaysFound(from: String, to: String) throws {
        let shelf = try Shelf()
        let store = try shelf.open()
        let name = StateName("id.customer", "crm:1")
        try store.put(stock, from, "x", [name])
        var commit = StoreCommit()
        commit.changes.append(.init(partition: stock, key: Array(from.utf8), value: [1], indexes: []))
        commit.changes.append(.init(partition: stock, key: Array(to.utf8), value: [1], indexes: [name]))
        try store.apply(commit)
        #expect(try store.found(name) == "stock[0] \(to)")
        // The one that lost it goes: that must not take the name along.
        try store.put(stock, from, nil)
        #expect(try store.found(name) == "stock[0] \(to)")
    }

    /// LMDB frees the readers' places of a process number when a store is closed under it: in containers two have the same.
    @Test func aViewWhosePlaceAmongTheReadersWasFreedLooksAgain() throws {
        let shelf = try Shelf()
        var other: Store? = try shelf.open()
        let store = try shelf.open()
        let partition = DomainPartition("product", 0)
        try store.put(partition, "a", "1")
        let view = store.view()
        func text() throws -> String? {
            try Array("a".utf8).withUnsafeBytes { key in
                try view.withState(partition, key) { $0.map { String(decoding: $0, as: UTF8.self) } }
            }
        }
        try view.refresh()
        #expect(try text() == "1")
        view.rest()
        #expect(try other?.text(partition, "a") == "1")
        other = nil
        try store.put(partition, "a", "2")
        for _ in 0..<2 {
            try view.refresh()
            #expect(try text() == "2")
            view.rest()
        }
    }

    @Test func aPartitionIsForgottenWhole() throws {
        let shelf = try Shelf()
        let store = try shelf.open()
        let other = DomainPartition("stock", 1)
        let (mine, theirs) = (StateName("reservation", "r1"), StateName("reservation", "r2"))
        try store.put(stock, "a", "x", [mine])
        try store.put(other, "a", "x", [theirs])
        var commit = StoreCommit()
        commit.changelogOffsets = [stock: 17, other: 18]
        try store.apply(commit)
        try store.drop(stock)
        #expect(try store.keys(stock) == [])
        #expect(try store.found(mine) == nil)
        #expect(try store.changelogOffset(stock) == nil)
        #expect(try store.keys(other) == ["a"])
        #expect(try store.found(theirs) == "stock[1] a")
        #expect(try store.changelogOffset(other) == 18)
    }

    @Test func aCommitIsAllOrNothing() throws {
        let shelf = try Shelf()
        let store = try shelf.open()
        try store.put(stock, "a", "1")
        var commit = StoreCommit()
        commit.changes.append(.init(partition: stock, key: Array("a".utf8), value: [2], indexes: []))
        // LMDB's keys have at most 511 bytes.
        commit.changes.append(
            .init(partition: stock, key: Array(repeating: 0x62, count: 600), value: [2], indexes: []))
        commit.changelogOffsets[stock] = 5
        #expect(throws: StoreError.self) { try store.apply(commit) }
        #expect(try store.text(stock, "a") == "1")
        #expect(try store.changelogOffset(stock) == nil)
    }

    /// Against dictionaries, with random commits, reopened now and then.
    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func itAgreesWithDictionaries(seed: UInt64) throws {
        let shelf = try Shelf()
        var random = Seeded(seed)
        var model = StoreModel()
        var store: Store? = try shelf.open()
        for step in 0..<300 {
            if step % 100 == 99 {
                try store?.close()
                store = nil
                store = try shelf.open()
            }
            let open = try #require(store)
            if Int.random(in: 0..<40, using: &random) == 0 {
                let partition = StoreModel.partitions.randomElement(using: &random)!
                try open.drop(partition)
                model.drop(partition)
            } else {
                let commit = StoreModel.commit(&random)
                try open.apply(commit)
                model.apply(commit)
            }
            if step % 10 == 0 { try model.compare(open) }
        }
        try model.compare(#require(store))
    }
}

/// What a store is, without a disk.
struct StoreModel {
    static let partitions = [DomainPartition("stock", 0), DomainPartition("stock", 1), DomainPartition("order", 0)]
    private static let names = (0..<8).map { StateName($0 % 2 == 0 ? "id.a" : "id.b", "n\($0)") }

    private var states: [DomainPartition: [[UInt8]: [UInt8]]] = [:]
    private var offsets: [DomainPartition: Int64] = [:]
    private var lists: [DomainPartition: [[UInt8]: [StateName]]] = [:]
    /// Whose a name is: the last one's that took it, until that one gives it up.
    private var owners: [StateName: (DomainPartition, [UInt8])] = [:]

    static func commit(_ random: inout Seeded) -> StoreCommit {
        var commit = StoreCommit()
        var keys: Set<String> = []
        for _ in 0..<Int.random(in: 1...5, using: &random) {
            let partition = partitions.randomElement(using: &random)!
            let key =
                String(repeating: "k", count: Int.random(in: 1...3, using: &random))
                + "\(Int.random(in: 0..<6, using: &random))"
            guard keys.insert("\(partition) \(key)").inserted else { continue }
            let isRemoval = Int.random(in: 0..<4, using: &random) == 0
            let value = (0..<Int.random(in: 0..<2_000, using: &random)).map { UInt8(truncatingIfNeeded: $0) }
            commit.changes.append(
                .init(
                    partition: partition, key: Array(key.utf8), value: isRemoval ? nil : value,
                    indexes: isRemoval
                        ? [] : Array(names.shuffled(using: &random).prefix(Int.random(in: 0..<3, using: &random)))))
            commit.changelogOffsets[partition] = Int64.random(in: 0..<1_000, using: &random)
        }
        return commit
    }

    mutating func apply(_ commit: StoreCommit) {
        // The store works in the order of full keys; a name claimed by two in one commit is the last one's.
        let order = commit.changes.sorted {
            Self.full($0.partition, $0.key).lexicographicallyPrecedes(Self.full($1.partition, $1.key))
        }
        for change in order {
            states[change.partition, default: [:]][change.key] = change.value
            release(change.partition, change.key) { !change.indexes.contains($0) }
            let known = lists[change.partition]?[change.key] ?? []
            for name in change.indexes where !known.contains(name) { owners[name] = (change.partition, change.key) }
            lists[change.partition, default: [:]][change.key] = change.indexes
        }
        offsets.merge(commit.changelogOffsets) { $1 }
    }

    mutating func drop(_ partition: DomainPartition) {
        for key in (states[partition] ?? [:]).keys { release(partition, key) { _ in true } }
        states[partition] = nil
        lists[partition] = nil
        offsets[partition] = nil
    }

    private mutating func release(_ partition: DomainPartition, _ key: [UInt8], _ isGone: (StateName) -> Bool) {
        owners = owners.filter { name, owner in !(owner.0 == partition && owner.1 == key && isGone(name)) }
    }

    private static func full(_ partition: DomainPartition, _ key: [UInt8]) -> [UInt8] {
        Array(partition.domain.utf8) + [0] + withUnsafeBytes(of: partition.partition.bigEndian) { Array($0) } + key
    }

    func compare(_ store: Store) throws {
        for partition in Self.partitions {
            var found: [[UInt8]: [UInt8]] = [:]
            var keys: [[UInt8]] = []
            try store.scan(partition) { key, value in
                keys.append(Array(key))
                found[Array(key)] = Array(value)
                return true
            }
            #expect(found == states[partition] ?? [:])
            #expect(keys == keys.sorted { $0.lexicographicallyPrecedes($1) })
            #expect(try store.changelogOffset(partition) == offsets[partition])
        }
        for name in Self.names {
            let found = try store.find(name)
            #expect(found?.partition == owners[name]?.0 && found?.key == owners[name]?.1, "\(name)")
        }
    }
}
