import Document
import Installation
import Logging
import Testing
import Transports

@testable import Connector

/// Systems drop their files under one name, again and again, whether the last one is acknowledged or not (I1, I2).
@Suite struct ReplacedFileTests {
    private let time = Monitor(ContinuousClock.now)

    private func source(_ folder: TemporaryFolder) throws -> FileSource {
        let place = try DryInstallation([
            "connector.yaml": """
            system: importer
            connections: { drop: { folder: "\(folder.path)" } }
            sources: { stock: { from: { drop: { files: "*.jsonl", settled: 10ms } }, map: stock.jsonata } }
            """,
            "stock.jsonata": "[]",
        ])
        let settings = try place.installation.connector("test").sources[0]
        guard case .files(let reading) = settings.from.transport else { throw SystemFailure("no files") }
        let clock = LoopClock { [time] in time.withLock { $0 } }
        return try FileSource(
            settings, reading, folder: folder.path, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            clock: clock)
    }

    /// Reads a page, as it is after a second.
    private func read(_ source: inout FileSource, _ position: inout JSON?) throws -> [Int] {
        time.withLock { $0 += .seconds(1) }
        var seen: [Int] = []
        let end = try source.read(from: position) { _, tape in seen.append(tape.root["n"]?.integer ?? -1) }
        position = end.position ?? position
        return seen
    }

    @Test func whatIsDroppedBeforeTheLastFileIsAcknowledgedIsReadToo() throws {
        let folder = try TemporaryFolder()
        let drop = { (number: Int) in
            try AtomicFile.replace("\(folder.path)/stock.jsonl", with: Array("{\"n\":\(number)}".utf8))
        }
        var source = try source(folder)
        var position: JSON?
        try drop(1)
        #expect(try read(&source, &position) == [1])
        // The brokers take their time.
        try drop(2)
        try source.acknowledge()
        #expect(try read(&source, &position) == [2])
        // The same once more is known by its content, and moved away.
        try drop(2)
        try source.acknowledge()
        #expect(try read(&source, &position) == [])
        try source.acknowledge()
        #expect(try read(&source, &position) == [])
        #expect(Folders.names(in: folder.path).filter { $0.hasSuffix(".jsonl") } == [])
        #expect(Folders.names(in: "\(folder.path)/done") == ["stock.jsonl"])
    }
}
