import Consistency
import TestHub
import Testing

@testable import Hub

#if canImport(Glibc)
    import Glibc
#endif

/// What is on the disk is used only when it can be trusted; else it is removed, and the changelog brings it back.
@Suite struct StoreTrustTests {
    private let partition = DomainPartition("stock", 0)

    /// A store with something in it, closed or left as a process leaves it that is killed.
    private func filled(_ shelf: Shelf, closes: Bool = true) throws {
        let store = try shelf.open()
        for number in 0..<2_000 {
            try store.put(partition, "key \(number)", String(repeating: "v", count: 200), [StateName("i", "\(number)")])
        }
        var commit = StoreCommit()
        commit.changelogOffsets[partition] = 99
        try store.apply(commit)
        if closes { try store.close() }
    }

    private func isKept(_ store: Store) throws -> Bool {
        let count = try store.keys(partition).count
        let offset = try store.changelogOffset(partition)
        #expect((count == 2_000) == (offset == 99), "all of it, or nothing of it")
        #expect(count == 2_000 || count == 0 && offset == nil)
        return count > 0
    }

    @Test(arguments: [true, false])
    func whatThisMachineWroteSinceItStartedIsKept(closes: Bool) throws {
        let shelf = try Shelf()
        try filled(shelf, closes: closes)
        #expect(try isKept(shelf.open()))
    }

    @Test func whatBelongsElsewhereIsNot() throws {
        let shelf = try Shelf()
        try filled(shelf)
        #expect(try !isKept(shelf.open(prefix: "other")))
        try filled(shelf)
        #expect(try !isKept(shelf.open(cluster: "c2")))
    }

    /// Nothing is synced: when the machine itself went down, the file may be anything.
    @Test(arguments: [true, false])
    func whatOutlivedTheMachineIsKeptOnlyWhenItWasClosed(closes: Bool) throws {
        let shelf = try Shelf()
        try filled(shelf, closes: closes)
        if !closes {
            // The machine has another boot's id now; here, so has the file.
            let environment = try Environment(
                path: shelf.file, size: 1 << 30, databases: 8, flags: 0x4000)
            let meta = try environment.database("meta")
            try environment.write { transaction throws(StoreError) in
                try Array("boot".utf8).withRaw { key throws(StoreError) in
                    try Array("another boot".utf8).withRaw { value throws(StoreError) in
                        try transaction.put(meta, key, value)
                    }
                }
            }
        }
        #expect(try isKept(shelf.open()) == closes)
    }

    @Test(arguments: ["garbage", "empty", "zeros", "cut in half", "cut to its head", "one byte"])
    func aFileThatIsNoStoreIsRebuilt(damage: String) throws {
        let shelf = try Shelf()
        try filled(shelf)
        let whole = try #require(Plant.read(shelf.file))
        var random = Seeded(7)
        let damaged: [UInt8] =
            switch damage {
            case "garbage": (0..<whole.count).map { _ in UInt8.random(in: 0...255, using: &random) }
            case "zeros": Array(repeating: 0, count: whole.count)
            case "cut in half": Array(whole.prefix(whole.count / 2 & ~4095))
            case "cut to its head": Array(whole.prefix(8192))
            case "one byte": [1]
            default: []
            }
        try Plant.write(shelf.file, damaged)
        let store = try shelf.open()
        #expect(try !isKept(store))
        try store.put(partition, "a", "works")
        #expect(try store.text(partition, "a") == "works")
    }

    /// A page that went bad is met only when it is read: the store says so, and the next start rebuilds.
    @Test func aPageThatWentBadCondemnsTheFile() throws {
        let shelf = try Shelf()
        try filled(shelf)
        var bytes = try #require(Plant.read(shelf.file))
        // All data pages but the two heads lose their content; the heads still say that all is well.
        let store = try shelf.open()
        let path = shelf.file
        for page in stride(from: 8192, to: bytes.count, by: 4096) {
            for place in page..<min(page + 4096, bytes.count) { bytes[place] = 0 }
        }
        let file = try #require(fopen(path, "r+"))
        fseek(file, 8192, SEEK_SET)
        fwrite(Array(bytes[8192...]), 1, bytes.count - 8192, file)
        fclose(file)
        let error = #expect(throws: StoreError.self) { try store.text(partition, "key 7") }
        #expect(error?.isCorruption == true, "\(String(describing: error))")
    }

