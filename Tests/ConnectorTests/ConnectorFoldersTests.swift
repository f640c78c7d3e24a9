import Connector
import Glibc
import Installation
import Testing

/// The five connectors of this repository, against their own fixtures.
@Suite struct ConnectorFoldersTests {
    private static let installation = Result { try Installation.load(folder: Workplace.repository) }

    @Test func allFiveAreThere() throws {
        #expect(
            try Self.installation.get().connectors == ["crm", "ecommerce", "importer", "retailer", "wholesaler"])
    }

    @Test(arguments: ["crm", "ecommerce", "importer", "retailer", "wholesaler"])
    func everyFixtureIsAsExpected(name: String) throws {
        let fixtures = try Fixtures(try Self.installation.get(), name)
        #expect(fixtures.unshown == [])
        for outcome in try fixtures.run(updating: getenv("OMNI_UPDATE_FIXTURES") == nil ? .nothing : .everything) {
            #expect(outcome.differences == [], "\(name)/\(outcome.name)")
        }
    }
}
