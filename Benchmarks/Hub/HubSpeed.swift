import Canonical
import Glibc
import Kafka
import TestBroker
import TestHub

/// The hub against a C program that consumes the same records, does the same gets and puts in LMDB and writes as many
/// records and bytes in transactions of the same size. Both are processes of their own and take turns.
enum HubSpeed: Measurement {
    static let name = "hub"
    static let about = "the hub, exactly once, against a C loop that writes as much"
    private static let partitions = 4

    static func run(_ bench: Bench) throws -> [Figure] {
        let workloads = [
            Workload(kind: .product, entities: 10_000, updates: bench.count(300_000, atLeast: 40_000)),
            Workload(kind: .product, entities: 1_000_000, updates: bench.count(300_000, atLeast: 40_000)),
            Workload(kind: .stock, entities: 10_000, updates: bench.count(200_000, atLeast: 40_000)),
        ]
        return try workloads.flatMap { workload in
            guard bench.wants("hub/\(workload.name)") else { return [Figure]() }
            if workload.entities > bench.count(1_000_000, atLeast: 100_000) {
                bench.say("\(workload.name) is left out: too much for this scale")
                return []
            }
            return try Course(bench, workload).figures()
        }
    }

    /// One workload from its first record to its last.
    private final class Course {
        let bench: Bench
        let workload: Workload
        let plant: Plant
        let rounds: Int
        private var hub: [Pass] = []
        private var limit: [Pass] = []

        init(_ bench: Bench, _ workload: Workload) throws {
            self.bench = bench
            self.workload = workload
            rounds = Bench.variable("BENCH_ROUNDS").flatMap { Int($0) } ?? 2
            plant = try Plant(
                partitions: HubSpeed.partitions,
                omni: """
                    hub: { transactional-id: \(bench.broker.isEmbedded ? "per-start" : "stable") }
                    """)
            let table = TopicTable(
                names: plant.names, model: plant.model, connectors: [], partitions: { _ in partitions })
            let (golden, state) = (
                plant.names.golden(entity: workload.domain), plant.names.state(domain: workload.domain)
            )
            try plant.admin().create(
                [(golden, "golden"), (state, "state")].map { twin, name in
                    TopicSpecification(
                        "\(plant.prefix).c.\(name)", partitions: Int32(partitions), replicas: 1,
                        settings: table[twin]!.settings)
                }, timeout: .seconds(30))
        }

        func figures() throws -> [Figure] {
            defer { sweep() }
            // Everything is stated once; what comes then changes it.
            try turn(0) { try workload.load(plant) }
            let loaded = (hub.removeLast(), limit.removeLast())
            for round in 1...rounds { try turn(round) { try workload.update(plant, round: round - 1) } }
            let memory = hub.map(\.memory).max() ?? 0
            // A few records take less time than clocks tell apart.
            let isLong = workload.entities >= 100_000
            return (isLong ? figures("hub/\(workload.name)/load", [loaded.0], [loaded.1]) : [])
                + figures("hub/\(workload.name)", hub, limit) + [
                    Figure(
                        name: "hub/\(workload.name)/memory", value: Double(max(memory, loaded.0.memory)) / 1e6,
                        unit: "MB", target: .atMost(150))
                ]
        }

        private func figures(_ name: String, _ hub: [Pass], _ limit: [Pass]) -> [Figure] {
            func mean(_ passes: [Pass], _ path: KeyPath<Pass, Double>) -> Double {
                passes.reduce(0) { $0 + $1[keyPath: path] } / Double(passes.count)
            }
            return [
                Figure(
                    name: "\(name)/rate", value: mean(hub, \.rate), unit: "records/s",
                    beside: .init(name: "C loop", value: mean(limit, \.rate)), target: .ratioAtLeast(0.8)),
                Figure(
                    name: "\(name)/cpu", value: mean(hub, \.cpu), unit: "CPU-s a million",
                    beside: .init(name: "C loop", value: mean(limit, \.cpu)), target: .excessAtMost(3)),
            ]
        }

        /// Fills the input, then lets both work it off. The hub goes first: it shows what the C program has to write.
        private func turn(_ round: Int, _ fill: () throws -> Void) throws {
            bench.say("\(workload.name), round \(round): filling")
            let start = try Portrait.start(plant, workload.domain)
            try fill()
            let input = plant.names.input(domain: workload.domain)
            let group = plant.names.hubGroup
            let ours = try Pass.run(plant, input: input, group: group) { try startHub() }
            let portrait = try Portrait(plant, workload.domain, partitions: partitions, from: start)
            let twin = "\(plant.prefix).c"
            let theirs = try Pass.run(plant, input: input, group: twin) { try startLimit(twin, input, portrait) }
            bench.say(
                "\(workload.name), round \(round): hub \(short(ours.rate))/s, \(short(ours.cpu)) CPU-s a million, "
                    + "\(ours.memory >> 20) MiB; C loop \(short(theirs.rate))/s, \(short(theirs.cpu)) "
                    + "(\(portrait.arguments.joined(separator: " ")))")
            hub.append(ours)
            limit.append(theirs)
        }

        private func startHub() throws -> Child {
            try Child(
                "\(bench.programs)/omni-bench", ["hub", plant.folder], environment: ["DATA": "\(plant.folder)/var"],
                log: "\(plant.folder)/hub.log")
        }

        private func startLimit(_ group: String, _ input: String, _ portrait: Portrait) throws -> Child {
            try Child(
                "\(bench.programs)/c-loop",
                [
                    "broker=\(bench.broker.bootstrapServers)", "group=\(group)", "input=\(input)",
                    "golden=\(group).golden", "state=\(group).state", "store=\(plant.folder)/c-loop.mdb",
                    "gets-at-put=1",
                ] + portrait.arguments, log: "\(plant.folder)/c-loop.log")
        }

        /// Removes the topics: a Kafka that was there already keeps nothing of ours.
        private func sweep() { plant.sweep(bench) }
    }
}

extension Plant {
    /// Removes the topics, when the broker outlives the bench.
    func sweep(_ bench: Bench) {
        guard !bench.broker.isEmbedded else { return }
        do {
            let admin = try admin()
            let own = try admin.topics(timeout: .seconds(30)).map(\.name).filter { $0.hasPrefix("\(prefix).") }
            try admin.deleteTopics(own, timeout: .seconds(60))
        } catch {
            bench.say("topics with the prefix \(prefix) are left over: \(error)")
        }
    }
}
