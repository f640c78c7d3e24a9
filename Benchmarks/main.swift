import Glibc

// `make bench`, or `swift run -c release omni-bench`: what omni reaches, each figure beside its limit of the same run.
//
//     BROKER=host:port   a Kafka that is there; else the embedded broker, with small counts
//     BENCH_ONLY=hub     only measurements whose name begins so; several with commas
//     BENCH_SCALE=0.1    other counts
//
// A new measurement is a file with a `Measurement`, listed here.
let measurements: [any Measurement.Type] = [
    DocumentSpeed.self, DecideSpeed.self, HubSpeed.self, RestoreSpeed.self, StartSpeed.self, SourceSpeed.self,
    SinkSpeed.self,
    LatencySpeed.self,
]

do {
    // One of its own kind started it: the hub that is measured.
    if CommandLine.arguments.count == 3, CommandLine.arguments[1] == "hub" {
        try HubChild.run(folder: CommandLine.arguments[2])
        exit(0)
    }
    let bench = try Bench()
    for measurement in measurements where bench.wants(measurement.name) {
        bench.say("\(measurement.name): \(measurement.about)")
        bench.add(try measurement.run(bench))
    }
    bench.report()
} catch {
    Bench.tell("omni-bench: \(error)")
    exit(1)
}
