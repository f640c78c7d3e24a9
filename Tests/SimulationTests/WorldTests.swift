import Simulation
import Testing

@Suite struct WorldTests {
    private static let setup = Result { try SimulatedWorld.Setup() }

    private static func run(_ seed: UInt64, flaw: SimulatedBroker.Flaw? = nil, profile: Profile? = nil) throws
        -> Verdict
    {
        SimulatedWorld(seed: seed, try setup.get(), flaw: flaw, profile: profile).run()
    }

    /// `make test` runs thousands, without a debugger's pace; a failed one is told again by `make simulate SEED=…`.
    /// 3405: the store's disk was full after a commit, and the next poll failed before anybody heard of it.
    @Test(arguments: Array(UInt64(1)...24) + [3405]) func nothingIsLostAndNothingIsTwice(seed: UInt64) throws {
        let verdict = try Self.run(seed)
        #expect(verdict.isClean, "seed \(seed): \(verdict.findings.map(\.description).joined(separator: "; "))")
    }

    /// An auditor that looks at nothing finds nothing.
    @Test func theAuditorSeesWhatHappens() throws {
        var seen: [String: Int] = [:]
        for seed in UInt64(1)...40 { seen.merge(try Self.run(seed).seen) { $0 + $1 } }
        for what in [
            "transactions", "records", "golden records", "fields", "copies", "positions", "decisions", "granted",
            "stores",
            "aborted", "killed", "frozen", "fault", "rewound", "hub starts", "given",
        ] {
            #expect(seen[what] ?? 0 > 0, "no \(what)")
        }
    }

    /// Without any fault the simulation is a plain run of the hub.
    @Test func aQuietWorldIsClean() throws {
        let verdict = try Self.run(7, profile: .quiet)
        #expect(verdict.isClean && verdict.seen["aborted"] == nil && verdict.seen["killed"] == nil)
    }

    /// What is broken on purpose is found. The rarer ones need more seeds: `make test` looks for all of them.
    @Test(arguments: [SimulatedBroker.Flaw.noRewind, .storeForgets, .offsetsOutside, .storeAhead])
    func aPlantedDefectIsFound(flaw: SimulatedBroker.Flaw) throws {
        let finder = try (UInt64(1)...200).first { try !Self.run($0, flaw: flaw).isClean }
        #expect(finder != nil, "no seed up to 200 has found '\(flaw.rawValue)'")
    }
}
