import Document
import Glibc
import TestHub

/// How long a connector takes from its start to its first look at its system, and what it holds then.
enum StartSpeed: Measurement {
    static let name = "start"
    static let about = "a connector's start: to its first poll, and its memory"
    private static let rounds = 9

    static func run(_ bench: Bench) throws -> [Figure] {
        let shop = try Workshop(
            bench, "bench",
            yaml: """
                system: bench
                connections:
                  out: { folder: "${env:SYSTEM}/out" }
                  in: { folder: "${env:SYSTEM}/in" }
                sources:
                  articles:
                    from: { out: { files: "*.jsonl", settled: 0s } }
                    map: map.jsonata
                    of: product
                sinks:
                  products:
                    of: product
                    map: map.jsonata
                    to: { in: { file: products.jsonl, format: json-lines } }
                """, mapping: #"{ "product": { "gtin": $omni_gtin(ean), "name": name } }"#)
        defer { shop.plant.sweep(bench) }
        var times: [Double] = []
        var (whole, own) = (0, 0)
        for round in 0..<rounds {
            let line = Articles.line(round) + "\n"
            try Plant.write("\(shop.system)/out/\(round).jsonl", line)
            let start = wallClock()
            let child = try shop.start(log: "start-\(round).log")
            // It says so when it opens the file that lies there.
            _ = try shop.watch(child) { access("\(shop.system)/out/done/\(round).jsonl", F_OK) == 0 }
            (whole, own) = (max(whole, try child.resident()), max(own, child.memory))
            try child.stop()
            times.append(try opened(child.log) - start)
        }
        times.sort()
        return [
            Figure(
                name: "start/first-poll", value: times[times.count / 2], unit: "ms", target: .atMost(60)),
            Figure(name: "start/resident", value: Double(whole) / 1e6, unit: "MB", target: .atMost(25)),
            Figure(name: "start/own-memory", value: Double(own) / 1e6, unit: "MB"),
        ]
    }

    /// When the log says that the file was opened, in milliseconds of the day.
    private static func opened(_ log: String) throws -> Double {
        let text = String(decoding: Plant.read(log) ?? [], as: UTF8.self)
        for line in text.split(separator: "\n") where line.contains("reading a file") {
            guard let time = (try? JSON(parsing: Array(line.utf8)))?["time"]?.string else { continue }
            let parts = time.dropFirst(11).dropLast().split(separator: ":").compactMap { Double($0) }
            guard parts.count == 3 else { continue }
            return ((parts[0] * 60 + parts[1]) * 60 + parts[2]) * 1000
        }
        throw BenchError("the connector has opened no file: \(log)")
    }

    /// Milliseconds of the day, UTC.
    private static func wallClock() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec % 86_400) * 1000 + Double(time.tv_nsec) / 1e6
    }
}
