import Canonical
import Consistency
import Document
import Kafka
import Logging
import TestHub
import Testing

@testable import Hub

extension Store {
    /// Everything in it, byte by byte, by partition and key.
    func dump(_ model: Model, partitions: Int32) throws -> [String: [[UInt8]: [UInt8]]] {
        var dump: [String: [[UInt8]: [UInt8]]] = [:]
        for domain in model.domains {
            for number in 0..<(domain == "customer" ? 1 : partitions) {
                let partition = DomainPartition(domain, number)
                try scan(partition) { key, value in
                    dump["\(partition)", default: [:]][Array(key)] = Array(value)
                    return true
                }
            }
        }
        return dump
    }

    func mirror(_ partition: DomainPartition) throws -> Mirror? {
        try Mirror(stateBytes(partition, Array(Mirror.key.utf8)))
    }
}

/// A store that is no beginning of the changelog, or can't be read, is rebuilt by itself.
@Suite struct ForeignStoreTests {
    private static let order = DomainPartition("order", 0)

    /// Changes the store of a hub that is not running.
    private func tamper(_ plant: Plant, _ commit: StoreCommit) throws {
        let cluster = try plant.admin().clusterID(timeout: .seconds(30)) ?? "unknown"
        let store = try Store(
            folder: "\(plant.folder)/var/hub-1", identity: .init(cluster: cluster, prefix: plant.prefix),
            size: 64 << 30, log: plant.log)
        try store.apply(commit)
        try store.close()
    }

    /// A topic that was deleted and made again holds, before the store's place, what is younger than the store.
    @Test(arguments: [false, true])
    func aStoreOfATopicThatWasMadeAnewIsRebuilt(isYounger: Bool) throws {
        let plant = try Plant(partitions: 1)
        try plant.running { running in
            try plant.send([.order("o-1")], to: "order")
            try running.settle(plant)
        }
        var commit = StoreCommit()
        commit.changes = [.init(partition: Self.order, key: Array("ghost".utf8), value: nil, indexes: [])]
        try plant.running { running in
            let state = try running.hub.store.stateBytes(Self.order, Array("o-1".utf8))
            commit.changes = [.init(partition: Self.order, key: Array("ghost".utf8), value: state, indexes: [])]
        }
        if isYounger {
            commit.latest[Self.order] = LogMark(offset: 0, appended: Plant.wall().milliseconds - 3_600_000)
        }
        try tamper(plant, commit)
        try plant.running { running in
            try running.settle(plant)
            #expect(try running.hub.store.stateBytes(Self.order, Array("o-1".utf8)) != nil)
            let ghost = try running.hub.store.stateBytes(Self.order, Array("ghost".utf8))
            #expect((ghost == nil) == isYounger, "what is in no changelog")
        }
    }

    /// Somebody has deleted the changelog and made it anew: what it held is in the local store, if anywhere.
    @Test func aStoreThatKnowsMoreThanAChangelogThatWasEmptiedIsKept() throws {
        let plant = try Plant(partitions: 1)
        var state: [UInt8]?
        try plant.running { running in
            try plant.send([.order("o-1")], to: "order")
            try running.settle(plant)
            state = try running.hub.store.stateBytes(Self.order, Array("o-1".utf8))
        }
        var commit = StoreCommit()
        commit.changes = (2...4).map {
            .init(partition: Self.order, key: Array("o-\($0)".utf8), value: state, indexes: [])
        }
        commit.changelogOffsets[Self.order] = 1_000_000
        try tamper(plant, commit)
        // A supervisor starts it again and again: that makes no store suspicious.
        for _ in 0...StoreStarts.most {
            let refusing = try RunningHub(plant, waits: false)
            defer { refusing.end() }
            try eventually("the hub says so, and ends") { refusing.failure != nil }
            let words = "\(try #require(refusing.failure))"
            #expect(words.contains("1 of the 4 states") && words.contains("backup"), "\(words)")
            #expect(try refusing.hub.store.stateBytes(Self.order, Array("o-4".utf8)) == state)
        }
    }

