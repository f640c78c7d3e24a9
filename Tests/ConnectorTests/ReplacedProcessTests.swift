import Canonical
import Document
import Installation
import Kafka
import Testing
import Transports

@testable import Connector

/// Processes of one connector at a till: what one has written and not reported, the next one tells of before anything that shows it
/// (I6; docs/contracts.md, Turns).
@Suite struct ReplacedProcessTests {
    private static let sofa = "06438012345675"
    private let place: TillPlace

    init() throws {
        place = try TillPlace()
        try place.database.run("INSERT INTO article (ean, name) VALUES (?, 'Theirs')", [.text(Self.sofa)])
    }

    private func process(_ id: String) -> WritingProcess { WritingProcess(of: "omni.till", id: id) }

    private func write(_ process: WritingProcess, _ name: String, revision: Int64) throws {
        var writer = try place.writer(process)
        let written = try writer.write([
            Write(
                key: Self.sofa, revision: revision, own: "1",
                document: ["ean": .string(Self.sofa), "name": .string(name)], action: .put, idempotency: "")
        ])
        #expect(written.map(\.status) == [.written])
    }

    private func names(_ source: inout OutboxSource, from position: JSON?) throws -> [String] {
        var names: [String] = []
        _ = try source.read(from: position) { _, tape in names.append(tape.root["new"]?["name"]?.string ?? "") }
        return names
    }

    @Test func whoWasReplacedReadsNothingOfWhatOthersWroteMeanwhile() throws {
        var source = try place.source(process("frozen"))
        let start = try source.read(from: nil) { _, _ in }.position
        try write(process("other"), "Our green sofa", revision: 2)
        try place.database.run("UPDATE article SET price = 5")
        #expect(throws: Overtaken.self) { _ = try names(&source, from: start) }
        // Whoever comes then takes it up: what stands there at its start is its sink's to repeat.
        var next = try place.source(process("next"))
        #expect(try names(&next, from: start) == ["Our gree"])
        try write(process("next"), "Our red sofa", revision: 3)
        try place.database.run("UPDATE article SET price = 6")
        #expect(try names(&next, from: start) == ["Our gree", "Our red "])
    }

    @Test func anotherConnectorAtTheSameTableTakesNobodysPlace() throws {
        var source = try place.source(process("one"))
        let start = try source.read(from: nil) { _, _ in }.position
        try write(WritingProcess(of: "omni.other-till", id: "1"), "Our green sofa", revision: 2)
        try place.database.run("UPDATE article SET price = 5")
        #expect(try names(&source, from: start) == ["Our gree"])
    }

    @Test func theFirstLookMayBeASnapshot() throws {
        var settings = place.settings.sources[0]
        settings.compare = .seconds(1)
        var source = try place.source(process("frozen"), settings)
        #expect(try names(&source, from: ["seq": 0]).count == 1)
        try write(process("other"), "Our green sofa", revision: 2)
        #expect(throws: Overtaken.self) { _ = try names(&source, from: ["seq": 0]) }
    }

    /// The process writes under a number and ends before its report; then the number is forgotten, so that nothing is written again.
    @Test func whatWasWrittenUnderANumberThatIsForgottenSinceIsReportedAllTheSame() throws {
        let brokers = MemoryBrokers()
        let first = try SteppedConnector(place.files, brokers, writer: try place.writer(process("1")))
        let input = first.names.input(domain: "product")
        first.identify("product", "till", "1", as: Self.sofa)
        brokers.golden(
            first.names.golden(entity: "product"), "product", Self.sofa, revision: 2,
            ["gtin": .string(Self.sofa), "name": "Our green sofa"])
        brokers.refuses = { topic, _, _ in topic == input }
        try first.step(try first.loop("sinks")) {
            try place.database.first("SELECT name FROM article") { $0.text(at: 0) } == "Our gree"
        }
        brokers.refuses = { _, _, _ in false }
        let second = try SteppedConnector(place.files, brokers, writer: try place.writer(process("2")))
        try second.step(try second.loop("sinks")) { second.isReady }
        let said = brokers.records(input)
        #expect(said.map { $0.value?["status"] } == ["written", "absent"])
        #expect(said.first?.own == "1" && said.first?.value?["held"]?["name"] == "Our gree")
        #expect(said.first?.value?["revision"] == 2)
    }
}
