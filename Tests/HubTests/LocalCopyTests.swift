import Canonical
import Consistency
import Document
import TestHub
import Testing
import Transports

@testable import Hub

#if canImport(Glibc)
    import Glibc
#endif

/// `omni get --local`: another process reads the hub's store, while the hub runs or not.
@Suite struct LocalCopyTests {
    /// The program, beside the tests.
    private static let omni: String = {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = max(0, readlink("/proc/self/exe", &buffer, buffer.count))
        let path = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return path.split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/omni"
    }()

    private func get(_ plant: Plant, _ arguments: [String]) throws -> (isFound: Bool, record: JSON?) {
        let answer = "\(plant.folder)/answer.json"
        let child = try ChildProcess(
            Self.omni, ["get"] + arguments + ["--local", "--json", "-C", plant.folder],
            options: .init(
                environment: ["DATA": "\(plant.folder)/var"], output: .file(answer), errors: .null))
        let status = child.wait()
        defer { Plant.remove(answer) }
        return (status.isSuccess, try? JSON(parsing: Plant.read(answer) ?? []))
    }

    @Test func aRunningHubsStoreIsReadByAnotherProcessAndAlsoWhenTheHubIsDown() throws {
        let plant = try Plant(partitions: 2)
        let sofa = "06438012345675"
        try plant.running { running in
            try plant.send([.product(sofa, #""name":"Sofa""#)], to: "product")
            try running.settle(plant)
            let found = try get(plant, ["product", sofa])
            #expect(found.record?["document"]?["name"] == "Sofa")
            #expect(found.record?["ageMs"]?.integer.map { $0 < 60_000 } == true, "it says how old it is")
            // What is read holds nothing up.
            try plant.send([.product(sofa, #""name":"Green sofa""#)], to: "product")
            try running.settle(plant)
            #expect(try get(plant, ["product", sofa]).record?["document"]?["name"] == "Green sofa")
            #expect(try !get(plant, ["product", "06438012345682"]).isFound)
        }
        let later = try get(plant, ["product", sofa])
        #expect(later.record?["document"]?["name"] == "Green sofa")
        #expect(later.record?["store"] == "hub-1")
    }

    @Test func aFolderWithoutAStoreAndAFileThatIsNoneAreRefused() throws {
        let shelf = try Shelf()
        #expect(throws: StoreError.self) { try LocalCopy(folder: shelf.folder) }
        mkdir("\(shelf.folder)/store", 0o755)
        try Plant.write(shelf.file, Array(repeating: 7, count: 20_000))
        #expect(throws: StoreError.self) { try LocalCopy(folder: "\(shelf.folder)/store") }
    }
}
