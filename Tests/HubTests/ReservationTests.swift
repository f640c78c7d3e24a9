import Canonical
import Document
@testable import Hub
import Kafka
import TestHub
import Testing
import Transports

@Suite struct ReservationTests {
    private static let sofa = "06438012345675"
    private static let place = "06438012345675@kamppi"

    private static func states(_ plant: Plant) throws -> [String: JSON] {
        try plant.table(plant.names.golden(entity: "reservation")).compactMapValues { $0.json?["state"] }
    }

    /// I5: one green sofa, a hundred who want it, from five threads at once.
    @Test(arguments: [1, 3])
    func ofAHundredClaimsOnlyAsManyAreConfirmedAsThereArePieces(pieces: Int) throws {
        let plant = try Plant(partitions: 2)
        try plant.running { _ in
            try plant.send([.count(Self.sofa, "kamppi", "\(pieces)")], to: "stock")
            let failure = Monitor<String?>(nil)
            let threads = try (0..<5).map { thread in
                try NamedThread("claims") {
                    do {
                        try plant.send(
                            (0..<20).map { .hold("r\(thread)-\($0)", Self.sofa, "kamppi") }, to: "stock")
                    } catch {
                        failure.withLock { $0 = "\(error)" }
                    }
                }
            }
            for thread in threads { thread.join() }
            #expect(failure.withLock { $0 } == nil)
            try plant.settle()
            let decided = try plant.records(plant.names.golden(entity: "reservation"))
            #expect(decided.count == 100)
            #expect(Set(decided.map(\.key)).count == 100)
            #expect(decided.count { $0.json?["state"] == "confirmed" } == pieces)
            let refused = decided.filter { $0.json?["state"] == "refused" }
            #expect(refused.count == 100 - pieces)
            #expect(refused.allSatisfy { $0.json?["reason"] == "not available" })
            for record in decided {
                #expect(record.type == "omni.reservation.decided")
                #expect(record["ce_dataschema"] == "urn:omni:reservation:1")
                #expect(record["ce_subject"] == record.key)
            }
            let position = try plant.table(plant.names.golden(entity: "stock"))[Self.place]?.json
            #expect(position?["reserved"]?.integer == pieces)
            #expect(position?["available"] == 0)
        }
    }

    /// (g) Time alone must do it: nothing else comes.
    @Test func aHoldThatNobodyCameForExpiresByItself() throws {
        let plant = try Plant(partitions: 1)
        try plant.running { _ in
            let until = Plant.wall().advanced(by: 1_500)
            try plant.send(
                [.count(Self.sofa, "kamppi", "1"), .hold("r1", Self.sofa, "kamppi", until: until)], to: "stock")
            try eventually("it is confirmed") { try Self.states(plant)["r1"] != nil }
            try eventually("it expires") { try Self.states(plant)["r1"] == "expired" }
            let decided = try plant.records(plant.names.golden(entity: "reservation"))
            #expect(decided.map { $0.json?["state"] } == ["confirmed", "expired"])
            let at = decided[1].json?["decidedAt"]?.string.flatMap { Tick(rfc3339: $0) } ?? .never
            #expect(at >= until, "never early")
            #expect(try plant.table(plant.names.golden(entity: "stock"))[Self.place]?.json?["available"] == 1)
            // What is free again may be had.
            try plant.send([.hold("r2", Self.sofa, "kamppi")], to: "stock")
            try eventually("the next one gets it") { try Self.states(plant)["r2"] == "confirmed" }
        }
    }

    /// A hub that starts knows from the state what is due, and what time it was.
    @Test func aHoldExpiresUnderAHubThatHasOnlyRestoredIt() throws {
        let plant = try Plant(partitions: 1)
        let until = Plant.wall().advanced(by: 3_000)
        try plant.running { _ in
            try plant.send(
                [.count(Self.sofa, "kamppi", "1"), .hold("r1", Self.sofa, "kamppi", until: until)], to: "stock")
            try plant.settle()
            let decided = try plant.records(plant.names.golden(entity: "reservation"))
            #expect(decided.first?.json?["state"] == "confirmed")
        }
        try plant.running(plant.elsewhere("machine-2")) { running in
            try eventually("it expires") { try Self.states(plant)["r1"] == "expired" }
            try eventually("the store knows") {
                try running.hub.store.mirror(DomainPartition("stock", 0))?.tick ?? .never >= until
            }
        }
        // The tick of the decision is in the changelog: no later hub may decide at an earlier time.
        let mirrors = try plant.records(plant.names.state(domain: "stock")).filter { $0.key == "\u{1}hub" }
        #expect(mirrors.count > 1)
        #expect(try plant.isLevel(), "the position didn't move, and was committed again as it was")
    }