    /// All of the states, even: what a hub wrote there before it saw that it is new, and said so.
    @Test(arguments: [true, false])
    func aChangelogThatAHubSawMadeAnewIsNotTakenForABackup(isTold: Bool) throws {
        let plant = try Plant(partitions: 1)
        try plant.running { running in
            try plant.send([.order("o-1")], to: "order")
            try running.settle(plant)
        }
        if isTold {
            let producer = try plant.producer()
            let note = Note.emptied.utf8.span.bytes
            try producer.produce(to: plant.names.state(domain: "order"), partition: 0, key: note, value: note)
            try producer.flush(timeout: .seconds(30))
        }
        var commit = StoreCommit()
        commit.changelogOffsets[Self.order] = 1_000_000
        try tamper(plant, commit)
        // The hub that saw it, started again; and another, which knows nothing of it.
        for installation in [plant.installation, try plant.elsewhere("new")] {
            let running = try RunningHub(plant, installation, waits: false)
            defer { running.end() }
            if isTold {
                try eventually("the hub says so, and ends") { running.failure != nil }
                #expect("\(try #require(running.failure))".contains("was made anew while a hub ran"))
            } else {
                try eventually("it is rebuilt") {
                    try running.hub.store.changelogOffset(Self.order).map { $0 < 1_000_000 } ?? false
                }
                try running.settle(plant)
            }
        }
    }

    /// One bit, as a disk changes it.
    @Test func aStateThatTheDiskHasChangedCondemnsTheStoreAndTheNextHubRebuildsIt() throws {
        let plant = try Plant(partitions: 1)
        var state: [UInt8] = []
        try plant.running { running in
            try plant.send([.order("o-1")], to: "order")
            try running.settle(plant)
            state = try #require(try running.hub.store.stateBytes(Self.order, Array("o-1".utf8)))
        }
        let path = "\(plant.folder)/var/hub-1/state.mdb"
        var bytes = try #require(Plant.read(path))
        while let found = bytes.firstRange(of: state) { bytes[found.upperBound - 1] ^= 1 }
        try Plant.write(path, bytes)
        let broken = try RunningHub(plant, waits: false)
        defer { broken.end() }
        try plant.send([.order("o-1")], to: "order")
        try eventually("the hub gives up") { broken.failure != nil }
        try plant.running { running in
            try running.settle(plant)
            let state = try #require(try running.hub.store.stateBytes(Self.order, Array("o-1".utf8)))
            #expect(try Engine.nextDue(state) == nil, "it can be read again")
        }
    }

    @Test func aStateThatCantBeReadCondemnsTheStoreAndTheNextHubRebuildsIt() throws {
        let plant = try Plant(partitions: 1)
        try plant.running { running in
            try plant.send([.order("o-1")], to: "order")
            try running.settle(plant)
        }
        var commit = StoreCommit()
        commit.changes = [
            .init(partition: Self.order, key: Array("o-1".utf8), value: Array("garbage".utf8), indexes: [])
        ]
        try tamper(plant, commit)
        let broken = try RunningHub(plant, waits: false)
        defer { broken.end() }
        try plant.send([.order("o-1")], to: "order")
        try eventually("the hub gives up") { broken.failure != nil }
        try plant.running { running in
            try running.settle(plant)
            let state = try #require(try running.hub.store.stateBytes(Self.order, Array("o-1".utf8)))
            #expect(try Engine.nextDue(state) == nil, "it can be read again")
        }
    }
}

/// A store that was away for longer than deletions are kept would keep what was deleted meanwhile.
@Suite struct LongAbsenceTests {
    private static let order = DomainPartition("order", 0)
    private static let zombie = "zombie"

