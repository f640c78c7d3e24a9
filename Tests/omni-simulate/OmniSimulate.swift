import ArgumentParser
import Simulation

#if canImport(Glibc)
    import Glibc
#endif

/// Runs simulations: many, each of a seed of its own, or one again with all that happens in it.
@main
struct OmniSimulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "omni-simulate",
        abstract: "The hub and its systems in a simulated world, seed by seed, under an auditor's eyes.")

    @Option(help: "Replay one seed, and tell what happens.")
    var seed: UInt64?

    @Option(help: "Of a replayed seed, show all committed records of a key.")
    var show: String?

    @Option(help: "How many seeds to run.")
    var seeds: UInt64 = 1_000

    @Option(help: "The first of them.")
    var from: UInt64 = 1

    @Option(help: "How many processes to run them in.")
    var workers: UInt64 = 2

    @Option(help: "Break something on purpose; it succeeds when the auditor finds it.")
    var flaw: String?

    @Flag(help: "Break one thing after the other; it succeeds when the auditor finds them all.")
    var flaws = false

    @Flag(help: "Say how often what has happened.")
    var counts = false

    @Option(help: .hidden)
    var worker: UInt64?

    func validate() throws {
        if let flaw, Flaw(rawValue: flaw) == nil {
            throw ValidationError(
                "there is no flaw '\(flaw)'; there are: \(Flaw.allCases.map(\.rawValue).joined(separator: ", "))")
        }
    }

    func run() throws {
        // A seed replays exactly only where dictionaries keep their order.
        guard getenv("SWIFT_DETERMINISTIC_HASHING") != nil else { throw ExitCode(try Again.run([])) }
        if let seed { return try replay(seed) }
        if flaws, flaw == nil { return try breakAll() }
        if worker == nil { return try supervise() }
        try work()
    }

    private func replay(_ seed: UInt64) throws {
        let world = SimulatedWorld(seed: seed, try .init(), flaw: flaw.flatMap { Flaw(rawValue: $0) }, traced: true)
        let verdict = world.run()
        if let show { for line in world.story(of: show) { print(line) } }
        print("seed \(seed), \(world.profile)")
        for finding in verdict.findings { print(finding) }
        print(verdict.isClean ? "clean" : "\(verdict.findings.count) findings", verdict.seen.sorted { $0.key < $1.key })
        if !verdict.isClean { throw ExitCode(1) }
    }

    private func breakAll() throws {
        var codes: [Int32] = []
        for flaw in Flaw.allCases { codes.append(try Again.run(["--flaw", flaw.rawValue, "--seeds", "4000"])) }
        if codes.contains(where: { $0 != 0 }) { throw ExitCode(1) }
    }

    /// Each worker takes every so manieth seed.
    private func supervise() throws {
        var start = timespec()
        clock_gettime(CLOCK_MONOTONIC, &start)
        let codes = try Again.run((0..<workers).map { ["--worker", String($0)] })
        var end = timespec()
        clock_gettime(CLOCK_MONOTONIC, &end)
        let isFound = codes.contains { $0 != 0 }
        let time = Double(end.tv_sec - start.tv_sec) + Double(end.tv_nsec - start.tv_nsec) / 1e9
        let tenths = Int(time * 10)
        if let flaw {
            print("flaw \(flaw): \(isFound ? "found" : "NOT FOUND in \(seeds) seeds"), \(tenths / 10).\(tenths % 10) s")
        } else {
            print("\(seeds) seeds from \(from), \(tenths / 10).\(tenths % 10) s: \(isFound ? "FAILED" : "clean")")
        }
        if isFound == (flaw == nil) { throw ExitCode(1) }
    }

    private func work() throws {
        let setup = try SimulatedWorld.Setup()
        var failures = 0
        var seen: [String: Int] = [:]
        for seed in stride(from: from + worker!, to: from + seeds, by: Int(workers)) {
            CurrentSeed.say(seed)
            let verdict = SimulatedWorld(seed: seed, setup, flaw: flaw.flatMap { Flaw(rawValue: $0) }).run()
            seen.merge(verdict.seen) { $0 + $1 }
            guard !verdict.isClean else { continue }
            failures += 1
            print("seed \(seed):")
            for finding in verdict.findings.prefix(flaw == nil ? 5 : 1) { print("   \(finding)") }
            fflush(nil)
            if flaw != nil || failures >= 20 { break }
        }
        if counts { print(seen.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")) }
        if failures > 0 { throw ExitCode(1) }
    }

    private typealias Flaw = SimulatedBroker.Flaw
}
