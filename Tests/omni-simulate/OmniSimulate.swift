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
        abstract: "Hubs, connectors and systems, seed by seed in virtual time, under an auditor's eyes.")

    @Option(help: "Replay one seed, and tell what happens.")
    var seed: UInt64?

    @Option(help: "Of a replayed seed, show all committed records of a key, and that name it.")
    var show: String?

    @Flag(help: "Of a replayed seed, tell only what the auditor finds.")
    var quiet = false

    @Option(help: "How many seeds to run.")
    var seeds: UInt64 = 1_000

    @Option(help: "The first of them.")
    var from: UInt64 = 1

    @Option(help: "A seed that is left out: what it shows is known, and isn't mended yet.")
    var except: [UInt64] = []

    @Option(help: "How many processes to run them in.")
    var workers: UInt64 = 2

    @Flag(help: "Make every seed a house: hubs, connectors, systems.")
    var houses = false

    @Flag(help: "Make every seed a world: hubs, and contributors that speak to topics.")
    var worlds = false

    @Flag(help: "Let houses bear what is known to go wrong still.")
    var rough = false

    @Option(help: "Break something on purpose; it succeeds when the auditor finds it.")
    var flaw: String?

    @Flag(help: "Break one thing after the other; it succeeds when the auditor finds them all.")
    var flaws = false

    @Flag(help: "Say how often what has happened.")
    var counts = false

    @Option(help: "After how many failed seeds a process gives up.")
    var most = 20

    @Option(help: .hidden)
    var worker: UInt64?

    func validate() throws {
        if houses, worlds { throw ValidationError("a seed is a house or a world; leave one of the two out") }
        if let flaw, PlantedFlaw(flaw) == nil {
            let names = PlantedFlaw.all.map(\.name).joined(separator: ", ")
            throw ValidationError("there is no flaw '\(flaw)'; there are: \(names)")
        }
    }

    /// What the seeds are made; nil: each what it is.
    private var scenario: Scenario? { houses ? .house : worlds ? .world : nil }

    func run() throws {
        // A seed replays exactly only where dictionaries keep their order.
        guard getenv("SWIFT_DETERMINISTIC_HASHING") != nil else { throw ExitCode(try Again.run([])) }
        if let seed { return try replay(seed) }
        if flaws, flaw == nil { return try breakAll() }
        if worker == nil { return try supervise() }
        try work()
    }

    private func replay(_ seed: UInt64) throws {
        let verdict = try Simulations().run(
            seed, as: scenario, isRough: rough, flaw: flaw.flatMap { PlantedFlaw($0) },
            tell: quiet ? nil : { print($0) }, show: show)
        print("seed \(seed), \(verdict.setting)")
        for finding in verdict.findings { print(finding) }
        print(verdict.isClean ? "clean" : "\(verdict.findings.count) findings", verdict.seen.sorted { $0.key < $1.key })
        if !verdict.isClean { throw Self.found }
    }

    private func breakAll() throws {
        var codes: [Int32] = []
        // The rarest one shows in one seed of thousands.
        for flaw in PlantedFlaw.all {
            codes.append(try Again.run(["--flaw", flaw.name, "--from", "4001", "--seeds", "10000"]))
        }
        if codes.contains(where: { $0 != 0 }) { throw ExitCode(1) }
    }

    /// Each worker takes every so manieth seed.
    private func supervise() throws {
        var start = timespec()
        clock_gettime(CLOCK_MONOTONIC, &start)
        // What is broken on purpose may also go round for ever: one worker that finds it is enough.
        let codes = try Again.run((0..<workers).map { ["--worker", String($0)] }, isOneEnough: flaw != nil)
        var end = timespec()
        clock_gettime(CLOCK_MONOTONIC, &end)
        let isFound = codes.contains(Self.found.rawValue)
        // Those that are not needed any more are killed.
        let strange = codes.filter { $0 != 0 && $0 != Self.found.rawValue && !(isFound && $0 == 128 + SIGKILL) }
        guard strange.isEmpty else {
            print("a worker ended with \(strange[0]): it has found nothing, it has broken down")
            throw ExitCode(strange[0])
        }
        let time = Self.tenths(Double(end.tv_sec - start.tv_sec) + Double(end.tv_nsec - start.tv_nsec) / 1e9)
        if let flaw {
            print("flaw \(flaw): \(isFound ? "found" : "NOT FOUND in \(seeds) seeds"), \(time) s")
        } else {
            print("\(seeds) seeds from \(from), \(time) s: \(isFound ? "FAILED" : "clean")")
            let left = except.map(String.init).joined(separator: ", ")
            if !except.isEmpty { print("left out, as what they show is not mended yet: \(left)") }
        }
        if isFound == (flaw == nil) { throw ExitCode(1) }
    }

    /// The auditor has found something.
    private static let found = ExitCode(3)

    private static func tenths(_ number: Double) -> String {
        let tenths = Int((number * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    private func work() throws {
        let simulations = try Simulations()
        let flaw = flaw.flatMap { PlantedFlaw($0) }
        var failures = 0
        var seen: [String: Int] = [:]
        for seed in stride(from: from + worker!, to: from + seeds, by: Int(workers)) where !except.contains(seed) {
            CurrentSeed.say(seed)
            let verdict = simulations.run(seed, as: scenario, isRough: rough, flaw: flaw)
            seen.merge(verdict.seen) { $0 + $1 }
            guard !verdict.isClean else { continue }
            failures += 1
            print("seed \(seed):")
            for finding in verdict.findings.prefix(flaw == nil ? 5 : 1) { print("   \(finding)") }
            fflush(nil)
            if flaw != nil || failures >= most { break }
        }
        if counts {
            seen["CPU milliseconds"] = Self.cpuMilliseconds
            print(seen.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
        }
        if failures > 0 { throw Self.found }
    }

    /// What this process has used so far.
    private static var cpuMilliseconds: Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1_000
            + Int(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1_000
    }
}
