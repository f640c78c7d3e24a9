import Canonical
import Consistency
import Document
@testable import Hub
import Kafka
import TestHub
import Testing
import Transports

/// I4: whatever happens to hubs, every input is decided exactly once.
@Suite struct ReplacementTests {
    private static let places = (0..<5).map { "store-\($0)" }
    private static let sofa = "06438012345675"

    /// What is sent, and what must have come of it.
    struct Load {
        var events: [Foreign] = []
        var onHand: [String: Int] = [:]
        var revisions: [String: Int] = [:]
        var holds: [String: Int] = [:]
        var unusable = 0

        init(seed: UInt64, movements: Int) {
            var random = Seeded(seed)
            for place in places {
                onHand[place] = 1_000
                revisions[place] = 1
            }
            for number in 0..<movements {
                let place = places.randomElement(using: &random)!
                let quantity = Int.random(in: 1...3, using: &random)
                events.append(.movement(sofa, place, "-\(quantity)", id: "m\(number)"))
                onHand[place]! -= quantity
                revisions[place]! += 1
                if number % 8 == 3 {
                    // Not idempotent: decided twice, there are two dead letters.
                    events.append(Foreign("omni.nonsense.stated", key: "\(sofa)@\(place)", "{}", id: "n\(number)"))
                    unusable += 1
                }
                if number % 12 == 5 {
                    // Nor is this: a request that is repeated is answered again.
                    events.append(.hold("r\(number)", sofa, place))
                    holds["r\(number)", default: 0] += 1
                    revisions[place]! += 1
                }
            }
        }
    }

    @Test func everyInputIsDecidedOnceHoweverOftenHubsAreReplaced() throws {
        let plant = try Plant(partitions: 3)
        let load = Load(seed: 11, movements: 500)
        try plant.send(Self.places.map { .count(Self.sofa, $0, "1000") }, to: "stock")
        let outcome = Monitor<String?>(nil)
        let writer = try NamedThread("writer") {
            do {
                try Self.write(load.events, plant)
                outcome.withLock { $0 = "sent" }
            } catch {
                outcome.withLock { $0 = "\(error)" }
            }
        }
        try replaceHubs(plant, isDone: { outcome.withLock { $0 } != nil })
        writer.join()
        #expect(outcome.withLock { $0 } == "sent")
        try plant.running(plant.elsewhere("last")) { running in
            try running.settle(plant)
            try check(plant, load)
            try checkPositions(plant, running.hub)
        }
    }

    /// In bursts that wait for the hub, so that every replacement happens in the middle.
    private static func write(_ events: [Foreign], _ plant: Plant) throws {
        let producer = try plant.producer()
        for (number, event) in events.enumerated() {
            try plant.queue(event, to: "stock", by: producer)
            guard number % 12 == 11 else { continue }
            try producer.flush(timeout: .seconds(30))
            try eventually("the hub follows", within: .seconds(60)) { try plant.lag(of: "stock") < 40 }
        }
        try producer.flush(timeout: .seconds(30))
    }

    /// Stops a hub, or lets another one take its place while it works, until all is sent.
    private func replaceHubs(_ plant: Plant, isDone: () -> Bool) throws {
        var random = Seeded(5)
        var folders = 0
        var folder = try plant.elsewhere("machine-0")
        var hub: RunningHub? = try RunningHub(plant, folder)
        var (stops, fences) = (0, 0)
        while !isDone() {
            let until = try plant.committed(of: "stock") + Int64.random(in: 5...60, using: &random)
            try eventually("the hub has moved on") { try isDone() || plant.committed(of: "stock") >= until }
            if Bool.random(using: &random) {
                try hub?.stop()
                // The store's file can't be open twice in one process.
                hub = nil
                hub = try RunningHub(plant, folder)
                stops += 1
            } else {
                // As if on another machine, under the same name; nobody tells the first one.
                folders += 1
                folder = try plant.elsewhere("machine-\(folders)")
                let next = try RunningHub(plant, folder)
                if let old = hub { try expectFenced(old, isDone) }
                hub = next
                fences += 1
            }
        }
        try hub?.stop()
        #expect(stops > 0 && fences > 0, "\(stops) stops, \(fences) fences")
    }

    private func expectFenced(_ old: RunningHub, _ isDone: () -> Bool) throws {
        try eventually("the one that was replaced ends") { old.failure != nil || isDone() }
        if let error = old.failure {
            #expect((error as? KafkaError)?.isFatal == true, "\(error)")
        } else {
            old.end()
        }
    }

    private func check(_ plant: Plant, _ load: Load) throws {
        var revisions: [String: [Int]] = [:]
        var last: [String: JSON] = [:]
        for record in try plant.records(plant.names.golden(entity: "stock")) {
            let place = record.json?["place"]?.string ?? ""
            revisions[place, default: []].append(record.revision ?? -1)
            last[place] = record.json?["onHand"]
        }
        for place in Self.places {
            #expect(last[place]?.integer == load.onHand[place], "the sum at \(place)")
            #expect(revisions[place] == Array(1...load.revisions[place]!), "each revision once, in order, at \(place)")
        }
        let dead = try plant.records(plant.names.dead(of: "hub"))
        #expect(dead.count == load.unusable)
        #expect(Set(dead.map { $0["omni_where"] }).count == dead.count)
        var decided: [String: Int] = [:]
        for record in try plant.records(plant.names.golden(entity: "reservation")) {
            decided[record.key ?? "", default: 0] += 1
            #expect(record.json?["state"] == "confirmed")
        }
        #expect(decided == load.holds)
    }

