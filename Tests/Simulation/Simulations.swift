/// What a seed is a simulation of.
package enum Scenario: String, CaseIterable, Sendable {
    /// Hubs against a broker, with contributors, tills, shoppers and vandals that speak to topics.
    case world
    /// Hubs, this repository's connectors and their systems.
    case house

    /// What a seed is by itself: one of three is a house, scattered so that workers who share the seeds share them too.
    package static func of(_ seed: UInt64) -> Scenario { Randomness(seed: ~seed).below(3) == 0 ? .house : .world }
}

/// A defect that is planted to see that the auditor notices.
package enum PlantedFlaw: Sendable {
    case world(SimulatedBroker.Flaw)
    case house(HouseFlaw)

    /// The defect of a name; nil when there is none.
    package init?(_ name: String) {
        if let flaw = SimulatedBroker.Flaw(rawValue: name) {
            self = .world(flaw)
        } else if let flaw = HouseFlaw(rawValue: name) {
            self = .house(flaw)
        } else {
            return nil
        }
    }

    package var name: String {
        switch self {
        case .world(let flaw): flaw.rawValue
        case .house(let flaw): flaw.rawValue
        }
    }

    /// Where it can be found.
    package var scenario: Scenario {
        switch self {
        case .world: .world
        case .house: .house
        }
    }

    package static var all: [PlantedFlaw] {
        SimulatedBroker.Flaw.allCases.map(PlantedFlaw.world) + HouseFlaw.allCases.map(PlantedFlaw.house)
    }
}

/// Runs seeds: what all of them share is read and compiled once.
///
/// ```swift
/// let verdict = try Simulations(repository: ".").run(42)
/// ```
package struct Simulations: Sendable {
    private let world: SimulatedWorld.Setup
    private let house: HousePlan

    /// - Parameter repository: the folder of this repository, whose schemas, rules and connectors are simulated.
    package init(repository: String = SimulatedModel.repository) throws {
        world = try SimulatedWorld.Setup()
        house = try HousePlan(repository: repository)
    }

    /// Runs a seed to its end, and audits it.
    ///
    /// - Parameters:
    ///   - scenario: what it is; nil: what the seed says, or where the flaw can be found.
    ///   - isRough: whether houses bear what is known to go wrong still.
    ///   - tell: hears what happens, line by line; nil: nobody.
    ///   - key: of this entity all committed records are told at the end.
    package func run(
        _ seed: UInt64, as scenario: Scenario? = nil, isRough: Bool = false, flaw: PlantedFlaw? = nil,
        tell: ((String) -> Void)? = nil, show key: String? = nil
    ) -> Verdict {
        switch (scenario ?? flaw?.scenario ?? .of(seed), flaw) {
        case (.world, let flaw):
            let broken: SimulatedBroker.Flaw? = if case .world(let broken)? = flaw { broken } else { nil }
            let run = SimulatedWorld(seed: seed, world, flaw: broken, tell: tell)
            let verdict = run.run()
            if let key { for line in run.story(of: key) { tell?(line) } }
            return verdict
        case (.house, let flaw):
            let broken: HouseFlaw? = if case .house(let broken)? = flaw { broken } else { nil }
            let run = House(house, seed: seed, isRough: isRough, flaw: broken, tell: tell)
            let verdict = run.run()
            if let key { for line in run.story(of: key) { tell?(line) } }
            return verdict
        }
    }
}
