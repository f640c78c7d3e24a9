import Simulation
import Testing

/// A seed that fails is told again, to the letter: whatever order dictionaries happen to have, which is another one in every process
/// and for every instance.
@Suite struct ReplayTests {
    private static let simulations = Result { try Simulations() }

    private func story(_ seed: UInt64, _ scenario: Scenario) throws -> [String] {
        var lines: [String] = []
        _ = try Self.simulations.get().run(seed, as: scenario) { lines.append($0) }
        return lines
    }

    @Test(arguments: [Scenario.world, .house], [3, 11, 29] as [UInt64])
    func aSeedIsTheSameEachTime(scenario: Scenario, seed: UInt64) throws {
        let (first, second) = (try story(seed, scenario), try story(seed, scenario))
        let difference = zip(first, second).first { $0 != $1 }
        #expect(first.count > 100)
        #expect(first == second, "\(difference.map { "\($0.0) / \($0.1)" } ?? "one is longer")")
    }
}
