import Canonical
import Consistency
import Document
import Kafka
import TestHub
import Testing

@testable import Hub

/// I4: a changelog that came back from a backup knows nothing of the inputs since then, whatever the group's position says.
@Suite struct RestoredChangelogTests {
    @Test(
        arguments: [
            // The group's position, the mirror's, whether there is one, the input's beginning: where it is read on.
            (5_000, 5_000, false, 0, 5_000, nil), (5_000, 1_000, false, 0, 1_000, 1_000),
            (5_000, 1_000, false, 3_000, 3_000, 1_000), (5_000, nil, true, 0, 0, 0), (5_000, nil, true, 40, 40, 40),
            (nil, 1_000, false, 0, 1_000, nil), (nil, nil, true, 40, 40, nil), (40, nil, true, 40, 40, nil),
            // A mirror that this hub can't read says nothing, and one that is ahead has lost nothing.
            (5_000, nil, false, 0, 5_000, nil), (1_000, 5_000, false, 0, 1_000, nil),
        ] as [(Int64?, Int64?, Bool, Int64, Int64, Int64?)])
    func anInputIsReadOnWhereItsStatesStand(
        committed: Int64?, mirrored: Int64?, isEmpty: Bool, low: Int64, offset: Int64, restored: Int64?
    ) {
        let beginning = Beginning(committed: committed, mirrored: mirrored, isEmpty: isEmpty) { low }
        #expect(beginning.offset == offset && beginning.restored == restored)
    }

    private static let sofa = "06438012345675"

    private func positions(_ plant: Plant) throws -> [(epoch: Int64, revision: Int, onHand: Int?)] {
        try plant.records(plant.names.golden(entity: "stock")).map { record in
            (Int64(record["ce_epoch"] ?? "") ?? 0, record.revision ?? -1, record.json?["onHand"]?.integer)
        }
    }

    @Test func inputsSinceTheBackupAreDecidedAgainAndCountFromALaterEpoch() throws {
        let plant = try Plant(partitions: 1)
        let state = plant.names.state(domain: "stock")
        let sell = { (number: Int) in Foreign.movement(Self.sofa, "turku", "-1", id: "m\(number)") }
        var backup: [Seen] = []
        try plant.running { running in
            try plant.send([.count(Self.sofa, "turku", "10"), sell(1), sell(2)], to: "stock")
            try running.settle(plant)
            backup = try plant.records(state)
            try plant.send([sell(3), sell(4), sell(5)], to: "stock")
            try running.settle(plant)
        }
        let before = try #require(try positions(plant).last)
        #expect(before.onHand == 5)
        // What a compacted topic holds of a key is its last record: the backup's, from here on.
        let producer = try plant.producer()
        for record in backup {
            try producer.produce(
                to: state, partition: 0, key: (record.key ?? "").utf8.span.bytes, value: record.bytes?.span.bytes)
        }
        try producer.flush(timeout: .seconds(30))
        try plant.running(plant.elsewhere("new")) { running in
            try plant.send([sell(6)], to: "stock")
            try eventually("the last sale is decided") { try positions(plant).last?.onHand == 4 }
            try running.settle(plant)
        }
        let all = try positions(plant)
        let after = try #require(all.last)
        #expect(after.epoch > before.epoch, "or sinks take it for outdated")
        #expect(all.filter { $0.epoch == after.epoch }.map(\.onHand) == [7, 6, 5, 4], "each once")
        // It is said once: whoever comes next finds both in order.
        try plant.running(plant.elsewhere("next")) { running in
            try plant.send([sell(7)], to: "stock")
            try running.settle(plant)
        }
        let last = try #require(try positions(plant).last)
        #expect(last.onHand == 3 && last.epoch == after.epoch && last.revision == after.revision + 1)
    }

    /// A hub that runs while its changelog is deleted and made anew writes one transaction into the new one before it sees
    /// that, without the epoch, which it has noted in the old one.
    @Test func aChangelogWithoutAnEpochBeginsALaterOne() throws {
        let plant = try Plant(partitions: 1)
        try plant.running { running in
            try plant.send([.count(Self.sofa, "turku", "10")], to: "stock")
            try running.settle(plant)
        }
        let before = try #require(try positions(plant).last)
        let producer = try plant.producer()
        try producer.produce(
            to: plant.names.state(domain: "stock"), partition: 0, key: Note.epoch.utf8.span.bytes, value: nil)
        try producer.flush(timeout: .seconds(30))
        var epochs: [Int64] = []
        for name in ["new", "next"] {
            try plant.running(plant.elsewhere(name)) { running in
                try plant.send([.movement(Self.sofa, "turku", "-1")], to: "stock")
                try running.settle(plant)
            }
            epochs.append(try #require(try positions(plant).last).epoch)
        }
        #expect(epochs[0] > before.epoch, "or sinks take it for outdated")
        #expect(epochs[1] == epochs[0], "it is noted now")
    }

    /// What a hub has written into a new changelog before it saw that it is new is no backup, however many of the states
    /// that is: the others are in its store alone. The embedded broker refuses to write there; Kafka doesn't.
    @Test func aChangelogThatWasMadeAnewUnderAHubIsNeverTakenForABackup() throws {
        let plant = try Plant(partitions: 1)
        let state = plant.names.state(domain: "stock")
        let others = Foreign.count(Self.sofa, "oulu", "7")
        var backup: [Seen] = []
        let running = try RunningHub(plant)
        do {
            defer { running.end() }
            try plant.send([.count(Self.sofa, "turku", "10"), others], to: "stock")
            try running.settle(plant)
            for number in 1...9 {
                try plant.send([Foreign.movement(Self.sofa, "turku", "-1", id: "m\(number)")], to: "stock")
                try running.settle(plant)
            }
            backup = try plant.records(state)
            try plant.makeAnew([state], partitions: 1)
            // Half of what the store knows is written anew.
            try plant.send([Foreign.movement(Self.sofa, "turku", "-1", id: "m10")], to: "stock")
            try eventually("the hub sees it, and ends") { running.failure != nil }
        }
        for _ in 1...2 {
            let refusing = try RunningHub(plant, waits: false)
            defer { refusing.end() }
            try eventually("the next one doesn't begin") { refusing.failure != nil }
            let words = "\(try #require(refusing.failure))"
            #expect(words.contains("backup"), "\(words)")
            let key = DomainPartition("stock", 0)
            var known = 0
            try refusing.hub.store.scan(key) { name, _ in
                if !Note.isNote(name) { known += 1 }
                return true
            }
            #expect(known == 2, "the store stays")
        }
        // Somebody brings the backup back.
        try plant.makeAnew([state], partitions: 1)
        let producer = try plant.producer()
        for record in backup {
            try producer.produce(
                to: state, partition: 0, key: (record.key ?? "").utf8.span.bytes, value: record.bytes?.span.bytes)
        }
        try producer.flush(timeout: .seconds(30))
        try plant.running { running in
            try eventually("the sale since then is decided again") { try positions(plant).last?.onHand == 0 }
            try running.settle(plant)
        }
    }
}
