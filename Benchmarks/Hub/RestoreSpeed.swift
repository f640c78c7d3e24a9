import Canonical
import Consistency
import Document
import Hub
import Kafka
import TestHub

/// How long a hub without a store takes to have one again.
enum RestoreSpeed: Measurement {
    static let name = "restore"
    static let about = "a changelog of 500 bytes a record into an empty store"

    static func run(_ bench: Bench) throws -> [Figure] {
        let count = bench.count(1_000_000)
        let plant = try Plant(partitions: 4, omni: "hub: { transactional-id: per-start }")
        defer { plant.sweep(bench) }
        bench.say("restore: filling the changelog")
        let bytes = try fill(plant, count)
        let (time, cpu) = (seconds(), ownCPU())
        let hub = try RunningHub(plant, limit: .seconds(600))
        let (took, work) = (seconds() - time, ownCPU() - cpu)
        defer { hub.end() }
        let key = try hub.hub.store.stateBytes(
            hub.hub.partition(of: Workload.gtin(count - 1), domain: "product"), Array(Workload.gtin(count - 1).utf8))
        guard key != nil else { throw BenchError("the last state was not restored") }
        try hub.stop()
        bench.say("restore: \(count) states of \(bytes / count) bytes in \(short(took)) s, \(short(work)) CPU-s")
        let million = 1e6 / Double(count)
        return [
            Figure(name: "restore/time", value: took * million, unit: "s a million", target: .atMost(15)),
            Figure(name: "restore/cpu", value: work * million, unit: "CPU-s a million"),
        ]
    }

    /// Writes states as the engine makes them; answers their bytes.
    private static func fill(_ plant: Plant, _ count: Int) throws -> Int {
        let producer = try plant.producer(["linger.ms": "1000", "batch.size": "500000"])
        let topic = plant.names.state(domain: "product")
        var engine = Engine(model: plant.model, subscribers: [:])
        var effects = Effects()
        var bytes = 0
        for number in 0..<count {
            let gtin = Workload.gtin(number)
            var state = OneState()
            let document: JSON = [
                "gtin": .string(gtin), "name": .string("Corner sofa Saari, number \(number), vihreä"),
                "brand": "Saari", "category": "sofas/corner/left", "price": .number(Number(number % 9000)),
                "currency": "EUR", "image": .string("https://img.example.org/p/\(gtin)/front.jpg"),
                "description": "Three seats, solid birch legs, removable covers; in two parcels",
            ]
            var envelope = Envelope(
                id: "1", source: EventSource(system: "shop", name: "articles"), type: EventType("product", .stated),
                subject: gtin)
            envelope.time = Tick(1_700_000_000_000 + Int64(number))
            var tape = Tape()
            try tape.parse(document.utf8)
            effects.reset()
            let event = Event(
                envelope, arrival: envelope.time, origin: Origin(partition: 0, offset: Int64(number)), data: tape.root)
            try engine.decide(event, state: &state, now: envelope.time, effects: &effects)
            bytes += state.bytes.count
            try producer.produce(to: topic, key: gtin.utf8.span.bytes, value: state.bytes.span.bytes)
        }
        try producer.flush(timeout: .seconds(300))
        return bytes
    }

    private struct OneState: StateAccess {
        var bytes: [UInt8] = []

        mutating func get(_ key: String, into buffer: inout [UInt8]) -> Bool { false }

        mutating func put(_ key: String, _ bytes: UnsafeRawBufferPointer?) {
            self.bytes = bytes.map { Array($0) } ?? []
        }
    }
}
