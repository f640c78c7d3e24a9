import Canonical
import Digests
import Hub
import Kafka
import TestHub
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// A disk that is full is waited for: nobody has to start the hub again.
@Suite struct FullDiskTests {
    @Test func aQuarantineThatCantBeWrittenIsTriedAgain() throws {
        let plant = try Plant(partitions: 1)
        let bytes = Array(repeating: UInt8(ascii: "x"), count: 950_000)
        let digest = Hex.encode(SHA256.digest(bytes))
        let folder = "\(plant.folder)/var/quarantine"
        mkdir(folder, 0o755)
        // What is written there finds no room.
        #expect(symlink("/dev/full", "\(folder)/\(digest).part") == 0)
        try plant.running { running in
            var huge = Foreign.order("o-1")
            huge.value = bytes
            try plant.send([huge, .order("o-2")], to: "order")
            try eventually("both are decided") {
                if let failure = running.failure { throw failure }
                return try plant.isLevel()
            }
            let dead = try plant.records(plant.names.dead(of: "hub"))
            #expect(dead.map { $0["omni_quarantine"] } == [digest])
            #expect(Plant.read("\(folder)/\(digest)") == bytes)
            #expect(try plant.table(plant.names.golden(entity: "order")).keys.sorted() == ["o-2"])
        }
    }
}