    /// Leaves something in the store that is in no changelog any more, last written so many days ago.
    private func age(_ plant: Plant, _ data: String, days: Int64) throws {
        let cluster = try plant.admin().clusterID(timeout: .seconds(30)) ?? "unknown"
        let store = try Store(
            folder: "\(plant.folder)/\(data)/hub-1", identity: .init(cluster: cluster, prefix: plant.prefix),
            size: 64 << 30, log: plant.log)
        let mirror = try #require(try store.mirror(Self.order))
        let state = try #require(try store.stateBytes(Self.order, Array("o-1".utf8)))
        let old = Mirror(inputOffset: mirror.inputOffset, tick: Plant.wall().advanced(by: -days * 86_400_000))
        var commit = StoreCommit()
        commit.changes = [
            .init(partition: Self.order, key: Array(Self.zombie.utf8), value: state, indexes: []),
            .init(partition: Self.order, key: Array(Mirror.key.utf8), value: old.bytes, indexes: []),
        ]
        try store.apply(commit)
        try store.close()
    }

    @Test(arguments: [(14, true), (16, false)] as [(Int64, Bool)])
    func aStoreThatWasAwayForTooLongIsRebuilt(days: Int64, isKept: Bool) throws {
        let plant = try Plant(partitions: 1)
        try plant.running { running in
            try plant.send([.order("o-1")], to: "order")
            try running.settle(plant)
        }
        try age(plant, "var", days: days)
        // Another one goes on meanwhile.
        try plant.running(plant.elsewhere("machine-2")) { running in
            try plant.send([.order("o-2")], to: "order")
            try running.settle(plant)
        }
        try plant.running { running in
            try running.settle(plant)
            let store = running.hub.store
            for key in ["o-1", "o-2"] { #expect(try store.stateBytes(Self.order, Array(key.utf8)) != nil) }
            #expect(try (store.stateBytes(Self.order, Array(Self.zombie.utf8)) != nil) == isKept)
        }
    }
}

/// The local store is a copy: whatever becomes of it, the changelog brings it back as it was (I4).
@Suite struct RebuildTests {
    private static let sofa = "06438012345675"
    private static let names = [
        StateName("reservation", "r1"), StateName("reservation", "r3"), StateName("id.product", "till:4711"),
        StateName("id.customer", "crm:C-1"), StateName("id.customer", "till:7"), StateName("id.product", "till:0"),
        StateName("id.product", "till:1"),
    ]

    /// An installation whose hub has decided a bit of everything, in two parts.
    private struct History {
        let plant: Plant
        let dump: [String: [[UInt8]: [UInt8]]]
        let found: [String?]
        var folder: String { "\(plant.folder)/var/hub-1" }
        var half: String { "\(plant.folder)/half" }

        init() throws {
            let plant = try Plant(partitions: 2)
            self.plant = plant
            var (dump, found): ([String: [[UInt8]: [UInt8]]], [String?]) = ([:], [])
            for part in 0..<2 {
                try plant.running { running in
                    try Self.send(part, plant)
                    try running.settle(plant)
                    try running.note(
                        ["product", "order", "customer", "stock", "reservation"].map { plant.names.golden(entity: $0) }
                            + ["product", "customer"].map { plant.names.identity(entity: $0) }, plant)
                    try running.settle(plant)
                    dump = try running.hub.store.dump(plant.model, partitions: 2)
                    found = try RebuildTests.names.map { try running.hub.store.found($0) }
                }
                if part == 0 { try Plant.copy("\(plant.folder)/var/hub-1", "\(plant.folder)/half") }
            }
            self.dump = dump
            self.found = found
        }