    /// What the group has committed is what the changelog's mirror says, and the end.
    private func checkPositions(_ plant: Plant, _ hub: HubProcess) throws {
        let input = plant.names.input(domain: "stock")
        let places = try plant.admin().topics([input], timeout: .seconds(30)).flatMap(\.topicPartitions)
        let committed = try plant.admin().committed(group: plant.names.hubGroup, places, timeout: .seconds(30))
        let ends = try plant.admin().watermarks(of: places, timeout: .seconds(30))
        for place in places {
            #expect(committed[place] == ends[place]?.high)
            let mirror = try hub.store.mirror(DomainPartition("stock", place.partition))
            #expect(mirror?.inputOffset == committed[place])
        }
    }

    /// Offsets of a group expire on the broker; the changelog's mirror doesn't.
    @Test func aGroupWhoseOffsetsAreGoneGoesOnFromTheMirror() throws {
        let plant = try Plant(partitions: 2)
        let bad = (0..<6).map { Foreign("omni.nonsense.stated", key: "k\($0)", "{}") }
        try plant.running { _ in
            try plant.send(bad, to: "stock")
            try plant.settle()
        }
        try plant.send(bad, to: "stock")
        // A group that has no offsets yet, over the same state.
        let store = try Shelf().open(prefix: plant.prefix)
        let loop = try HubLoop(plant, group: "\(plant.names.hubGroup)-anew", store)
        var dead = 0
        try loop.run {
            dead = (try? plant.records(plant.names.dead(of: "hub")).count) ?? 0
            return dead >= 12
        }
        let letters = try plant.records(plant.names.dead(of: "hub"))
        #expect(letters.count == 12 && Set(letters.map { $0["omni_where"] }).count == 12, "not a record twice")
    }

    /// A consumer whose partitions could not be taken is of no use any more: the loop must end, not try for ever.
    @Test func aLoopThatCanNotTakeItsPartitionsEnds() throws {
        let plant = try Plant(partitions: 1)
        try plant.running { _ in
            try plant.send((0..<200).map { .order("order-\($0)-" + String(repeating: "x", count: 100)) }, to: "order")
            try plant.settle()
        }
        let shelf = try Shelf()
        // Too small for what the changelog holds.
        let store = try shelf.open(prefix: plant.prefix, size: 96 << 10)
        let loop = try HubLoop(plant, group: plant.names.hubGroup, store)
        let end = ContinuousClock.now + .seconds(20)
        let error = #expect(throws: StoreError.self) { try loop.run { ContinuousClock.now > end } }
        #expect(error?.isCorruption == false && error?.description.contains("large") == true)
    }

    /// A hub that never read a topic begins with what is left of it.
    @Test func aFirstHubBeginsWhereRetentionHasLeftOff() throws {
        let plant = try Plant(partitions: 1)
        try plant.send((0..<5).map { .product(Self.sofa, "\"name\":\"Sofa \($0)\"") }, to: "product")
        let place = TopicPartition(plant.names.input(domain: "product"), 0)
        try plant.admin().deleteRecords(before: [place.at(3)], timeout: .seconds(30))
        try plant.running { running in
            try plant.settle()
            #expect(running.failure == nil)
            let golden = try plant.records(plant.names.golden(entity: "product"))
            #expect(golden.map { $0.json?["name"] } == ["Sofa 3", "Sofa 4"])
        }
    }
}

extension HubLoop {
    /// The loop of a hub with a store of the test's own.
    convenience init(_ plant: Plant, group: String, _ store: Store) throws {
        let inputs = plant.model.domains.map { plant.names.input(domain: $0) }
        let topics = try plant.admin().topics(inputs, timeout: .seconds(30))
        let clients = HubClients(settings: plant.broker, group: group, instance: "1", startsFile: nil)
        try self.init(
            consumer: clients.consumer(plant.log),
            producer: clients.producer(Insistence(clocks: .machine, log: plant.log), plant.log),
            changelog: clients.changelog(plant.log), store: store, clocks: .machine, model: plant.model,
            kinds: KindCatalog(plant.model), subscribers: [:], bounds: HoldBounds(), names: plant.names,
            largest: clients.largest, quarantine: plant.folder + "/quarantine",
            partitionCounts: Dictionary(uniqueKeysWithValues: topics.map { ($0.name, Int32($0.partitions.count)) }),
            ownership: { _ in }, waitingCount: { _ in }, log: plant.log)
    }
}

extension Plant {
    /// The sum of the committed positions in a domain's input.
    func committed(of domain: String) throws -> Int64 {
        let places = try admin().topics([names.input(domain: domain)], timeout: .seconds(30)).flatMap(\.topicPartitions)
        return try admin().committed(group: names.hubGroup, places, stable: false, timeout: .seconds(30))
            .values.reduce(0, +)
    }

    /// How much of a domain's input isn't committed.
    func lag(of domain: String) throws -> Int64 {
        let places = try admin().topics([names.input(domain: domain)], timeout: .seconds(30)).flatMap(\.topicPartitions)
        let ends = try admin().watermarks(of: places, timeout: .seconds(30)).values.reduce(0) { $0 + $1.high }
        return try ends - committed(of: domain)
    }
}
