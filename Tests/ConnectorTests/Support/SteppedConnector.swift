import Canonical
import Document
import Installation
import Kafka
import Logging
import Testing
import Transports

@testable import Connector

/// A connector whose loops a test steps itself: brokers in memory, systems that do as it says, time that it moves.
final class SteppedConnector {
    let place: DryInstallation
    let brokers: MemoryBrokers
    let names = TopicNames(prefix: "omni")
    private let systems: ScriptedSystems
    private let time = Monitor(ContinuousClock.now)
    private let crew: Crew
    private let loops: [any Loop]

    /// - Parameters:
    ///   - brokers: with what a process before has left.
    ///   - source: by what every source reads.
    ///   - writer: by what every sink writes.
    ///   - writers: by what sinks write where that is something else, by their names.
    init(
        _ files: [String: String], _ brokers: MemoryBrokers = MemoryBrokers(),
        source: any SourceTransport = SilentSource(), writer: any SinkWriter = WriterOf { _ in Written(.written) },
        writers: [String: any SinkWriter] = [:]
    ) throws {
        place = try DryInstallation(files)
        self.brokers = brokers
        systems = ScriptedSystems(source: source, sink: writer, sinks: writers)
        let settings = try place.installation.connector("test")
        let model = try place.installation.model()
        let time = time
        crew = try Crew(
            settings, model, try Mappings(settings, try KindCatalog(model)), names, brokers,
            quarantine: "\(place.folder)/quarantine", clock: LoopClock { time.withLock { $0 } }, areThreads: false,
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        loops = try crew.loops(systems)
    }

    /// Whether the sinks have repeated what a process before may have written, so that sources may read.
    var isReady: Bool { loops.contains { ($0 as? SinkLoop)?.isReady == true } }

    var parked: String { names.parked(connector: "test") }

    func loop(_ name: String) throws -> any Loop { try #require(loops.first { $0.name == name }) }

    /// Says whose number that is.
    func identify(_ entity: String, _ system: String, _ id: String, as key: String) {
        crew.shared.identities.set(Reference(system: system, id: id), of: entity, to: key)
    }

    func pass(_ duration: Duration) { time.withLock { $0 += duration } }

    /// One step of a loop; what it waited for has come, too.
    @discardableResult
    func step(_ loop: any Loop) throws -> Next {
        let next = try loop.step()
        if case .time(let pause) = next { pass(pause) }
        crew.shared.publisher.serve(for: .zero)
        return next
    }

    /// Steps a loop until something is so.
    func step(
        _ loop: any Loop, _ location: SourceLocation = #_sourceLocation, until condition: () throws -> Bool
    ) throws {
        for _ in 0..<500 {
            if try condition() { return }
            try step(loop)
        }
        Issue.record("it has not become so within 500 steps", sourceLocation: location)
    }
}

private struct ScriptedSystems: Systems {
    let source: any SourceTransport
    let sink: any SinkWriter
    let sinks: [String: any SinkWriter]

    func transport(of source: SourceSettings) throws -> any SourceTransport { self.source }
    func writer(of sink: SinkSettings) throws -> any SinkWriter { sinks[sink.name] ?? self.sink }
}

/// A system that shows nothing.
struct SilentSource: SourceTransport {
    mutating func read(from position: JSON?, _ take: (ReadRecord, inout Tape) throws -> Void) throws -> PageEnd {
        PageEnd(position: position ?? ["at": 0], isIdle: true)
    }
    mutating func rewind() {}
    mutating func wait(_ stop: StopSignal) throws {}
}

/// Pages of records, each with its number as its name; a page may fail when its records are handed over.
final class PagedSource: SourceTransport {
    let pages: [[(reference: String, document: JSON)]]
    /// So many pages there are for now.
    var most = Int.max
    /// How often which page is still to fail.
    var failures: [Int: Int] = [:]
    var reads = 0

    init(_ pages: [[(reference: String, document: JSON)]]) { self.pages = pages }

    func read(from position: JSON?, _ take: (ReadRecord, inout Tape) throws -> Void) throws -> PageEnd {
        reads += 1
        let page = position?["at"]?.integer ?? 0
        guard page < min(pages.count, most) else { return PageEnd(isIdle: true) }
        for (reference, document) in pages[page] {
            var tape = Tape()
            try tape.parse(document.utf8)
            try take(ReadRecord(reference: reference, content: .document), &tape)
        }
        if let left = failures[page], left > 0 {
            failures[page] = left - 1
            throw SystemFailure("busy")
        }
        return PageEnd(position: ["at": .number(Number(page + 1))], records: pages[page].count)
    }

    func rewind() {}
    func wait(_ stop: StopSignal) throws {}
}

/// Writes as a test says.
final class WriterOf: SinkWriter {
    private let held: (Write) throws -> JSON?
    private let answer: (Write) throws -> Written

    init(held: @escaping (Write) throws -> JSON? = { _ in nil }, _ answer: @escaping (Write) throws -> Written) {
        self.held = held
        self.answer = answer
    }

    func look(at writes: [Write]) throws -> [JSON?] { try writes.map(held) }
    func write(_ writes: [Write]) throws -> [Written] { try writes.map(answer) }
}
