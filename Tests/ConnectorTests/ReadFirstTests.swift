import Canonical
import Document
import Installation
import Testing

@testable import Connector

/// A system that is asked before it is written (`read-first`), and holds already what it should.
@Suite struct ReadFirstTests {
    private static let sofa = "06438012345675"

    @Test func whatLeavesNothingToSayIsUnchangedUnderItsNumber() throws {
        let system = try ScriptedSystem { _, _, _ in (200, ["id": 7, "gtin": .string(Self.sofa), "name": "Sofa"]) }
        let files = NumberedShop.files(system.url, "read-first: true")
        let place = try DryInstallation(files)
        defer { withExtendedLifetime((system, place)) {} }
        let settings = try place.installation.connector("test")
        guard case .resource(let writing) = settings.sinks[0].to.transport,
            case .http(let http) = settings.connections[0].kind
        else { return }
        let brokers = MemoryBrokers()
        let connector = try SteppedConnector(
            files, brokers,
            writer: ResourceWriter(settings: writing, deletion: settings.sinks[0].delete, system: HTTPSystem(http)))
        brokers.append(connector.names.position(connector: "test"), key: "items", ["position": ["at": 1]])
        connector.identify("product", "shop", "7", as: Self.sofa)
        brokers.golden(
            connector.names.golden(entity: "product"), "product", Self.sofa, revision: 3,
            ["gtin": .string(Self.sofa), "name": "Sofa"])
        let sinks = try connector.loop("sinks")
        let input = connector.names.input(domain: "product")
        try connector.step(sinks) { !brokers.records(input).isEmpty }
        let report = try #require(brokers.records(input).first)
        #expect(report.type == "omni.product.written")
        #expect(report.value?["status"] == "unchanged")
        #expect(report.value?["self"] == "7")
        #expect(report.value?["held"] == ["gtin": .string(Self.sofa), "name": "Sofa"])
    }
}
