import Canonical
import Consistency
import Document
import Hub
import Kafka
import TestHub
import Testing

/// A record under the wrong key, or where its key doesn't belong, is written again under the right one, decided once.
@Suite struct StrayTests {
    private let sofa = "06438012345675"
    private let chair = "06438012345682"
    private let place = "06438012345675@kamppi"

    @Test func strayRecordsAreDecidedOnceUnderTheirOwnKey() throws {
        let plant = try Plant(partitions: 4)
        try plant.running { _ in
            let wrong = (partition(of: sofa, 4) + 1) % 4
            try plant.send(
                [
                    .product(sofa, "\"name\":\"Right\""),
                    Foreign.product(sofa, "\"price\":1").keyed("something else"),
                    Foreign.product(sofa, "\"brand\":\"Kotona\"").at(wrong),
                    Foreign.product(sofa, "\"category\":\"sofas\"").keyed(chair).at(wrong),
                ], to: "product")
            try plant.settle()
            let golden = try plant.records(plant.names.golden(entity: "product"))
            #expect(golden.map(\.key) == [sofa, sofa, sofa, sofa])
            #expect(golden.map(\.revision) == [1, 2, 3, 4])
            #expect(
                golden.last?.json == [
                    "gtin": .string(sofa), "name": "Right", "price": 1, "brand": "Kotona", "category": "sofas",
                ])
            #expect(try plant.records(plant.names.dead(of: "hub")).isEmpty)
            let inputs = try plant.records(plant.names.input(domain: "product"))
            #expect(inputs.count == 7, "each written again once")
            let again = inputs.filter { $0.key == sofa && $0.place.partition.partition == partition(of: sofa, 4) }
            #expect(again.count == 4)
            #expect(again.allSatisfy { $0["ce_subject"] == sofa })
            // The other headers are as they came: the event is the same.
            #expect(Set(again.map { $0["ce_id"] }) == Set(inputs.map { $0["ce_id"] }))
        }
        // No state under a key that isn't one.
        #expect(try plant.table(plant.names.state(domain: "product")).keys.filter { !$0.hasPrefix("\u{1}") } == [sofa])
    }

    /// The subject is whose event it is. One that names another entity must not write into that one's state.
    @Test func aSubjectThatIsNotTheKeyDoesNotReachAnotherEntity() throws {
        let plant = try Plant(partitions: 4)
        try plant.running { _ in
            try plant.send([.product(chair, "\"name\":\"Chair\"")], to: "product")
            try plant.send([Foreign.product(sofa, "\"name\":\"Sofa\"").with("ce_subject", chair)], to: "product")
            try plant.settle()
            let golden = try plant.table(plant.names.golden(entity: "product"))
            #expect(golden[chair]?.json?["name"] == "Chair")
            #expect(golden[chair]?.revision == 1)
            #expect(golden[sofa]?.json == ["gtin": .string(sofa), "name": "Sofa"])
            for key in [sofa, chair] {
                #expect(golden[key]?.place.partition.partition == partition(of: key, 4), "\(key)")
            }
        }
    }

    @Test func movementsThatStrayCountOnce() throws {
        let plant = try Plant(partitions: 4)
        try plant.running { _ in
            try plant.send([.count(sofa, "kamppi", "100")], to: "stock")
            try plant.settle()
            let producer = try plant.producer()
            for number in 0..<40 {
                var movement = Foreign.movement(sofa, "kamppi", "-1", id: "m\(number)")
                switch number % 4 {
                case 0: movement = movement.keyed("stray \(number)")
                case 1: movement = movement.at(Int32(number) % 4)
                case 2: movement = movement.keyed(place).with("ce_subject", "x@y")
                default: break
                }
                try plant.queue(movement, to: "stock", by: producer)
            }
            try producer.flush(timeout: .seconds(30))
            try plant.settle()
            let golden = try plant.table(plant.names.golden(entity: "stock"))
            #expect(golden[place]?.json?["onHand"] == 60)
            #expect(golden.count == 1)
            #expect(try plant.records(plant.names.dead(of: "hub")).isEmpty)
        }
    }

    /// Keys are bytes: what only looks alike is another place, and neither disturbs the other.
    @Test func keysThatOnlyLookAlikeAreTwo() throws {
        let plant = try Plant(partitions: 1)
        try plant.running { running in
            let (composed, decomposed) = ("Malm\u{F6}", "Malmo\u{308}")
            try plant.send(
                [
                    .count(sofa, composed, "1"), .count(sofa, decomposed, "2"), .movement(sofa, composed, "10"),
                    .movement(sofa, decomposed, "20"),
                    // Under the key that only looks like its own: a stray.
                    Foreign.movement(sofa, composed, "100").keyed("\(sofa)@\(decomposed)"),
                ], to: "stock")
            try running.settle(plant)
            var onHand: [[UInt8]: JSON] = [:]
            for record in try plant.records(plant.names.golden(entity: "stock")) {
                onHand[Array((record.key ?? "").utf8)] = record.json?["onHand"]
            }
            #expect(onHand == [Array("\(sofa)@\(composed)".utf8): 111, Array("\(sofa)@\(decomposed)".utf8): 22])
            var states: [[UInt8]] = []
            try running.hub.store.scan(.init("stock", 0), keysFrom: Array(sofa.utf8)) { key, _ in
                states.append(Array(key))
                return true
            }
            #expect(Set(states) == Set(onHand.keys))
        }
    }
}
