import Canonical
import Document
import Testing

@testable import Consistency

/// States are written in pieces of what was read, where an event has touched nothing.
@Suite struct CodecTests {
    /// I3: whatever happened, a state that was put together of pieces is the one that is written anew.
    @Test(arguments: 0..<40) func aStateInPiecesIsTheStateWrittenAnew(run: Int) throws {
        var seed = Seeded(UInt64(run))
        var world = try productWorld(["crm", "till"])
        for step in 0..<30 {
            try Self.happen(step, in: &world, &seed)
            guard let bytes = world.state.bytes[sofa] else { continue }
            #expect(try Self.anew(bytes) == bytes, "run \(run), step \(step)")
        }
    }

    private static func happen(_ step: Int, in world: inout World, _ seed: inout Seeded) throws {
        let system = ["importer", "wholesaler", "till", "shop", "crm"].randomElement(using: &seed)!
        let position = Bool.random(using: &seed) ? Int64(step * 10) : nil
        world.now = Tick(100 + Int64(step))
        switch Int.random(in: 0...9, using: &seed) {
        case 0: try world.send("product.deleted", sofa, from: system, at: Int64(step), position: position)
        case 1, 2:
            let held = MergeProperties.statement(system, 0, &seed).data
            try world.send(
                "product.written", sofa, from: system,
                [
                    "revision": .number(Number(Int(world.revision["product/\(sofa)"] ?? 0))), "status": "written",
                    "held": held,
                ],
                position: position, selfID: "4711")
        default:
            let said = MergeProperties.statement(system, 0, &seed)
            try world.send("product.stated", sofa, from: system, said.data, at: said.stamp, position: position)
        }
    }

    /// The same state, as if all of its fields were new.
    private static func anew(_ bytes: [UInt8]) throws -> [UInt8] {
        var record = RecordState()
        var writer = StateWriter()
        try record.load(bytes)
        for index in record.fields.indices { record.fields[index].read = -1 }
        record.encode(&writer)
        return Array(writer.bytes)
    }
}