    /// A machine whose clock was a day ahead has saved that time; the next one goes by the broker's.
    @Test func aTimeThatWasSavedUnderAWrongClockRefusesNobody() throws {
        let plant = try Plant(partitions: 1)
        try plant.running { _ in
            try plant.send([.count(Self.sofa, "kamppi", "1")], to: "stock")
            try plant.settle()
        }
        let topic = plant.names.state(domain: "stock")
        let mirrors = try plant.records(topic).filter { $0.key == Mirror.key }
        var mirror = try #require(Mirror(mirrors.last?.bytes))
        let before = Plant.wall()
        mirror.tick = before.advanced(by: 86_400_000)
        let producer = try plant.producer()
        try producer.produce(
            to: topic, partition: 0, key: Mirror.key.utf8.span.bytes, value: mirror.bytes.span.bytes)
        try producer.flush(timeout: .seconds(30))
        try plant.running(plant.elsewhere("machine-2")) { _ in
            let until = Plant.wall().advanced(by: 3_600_000)
            try plant.send([.hold("r1", Self.sofa, "kamppi", until: until)], to: "stock")
            try plant.settle()
            let decided = try plant.table(plant.names.golden(entity: "reservation"))["r1"]?.json
            #expect(decided?["state"] == "confirmed")
            let at = decided?["decidedAt"]?.string.flatMap { Tick(rfc3339: $0) } ?? .never
            #expect(at >= before.advanced(by: -60_000) && at <= until)
        }
    }

    @Test func aReleaseAndASaleEndAHold() throws {
        let plant = try Plant(partitions: 1)
        try plant.running { _ in
            try plant.send(
                [
                    .count(Self.sofa, "kamppi", "2"), .hold("r1", Self.sofa, "kamppi"),
                    .hold("r2", Self.sofa, "kamppi"),
                    .hold("r3", Self.sofa, "kamppi"), .release("r1", Self.sofa, "kamppi"),
                    .movement(Self.sofa, "kamppi", "-1", reservation: "r2"), .hold("r4", Self.sofa, "kamppi"),
                ], to: "stock")
            try plant.settle()
            #expect(
                try Self.states(plant) == ["r1": "released", "r2": "fulfilled", "r3": "refused", "r4": "confirmed"])
            let position = try plant.table(plant.names.golden(entity: "stock"))[Self.place]?.json
            #expect(position?["onHand"] == 1 && position?["reserved"] == 1 && position?["available"] == 0)
        }
    }

    /// Asking again is no second request, whoever asks and however long ago it was decided.
    @Test func aRequestThatIsRepeatedGetsTheSameAnswer() throws {
        let plant = try Plant(partitions: 1)
        let hold = Foreign.hold("r1", Self.sofa, "kamppi")
        for _ in 0..<2 {
            try plant.running { _ in
                try plant.send([.count(Self.sofa, "kamppi", "1"), hold, hold], to: "stock")
                try plant.settle()
            }
        }
        let decided = try plant.records(plant.names.golden(entity: "reservation"))
        #expect(decided.count == 4)
        #expect(Set(decided.map { String(decoding: $0.bytes ?? [], as: UTF8.self) }).count == 1)
        #expect(decided.allSatisfy { $0.revision == 1 && $0.json?["state"] == "confirmed" })
    }

    /// The installation's bounds hold for whoever writes into the topic, not for the API's callers alone.
    @Test func aForeignRequestBeyondTheBoundsIsRefused() throws {
        let plant = try Plant(partitions: 1, omni: "reservations: { most: 2, longest: 1h, standard: 30m }")
        let unsaid = Foreign.hold("r4", Self.sofa, "kamppi").valued(
            "{\"reservation\":\"r4\",\"product\":\"\(Self.sofa)\",\"place\":\"kamppi\",\"quantity\":1}")
        let before = Plant.wall()
        try plant.running { _ in
            try plant.send(
                [
                    .count(Self.sofa, "kamppi", "9"), .hold("r1", Self.sofa, "kamppi", "3"),
                    .hold("r2", Self.sofa, "kamppi", until: Plant.wall().advanced(by: 7_200_000)),
                    .hold("r3", Self.sofa, "kamppi", "2", until: Plant.wall().advanced(by: 3_000_000)), unsaid,
                ], to: "stock")
            try plant.settle()
            #expect(
                try Self.states(plant) == ["r1": "refused", "r2": "refused", "r3": "confirmed", "r4": "confirmed"])
            let decided = try plant.table(plant.names.golden(entity: "reservation"))
            #expect(decided["r1"]?.json?["reason"]?.string?.contains("at most 2") == true)
            #expect(decided["r2"]?.json?["reason"]?.string?.contains("too long") == true)
            let until = decided["r4"]?.json?["until"]?.string.flatMap { Tick(rfc3339: $0) } ?? .never
            #expect(until >= before.advanced(by: 1_800_000) && until <= Plant.wall().advanced(by: 1_800_000))
        }
    }

    /// A request that waited too long in the topic: nobody is there any more to hear that it was granted.
    @Test func aRequestThatIsDecidedTooLateIsRefused() throws {
        let plant = try Plant(partitions: 1)
        let past = Plant.wall().advanced(by: -1_000).rfc3339
        try plant.send(
            [
                .count(Self.sofa, "kamppi", "1"),
                Foreign.hold("r1", Self.sofa, "kamppi").with("ce_notafter", past),
            ], to: "stock")
        try plant.running { _ in
            try plant.settle()
            #expect(try Self.states(plant) == ["r1": "refused"])
        }
    }
}
