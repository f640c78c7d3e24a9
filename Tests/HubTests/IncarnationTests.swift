import Glibc
@testable import Hub
import Kafka
import Logging
import Testing
import Transports

/// Which start of a hub it is (docs/decisions/0003).
@Suite struct IncarnationTests {
    private let folder: String

    init() throws {
        var template = Array("/tmp/omni-starts-XXXXXX".utf8CString)
        folder = try #require(mkdtemp(&template).map { String(cString: $0) })
        // What is written there finds no room.
        symlink("/dev/full", folder + "/starts.new")
    }

    private func remove() { for name in ["starts", "starts.new", ""] { Glibc.remove("\(folder)/\(name)") } }

    private func begin(isStopping: @escaping () -> Bool, rest: @escaping () -> Void) throws -> String {
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let clocks = LoopClocks(now: { .now() }, rest: { _ in rest() })
        return try Incarnation(file: folder + "/starts", name: "hub")
            .begin([:], Insistence(clocks: clocks, log: log, isStopping: isStopping), log: log)
    }

    @Test func aFullDiskIsWaitedFor() throws {
        defer { remove() }
        var rests = 0
        let id = try begin(isStopping: { false }) {
            rests += 1
            if rests == 3 { unlink(folder + "/starts.new") }
        }
        #expect(id == "hub.1" && rests == 3)
        #expect(try AtomicFile.read(folder + "/starts") == Array("1\n".utf8))
    }

    @Test func whoIsToldToStopMeanwhileStops() throws {
        defer { remove() }
        var rests = 0
        #expect(throws: Interrupted.self) { _ = try begin(isStopping: { rests == 2 }, rest: { rests += 1 }) }
    }

    @Test func aFolderThatIsNotThereIsNotWaitedFor() throws {
        remove()
        #expect(throws: SystemError.self) { _ = try begin(isStopping: { false }, rest: {}) }
    }
}