        private static func send(_ part: Int, _ plant: Plant) throws {
            func customer(_ system: String, _ id: String, _ email: String) -> Foreign {
                Foreign(
                    "omni.customer.stated", key: "\(system):\(id)", "{\"email\":\"\(email)\"}", from: "/\(system)/x"
                )
                .with("ce_self", id)
            }
            let product = Foreign.product(sofa, "\"name\":\"Sofa \(part)\"").with("ce_self", part == 0 ? "0" : "4711")
            try plant.send([product, .product("06438012345682", "\"price\":\(part)")], to: "product")
            try plant.send([.order("o-\(part)"), .order("o-x")], to: "order")
            // They become one in the second part: states go.
            try plant.send(
                [
                    customer("crm", "C-1", "a@example.org"),
                    customer("till", "7", part == 0 ? "b@x.org" : "a@example.org"),
                ],
                to: "customer")
            let places = ["kamppi", "pasila"]
            try plant.send(
                places.map { part == 0 ? .count(sofa, $0, "9") : .movement(sofa, $0, "-1") } + [
                    .hold("r\(part * 2 + 1)", sofa, "kamppi"), .hold("r\(part * 2 + 2)", sofa, "pasila"),
                    .release("r2", sofa, "pasila"),
                ], to: "stock")
        }
    }

    @Test func aStoreThatIsGoneOldForeignOrBrokenComesBackByteByByte() throws {
        let history = try History()
        #expect(history.dump.values.reduce(0) { $0 + $1.count } > 15, "there is something to lose")
        #expect(history.found.dropLast().allSatisfy { $0 != nil } && history.found.last == .some(nil))
        for damage in Damage.allCases {
            try damage.happen(to: history.folder, half: history.half, plant: history.plant)
            try history.plant.running { running in
                try running.settle(history.plant)
                let dump = try running.hub.store.dump(history.plant.model, partitions: 2)
                #expect(Set(dump.keys) == Set(history.dump.keys), "\(damage)")
                // By which records it knows its topics is noted in a transaction of its own, now and then.
                func decided(_ states: [[UInt8]: [UInt8]]?) -> [[UInt8]: [UInt8]]? {
                    states?.filter { key, _ in ![Mirror.key, Note.outputs].contains { Array($0.utf8) == key } }
                }
                for (partition, states) in history.dump {
                    #expect(decided(dump[partition]) == decided(states), "\(damage): \(partition)")
                }
                #expect(try Self.names.map { try running.hub.store.found($0) } == history.found, "\(damage)")
            }
        }
        // None of it was decided anew.
        let golden = try history.plant.records(history.plant.names.golden(entity: "product"))
        #expect(golden.filter { $0.key == Self.sofa }.map(\.revision) == [1, 2])
    }

    enum Damage: CaseIterable {
        case removed, behind, foreign, garbage, ahead

        func happen(to folder: String, half: String, plant: Plant) throws {
            switch self {
            case .removed: Plant.remove(folder)
            case .behind:
                Plant.remove(folder)
                try Plant.copy(half, folder)
            case .foreign:
                Plant.remove(folder)
                try junk(in: folder, cluster: "elsewhere", prefix: "other", offset: 1)
            case .garbage:
                var random = Seeded(3)
                let bytes = (0..<50_000).map { _ in UInt8.random(in: 0...255, using: &random) }
                try Plant.write(folder + "/state.mdb", bytes)
            case .ahead:
                // The topics were made anew: what the store holds is of the ones before.
                Plant.remove(folder)
                let cluster = try plant.admin().clusterID(timeout: .seconds(30)) ?? "unknown"
                try junk(in: folder, cluster: cluster, prefix: plant.prefix, offset: 1_000_000)
            }
        }

        private func junk(in folder: String, cluster: String, prefix: String, offset: Int64) throws {
            let store = try Store(
                folder: folder, identity: .init(cluster: cluster, prefix: prefix), size: 1 << 30,
                log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            // One whose changelog holds more than that.
            let partition = DomainPartition("customer", 0)
            try store.put(partition, "junk", "junk", [RebuildTests.names.last!])
            var commit = StoreCommit()
            commit.changelogOffsets[partition] = offset
            try store.apply(commit)
            try store.close()
        }
    }
}