    /// One bit of a value, as a disk or its cable changes it: LMDB itself has no checksums.
    @Test(arguments: [0, 100, 199])
    func aValueThatWasChangedOnTheDiskIsNoticed(place: Int) throws {
        let shelf = try Shelf()
        let store = try shelf.open()
        let value = "here it is: " + String(repeating: "v", count: 188)
        try store.put(partition, "a", value, [StateName("i", "name")])
        let bytes = try #require(Plant.read(shelf.file))
        let found = try #require(bytes.firstRange(of: Array(value.utf8)))
        let file = try #require(fopen(shelf.file, "r+"))
        fseek(file, found.lowerBound + place, SEEK_SET)
        fputc(Int32(bytes[found.lowerBound + place] ^ 1), file)
        fclose(file)
        for read in [
            { _ = try store.text(partition, "a") }, { _ = try store.keys(partition) },
            { try store.view().withState(partition, Array("a".utf8)) },
        ] as [() throws -> Void] {
            let error = #expect(throws: StoreError.self) { try read() }
            #expect(error?.isCorruption == true, "\(String(describing: error))")
        }
    }

    @Test func aSealKnowsEveryByteOfEveryLengthAndItsKey() throws {
        for count in 0..<40 {
            var bytes = (0..<count).map { UInt8($0 &* 37 & 0xff) }
            let seal = { (bytes: [UInt8], key: [UInt8]) in
                bytes.withUnsafeBytes { value in key.withUnsafeBytes { Seal.of(value, under: $0) } }
            }
            let own = seal(bytes, [1, 2])
            #expect(own != seal(bytes, [1, 3]) && own != seal(bytes + [0], [1, 2]))
            for place in bytes.indices {
                for bit in 0..<8 {
                    bytes[place] ^= 1 << UInt8(bit)
                    #expect(own != seal(bytes, [1, 2]))
                    bytes[place] ^= 1 << UInt8(bit)
                }
            }
        }
    }

    /// A file that is mapped with a hole in it ends the process when the disk is full (SIGBUS), before anybody can say why.
    @Test func theLockFileHasItsRoomOnTheDiskBeforeItIsMapped() throws {
        let shelf = try Shelf()
        let store = try shelf.open()
        var file = stat()
        #expect(stat(shelf.file + "-lock", &file) == 0 && file.st_size > 0)
        #expect(Int(file.st_blocks) * 512 >= Int(file.st_size), "\(file.st_blocks) blocks of \(file.st_size) bytes")
        try store.put(partition, "a", "works")
        #expect(try store.text(partition, "a") == "works")
    }

    /// A page that ends the process that reads it would end every process that follows.
    @Test func aStoreThatEndsOneProcessAfterTheOtherIsRebuilt() throws {
        let shelf = try Shelf()
        try filled(shelf)
        for _ in 0..<StoreStarts.most { #expect(try isKept(shelf.open()), "it may have been something else") }
        #expect(try !isKept(shelf.open()))
    }

    @Test func startsThatLieApartOrEndWellAreNoSuspicion() throws {
        let shelf = try Shelf()
        let starts = StoreStarts(folder: shelf.folder)
        #expect((0..<4).map { starts.begin(now: 1_000 + $0 * 50) } == [1, 2, 3, 4])
        #expect(starts.begin(now: 1_150 + StoreStarts.soon + 1) == 1, "the one before lived")
        #expect(starts.begin(now: 1_220) == 2)
        starts.forget()
        #expect(starts.begin(now: 1_221) == 1, "the one before ended well")
        #expect(starts.begin(now: 5) == 1, "the clock was set back")
    }
}

extension StoreView {
    fileprivate func withState(_ partition: DomainPartition, _ key: [UInt8]) throws {
        try key.withRaw { key throws(StoreError) in try withState(partition, key) { _ in } }
    }
}
