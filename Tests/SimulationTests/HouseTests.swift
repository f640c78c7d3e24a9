import Simulation
import Testing

/// Hubs, connectors and systems of whole houses, each from a seed: I1, I2, I3, I6, I7 and I9 on the systems' own copies.
@Suite struct HouseTests {
    private static let simulations = Result { try Simulations() }

    private func findings(_ seed: UInt64, _ flaw: HouseFlaw? = nil) throws -> [String] {
        try Self.simulations.get().run(seed, as: .house, flaw: flaw.map(PlantedFlaw.house)).findings.map(\.description)
    }

    /// `make test` runs thousands, without a debugger's pace; a failed one is told again by `make simulate SEED=…`.
    @Test(arguments: 0..<12 as Range<UInt64>) func allComesToRest(seed: UInt64) throws {
        #expect(try findings(seed) == [])
    }

    /// Unconditional writes show in one seed of hundreds: `make simulate` waits for it.
    @Test(arguments: HouseFlaw.allCases.filter { $0 != .unconditional }) func aPlantedDefectIsNoticed(flaw: HouseFlaw)
        throws
    {
        for seed in 0..<60 as Range<UInt64> where try !findings(seed, flaw).isEmpty { return }
        Issue.record("nobody notices \(flaw.rawValue)")
    }
}
