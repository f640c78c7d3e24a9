import Glibc
import Testing

@testable import Transports

@Suite struct AtomicFileTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func `A file is created and replaced, and leaves no temporary behind`() throws {
        try AtomicFile.replace(folder["state"], with: Array("one".utf8))
        try AtomicFile.replace(folder["state"], with: Array("two".utf8))
        #expect(try folder.text("state") == "two")
        #expect(try folder.names() == ["state"])
    }

    @Test func `A concurrent reader sees the old bytes or the new ones, never a mixture`() throws {
        let path = folder["state"]
        let size = 300_000
        try AtomicFile.replace(path, with: [UInt8](repeating: 0, count: size))
        let isDone = Monitor(false)
        let reader = try NamedThread("reader") {
            var seen: Set<UInt8> = []
            repeat {
                let bytes = (try? AtomicFile.read(path)) ?? []
                let first = bytes.first ?? 255
                if bytes.count != size || bytes.contains(where: { $0 != first }) { Issue.record("a torn file") }
                seen.insert(first)
            } while !isDone.withLock { $0 }
            #expect(!seen.contains(255))
        }
        for round in 1...40 { try AtomicFile.replace(path, with: [UInt8](repeating: UInt8(round), count: size)) }
        isDone.withLock { $0 = true }
        reader.join()
        #expect(try AtomicFile.read(path).first == 40)
    }

    @Test func `A file that was there passes on its permissions, a new one gets those asked for`() throws {
        func mode(_ name: String) throws -> UInt32 { try Descriptor(opening: folder[name], O_RDONLY).status.st_mode }
        try AtomicFile.replace(folder["secret"], with: [1], mode: 0o600)
        #expect(try mode("secret") & 0o777 == 0o600)
        try AtomicFile.replace(folder["secret"], with: [2])
        #expect(try mode("secret") & 0o777 == 0o600)
    }

    @Test func `A failure names the file, and changes nothing`() throws {
        let missing = #expect(throws: SystemError.self) {
            try AtomicFile.replace(folder["none/state"], with: [1])
        }
        #expect(missing?.code == ENOENT)
        mkdir(folder["taken"], 0o755)
        try folder.write("taken/file", "x")
        let taken = #expect(throws: SystemError.self) { try AtomicFile.replace(folder["taken"], with: [1]) }
        #expect(taken?.call == "rename")
        #expect("\(taken!)".contains(folder["taken"]))
        #expect(try folder.names() == ["taken"])
        #expect(throws: SystemError.self) { try AtomicFile.read(folder["absent"]) }
    }
}
