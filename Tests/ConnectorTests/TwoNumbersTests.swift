import Canonical
import Document
import Installation
import Testing
import Transports

@testable import Connector

/// A system that has an entity under two numbers, and is read before it is written.
@Suite struct TwoNumbersTests {
    private static let sofa = "06438012345675"

    /// What the hub hears of a golden record whose name is "New", by its types and numbers.
    private func said(_ files: [String: String], _ writer: any SinkWriter) throws -> [String] {
        let brokers = MemoryBrokers()
        let connector = try SteppedConnector(files, brokers, writer: writer)
        brokers.append(connector.names.position(connector: "test"), key: "items", ["position": ["at": 1]])
        for number in ["7", "8"] { connector.identify("product", "shop", number, as: Self.sofa) }
        brokers.golden(
            connector.names.golden(entity: "product"), "product", Self.sofa, revision: 3,
            ["gtin": .string(Self.sofa), "name": "New"])
        let sinks = try connector.loop("sinks")
        let input = connector.names.input(domain: "product")
        try connector.step(sinks) { brokers.committed.values.contains(1) }
        return brokers.records(input).map { "\($0.type ?? "") \($0.own ?? "")" }
    }

    private static func record(_ number: String, _ name: String) -> JSON {
        ["id": .string(number), "gtin": .string(sofa), "name": .string(name)]
    }

    /// The hub keeps one timeline for both: an older look behind the first report would count as an edit (I6).
    @Test func whatStoodUnderBothNumbersIsSaidBeforeEitherReport() throws {
        let writer = WriterOf(held: { Self.record($0.own ?? "", "Old") }) { write in
            Written(.written, own: write.own, readBack: Self.record(write.own ?? "", "New"))
        }
        #expect(
            try said(NumberedShop.files("http://127.0.0.1:1", "if-match: true"), writer) == [
                "omni.product.stated 7", "omni.product.stated 8", "omni.product.written 7", "omni.product.written 8",
            ])
    }

    @Test func whatNeedsNoWriteUnderOneNumberIsReportedBehindWhatStoodUnderTheOther() throws {
        let name = Monitor("Old")
        let system = try ScriptedSystem { _, path, _ in
            (200, path == "/items/7" ? Self.record("7", "New") : Self.record("8", name.withLock { $0 }))
        } written: { _, body in
            name.withLock { $0 = body["name"]?.string ?? "" }
            return (200, Self.record("8", name.withLock { $0 }))
        }
        let files = NumberedShop.files(system.url, "if-match: true, read-first: true")
        let place = try DryInstallation(files)
        defer { withExtendedLifetime((system, place)) {} }
        let settings = try place.installation.connector("test")
        guard case .resource(let writing) = settings.sinks[0].to.transport,
            case .http(let http) = settings.connections[0].kind
        else { return }
        let writer = ResourceWriter(settings: writing, deletion: settings.sinks[0].delete, system: HTTPSystem(http))
        #expect(
            try said(files, writer) == [
                "omni.product.stated 8", "omni.product.written 7", "omni.product.written 8",
            ])
    }
}
